import type { ClusterFacts, GitFacts } from '#core/doctor/facts.ts';
import { showInvisible } from '#core/values/markdown.ts';
import { quoteWord } from '#core/values/shell.ts';
import { hideUserinfo } from '#core/values/userinfo.ts';

/** Every cause that doctor can name, in the order of the way: what comes earlier explains what comes later. */
export const CAUSES = [
  // git
  'environment-unreadable',
  'frozen',
  'held',
  'run-failed',
  'not-landed',
  'never-released',
  // Argo CD
  'application-missing',
  'application-path',
  'application-branch',
  'git-unreachable',
  'project-refuses',
  'render-error',
  'argocd-error',
  'namespace-missing',
  'auto-sync-off',
  'sync-failed',
  'not-synced',
  // a pod is refused, or has no place
  'pod-security',
  'quota-exceeded',
  'pod-refused',
  'deployment-paused',
  'claim-unbound',
  'no-node-fits',
  // the image, and Secrets that are no longer renewed
  'external-secret-failing',
  'image-missing',
  'wrong-platform',
  'pull-secret-missing',
  'pull-denied',
  'registry-unreachable',
  'pull-fails',
  // its settings
  'secret-missing',
  'secret-key-missing',
  'settings-missing',
  // the process
  'out-of-memory',
  'cannot-start',
  'app-refuses',
  'app-crashes',
  // what it depends on
  'network-policy',
  'dependency-credentials',
  'dependency-denied',
  'dependency-missing',
  'dependency-silent',
  'probe-fails',
] as const;

export type CauseCode = (typeof CAUSES)[number];

/** Why something does not run: the root, not the symptom. */
export interface Cause {
  readonly code: CauseCode;
  /** One sentence that names the thing and what is wrong with it. */
  readonly said: string;
  /** The facts that prove it, one line each. */
  readonly evidence: readonly string[];
  /** One command: the remedy where there is exactly one, else what shows the deciding fact. */
  readonly next: string;
  /** What the cause is about, such as `secret:discord-bot-secrets`: other causes about it are its consequences. */
  readonly about: readonly string[];
}

/** What the families of causes judge by. */
export interface Case {
  readonly environment: string;
  readonly namespace: string;
  readonly git: GitFacts;
  readonly cluster: ClusterFacts;
}

/** Longest text of others in a line of evidence: its beginning says who speaks, its end why. */
const LONGEST = { start: 160, end: 240 };

/** Returns a text of others on one line, without what a terminal obeys and without credentials, in quotes. */
export function cite(text: string): string {
  const line = hideUserinfo(text)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/sha256:([0-9a-f]{12})[0-9a-f]{52}/g, 'sha256:$1…');
  const { start, end } = LONGEST;
  return `"${showInvisible(line.length > start + end ? `${line.slice(0, start)} … ${line.slice(-end)}` : line)}"`;
}

/** Returns a name of others as it may stand in a sentence. */
export function named(text: string): string {
  return showInvisible(text.replace(/\s+/g, ' ')).slice(0, 253);
}

/** Returns a command line; each word is quoted where a shell would read it as something else. */
export function command(...words: readonly string[]): string {
  return words.map((word) => quoteWord(showInvisible(word))).join(' ');
}

/** Returns a `slipway` verb as it is typed. */
export function slipway(...words: readonly string[]): string {
  return `npm run -s slipway -- ${command(...words)}`;
}
