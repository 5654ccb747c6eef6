import { join } from 'node:path';
import { checkOut, startTenant, type Tenant, type TenantOptions } from '#tests/support/tenant.ts';
import { bump, type WriterOptions, type Written } from '#tests/support/writers.ts';

/** Writers that all start at once, each with an image of its own in one overlay file. */
export interface Crowd {
  readonly tenant: Tenant;
  readonly images: readonly string[];
  readonly digests: readonly string[];
  /** A shallow checkout of the branch, as each job has one; nothing in it changes, so they share it. */
  readonly checkout: string;
}

/** What a crowd came to. */
export interface Rush {
  readonly results: readonly Written[];
  /** Commits with a release. */
  readonly commits: number;
  /** Pushes that reached the server, the writers' refs among them. */
  readonly pushes: number;
  readonly requests: number;
  readonly milliseconds: number;
}

/** Starts a tenant with an image for each writer. */
export async function openCrowd(
  writers: number,
  environments: readonly string[] = ['production'],
  serve?: TenantOptions['serve'],
): Promise<Crowd> {
  const images = Array.from({ length: writers }, (_, index) => `service-${index}`);
  const tenant = await startTenant({ images, environments, ...(serve === undefined ? {} : { serve }) });
  const checkout = join(tenant.temp, '..', 'shared-checkout');
  checkOut(checkout, tenant.server.url, tenant.remote, tenant.remoteGit('rev-parse', 'main'));
  return { tenant, images, digests: images.map((image) => tenant.push(image, image)), checkout };
}

/** Lets all of them write at once; `inputsOf` says what one of them is given besides. */
export async function rush(
  { tenant, images, digests, checkout }: Crowd,
  options: WriterOptions = {},
  inputsOf: (index: number) => Readonly<Record<string, string>> = () => ({}),
): Promise<Rush> {
  const before = tenant.server.requests.length;
  const head = tenant.remoteGit('rev-parse', 'main');
  const started = performance.now();
  const results = await Promise.all(
    images.map((image, index) =>
      bump(
        tenant,
        { images: `${image}=${digests[index]}`, 'source-sha': head, ...inputsOf(index) },
        { sha: head, checkout, ...options },
      ),
    ),
  );
  const milliseconds = performance.now() - started;
  const requests = tenant.server.requests.slice(before);
  const commits = tenant
    .remoteGit('rev-list', '--grep=^Slipway-Release', 'main', `^${head}`)
    .split('\n')
    .filter(Boolean);
  const pushes = requests.filter(({ url, method }) => method === 'POST' && url.endsWith('/git-receive-pack'));
  return { results, commits: commits.length, pushes: pushes.length, requests: requests.length, milliseconds };
}
