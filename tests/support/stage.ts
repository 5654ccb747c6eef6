import type { Digest } from '#core/values/reference.ts';
import { startTenant, type Tenant, type TenantOptions } from '#tests/support/tenant.ts';
import { build, bump } from '#tests/support/writers.ts';

/** A tenant where a good and then a bad build of all images were released. Tests of one file share it. */
export interface Stage {
  readonly tenant: Tenant;
  readonly good: Digest;
  readonly bad: Digest;
  /** The sources of the two builds. */
  readonly sources: { readonly good: string; readonly bad: string };
  /** The branch's head: the commit that released the bad build. */
  readonly base: string;
  /** Takes the branch, the intents and the clone back to where the stage began. */
  reset(): void;
  /** Returns what an overlay's entry says: a digest, a tag, or nothing. */
  read(image?: string, environment?: string): string | undefined;
  /** Commits a change of the app and pushes the builds of it; returns its commit and the digest. */
  change(text: string): Promise<{ source: string; digest: Digest }>;
  /** Returns the bump's `images` input for all images. */
  all(digest: string): string;
}

/** Opens the stage: both releases go to every environment, each by a commit of its own, to the first one last. */
export async function openStage(options: TenantOptions = {}): Promise<Stage> {
  const { images = ['discord-bot', 'dev-sandbox'], environments = ['production', 'staging'] } = options;
  const tenant = await startTenant({ ...options, images, environments });
  const all = (digest: string) => images.map((image) => `${image}=${digest}`).join('\n');
  const change = async (text: string) => {
    const source = tenant.commit({ 'app/main.js': `// ${text}\n` }, text);
    const digests = await Promise.all(images.map((image) => build(tenant, image)));
    const [digest] = digests;
    if (digest === undefined || new Set(digests).size !== 1) throw new Error('the images have the same inputs');
    return { source, digest };
  };
  const release = async (text: string) => {
    const made = await change(text);
    const inputs = { images: all(made.digest), 'source-sha': made.source };
    for (const environment of environments.toReversed()) await bump(tenant, { ...inputs, environment });
    return made;
  };
  const [good, bad] = [await release('good'), await release('bad')];
  const base = tenant.remoteGit('rev-parse', 'main');
  return {
    tenant,
    good: good.digest,
    bad: bad.digest,
    sources: { good: good.source, bad: bad.source },
    base,
    reset: () => resetTo(base, tenant),
    read: (image = 'discord-bot', environment = 'production') => readEntry(tenant.readOverlay(environment), image),
    change,
    all,
  };
}

/** Takes the branch and the clone to a commit, and deletes the intents. */
export function resetTo(commit: string, tenant: Tenant): void {
  const refs = tenant.remoteGit('for-each-ref', '--format=%(refname)').split('\n');
  for (const ref of refs.filter((name) => name !== 'refs/heads/main')) tenant.remoteGit('update-ref', '-d', ref);
  tenant.remoteGit('update-ref', 'refs/heads/main', commit);
  tenant.git('fetch', '-q', '--prune', 'origin');
  tenant.git('checkout', '-q', '-f', '-B', 'main', 'origin/main');
  for (const branch of tenant.git('branch', '--format=%(refname:short)').split('\n'))
    if (branch !== 'main') tenant.git('branch', '-q', '-D', branch);
}

function readEntry(overlay: string, image: string): string | undefined {
  const entry = overlay.split(/^ {2}- name: /m).find((text) => text.startsWith(`${image}\n`));
  return entry?.match(/(?:digest|newTag): (\S+)/)?.[1];
}

/** Commits other settings of an environment to slipway.yaml; returns the commit. */
export function configure({ tenant }: Pick<Stage, 'tenant'>, environment: string, settings: string): string {
  const text = tenant.remoteGit('show', 'main:slipway.yaml');
  const line = new RegExp(`^  ${environment}: \\{.*$`, 'm');
  const overlay = `overlay: overlays/${environment}`;
  const changed = text.replace(line, `  ${environment}: {${overlay}, ${settings}}`);
  return tenant.commit({ 'slipway.yaml': `${changed}\n` }, `${environment}: ${settings}`);
}

/** Replaces what an overlay's entry says of an image, in the clone, as an editor does. */
export function editEntry(overlay: string, image: string, line: string): string {
  return overlay.replace(
    new RegExp(`(- name: ${image}\\n.*\\n)    (?:digest|newTag): .*`),
    (_all, head) => `${head}    ${line}`,
  );
}
