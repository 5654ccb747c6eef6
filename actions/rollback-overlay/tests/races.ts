import { expect } from '@jest/globals';
import { ulid } from 'ulid';
import type { RefUpdate } from '#core/git/push.ts';
import { setDigests } from '#core/overlay/kustomization/images.ts';
import type { AskPorts } from '#core/release/ask.ts';
import type { LandResult } from '#core/release/land.ts';
import { openAskPorts } from '#core/release/open-ports.ts';
import { rollBack } from '#core/release/roll-back.ts';
import { rollBackFailed } from '#core/release/roll-back-failed.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';
import { openRunner } from '#tests/support/in-process.ts';
import { listIntents } from '#tests/support/intents.ts';
import { configure, openStage, resetTo, type Stage } from '#tests/support/stage.ts';
import { sayVerdicts } from '#tests/support/verdicts.ts';
import { run as runBump } from '../../bump-overlay/src/run.ts';

/** The named moments of a writer's run. */
export const POINTS = [
  'before reading',
  'after reading',
  'while folding',
  'before push',
  'after push',
  'answer lost',
  'after publish',
] as const;
export type Point = (typeof POINTS)[number];

/** A rollback and a bump that meet: the same two writers, run again and again from the same branch. */
export interface Race {
  readonly stage: Stage;
  /** What the person sees who starts the rollback; the build that the bump brings is of this commit. */
  readonly start: CommitSha;
  readonly newest: Digest;
  roll(change?: Change): Promise<LandResult>;
  /** The pipeline takes the bad release back by itself: it failed, and the good one was seen running. */
  takeBack(change?: Change): Promise<LandResult>;
  bump(build: 'newest' | 'bad', change?: Change): Promise<LandResult>;
  reset(): void;
  close(): Promise<void>;
}

export type Change = (ports: AskPorts) => AskPorts;

/** Opens the race. Overlays are edited without rendering, and waiting takes no time: only the order counts here. */
export async function openRace(): Promise<Race> {
  const stage = await openStage({ environments: ['production'] });
  const { tenant } = stage;
  configure(stage, 'production', 'deploys: on-push, on-failure: rollback');
  const { digest } = await stage.change('newest');
  const start = tenant.remoteGit('rev-parse', 'main') as CommitSha; // git prints it
  let ahead = 0;
  const clock = {
    now: () => new Date(Date.now() + ahead),
    sleep: async (milliseconds: number) => {
      ahead += milliseconds;
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
  const open = async () => {
    const opened = await openAskPorts(openRunner(tenant, {}), {
      token: '',
      transport: 'git',
      identity: '',
      config: 'slipway.yaml',
    });
    const { editor } = opened.ports;
    const edit: typeof editor.edit = async (_commit, overlay, wanted) => {
      const content = Buffer.from(setDigests(overlay.text, overlay.file.path, wanted).text);
      const kustomize = { argv: ['kustomize'], name: 'kustomize', version: 'v0' } as const;
      return { file: { ...overlay.file, content }, containers: [], kustomize };
    };
    const newIntent = () => ulid(clock.now().getTime());
    return { ...opened, ports: { ...opened.ports, clock, newIntent, editor: { ...editor, edit } } };
  };
  const [roller, bumper, machine] = [await open(), await open(), await open()];
  const common = { environment: 'production', branch: 'main' };
  let runs = 0;
  const withRun = (ports: AskPorts): AskPorts => ({ ...ports, runUrl: `https://github.example/runs/${++runs}` });
  return {
    stage,
    start,
    newest: digest,
    roll: (change = (ports) => ports) => {
      const request = { ...common, image: undefined, to: { steps: 1 }, reason: 'bad', anchor: start, override: false };
      return rollBack(request, change(withRun(roller.ports)));
    },
    takeBack: (change = (ports) => ports) => takeBack(stage, change(withRun(machine.ports))),
    bump: (build, change = (ports) => ports) => {
      const wanted = build === 'newest' ? digest : stage.bad;
      const sourceSha = build === 'newest' ? start : (stage.sources.bad as CommitSha); // git printed it
      const images = new Map(['discord-bot', 'dev-sandbox'].map((image) => [image, wanted]));
      return runBump(
        { ...common, images, sourceSha, config: 'slipway.yaml', token: '', transport: 'git', identity: '' },
        change(withRun(bumper.ports)),
      );
    },
    reset: () => resetTo(start, tenant),
    close: async () => {
      await Promise.all([roller.close(), bumper.close(), machine.close()]);
      await tenant.close();
    },
  };
}

/** Its record says that the bad release failed and the good one ran. */
function takeBack({ good, bad, base }: Stage, ports: AskPorts): Promise<LandResult> {
  const verdicts = sayVerdicts({ [good]: 'running', [bad]: 'failed' });
  const request = { environment: 'production', of: base as CommitSha, branch: 'main' }; // git printed it
  return rollBackFailed(request, { ...ports, verdicts });
}

const isBranch = ({ ref }: RefUpdate): boolean => ref === 'refs/heads/main';

/** Runs `rival` once, at a named point of a writer; `refless`: a writer whose intent the server does not take. */
export function meetAt(point: Point, isRefless: boolean, rival: () => Promise<void>): Change {
  let isMet = false;
  const meet = async (at: Point): Promise<boolean> => {
    if (isMet || at !== point) return false;
    isMet = true;
    await rival();
    return true;
  };
  return (ports) => {
    const { git, transport } = ports;
    const reading = async <Answer>(read: () => Promise<Answer>): Promise<Answer> => {
      await meet('before reading');
      const answer = await read();
      await meet('after reading');
      return answer;
    };
    const reads: Pick<typeof git, 'fetch' | 'lsRefs'> = {
      fetch: (what) => reading(() => git.fetch(what)),
      lsRefs: (refs) => reading(() => git.lsRefs(refs)),
    };
    const commit: typeof transport.commit = async (what) => {
      if (what.parent !== undefined) await meet('while folding');
      return transport.commit(what);
    };
    const update: typeof transport.update = async (updates) => {
      if (!updates.some(isBranch)) {
        if (isRefless) return { outcome: 'rejected', reason: 'deny updating a hidden ref' };
        const pushed = await transport.update(updates);
        await meet('after publish');
        return pushed;
      }
      await meet('before push');
      const pushed = await transport.update(updates);
      if (pushed.outcome !== 'pushed') return pushed;
      await meet('after push');
      return (await meet('answer lost')) ? { outcome: 'unclear', reason: 'the connection was reset' } : pushed;
    };
    return { ...ports, git: { ...git, ...reads }, transport: { ...transport, commit, update } };
  };
}

/** A person's push that changes nothing of the overlays. */
export function pushAsPerson({ tenant }: Stage): void {
  const commit = tenant.remoteGit('commit-tree', 'main^{tree}', '-p', 'main', '-m', 'a person is faster');
  tenant.remoteGit('update-ref', 'refs/heads/main', commit);
}

/** Expects that the rollback won: its digests, its hold, each intent landed once, and the bump held or taken back. */
export function expectWon({ stage, start, newest }: Race, rolled: LandResult, bumped: LandResult): void {
  const { tenant, good, bad } = stage;
  expect([stage.read(), stage.read('dev-sandbox')]).toEqual([good, good]);
  expect(tenant.remoteGit('show', 'main:overlays/production/holds.yaml').match(/kind: rollback/g)).toHaveLength(2);
  expect(rolled.outcome).toBe('landed');
  const trailers = tenant
    .remoteGit('log', '--reverse', '--format=%(trailers:key=Slipway-Release,valueonly)', `${start}..main`)
    .split('\n')
    .filter(Boolean);
  const landed = trailers.map((text) => `${/^\S+/.exec(text)?.[0]} ${/kind=(\w+)/.exec(text)?.[1]}`);
  const images = ['production/discord-bot', 'production/dev-sandbox'];
  const rolledBack = images.map((image) => `${image} rollback`);
  if (bumped.outcome === 'landed') {
    expect(landed).toEqual([...images.map((image) => `${image} deploy`), ...rolledBack]);
    expect(rolled.images.map(({ from }) => from)).toEqual([newest, newest]);
  } else {
    expect(['held', 'unchanged']).toContain(bumped.outcome);
    expect(landed).toEqual(rolledBack);
  }
  expect(trailers.filter((text) => text.includes(`to=${bad}`))).toEqual([]);
  expect(listIntents(tenant)).toEqual([]);
  expect(tenant.remoteGit('rev-list', '--merges', `${start}..main`)).toBe('');
}
