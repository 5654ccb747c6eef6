import { execFileSync } from 'node:child_process';
import { measureInTurn, type Row, rowOf } from '#bench/measure.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';

const SERVICES = 1_000;
const COMMITS = 50_000;
const RUNS = 7;

/** Commits between an image's last release and the head in the second row. */
const DISTANCE = 60_000;

/**
 * A bump in a repository of 1,000 services and 50,000 commits against the same bump in an almost empty one; and of an
 * image that was last released 60,000 commits ago against one that was released by the commit before; and of two
 * environments in one call against one.
 */
export async function benchBump(): Promise<Row[]> {
  const both = startTenant({ environments: ['production', 'staging'] });
  const tenants = await Promise.all([startTenant(), startTenant(), startTenant(), startTenant(), both]);
  const [large, small, far, near, two] = tenants;
  try {
    const environments = await measureInTurn(RUNS, bumper(two, ''), bumper(small));
    fill(large, COMMITS);
    const size = await measureInTurn(RUNS, bumper(large), bumper(small));
    const age = await measureInTurn(RUNS, await agedBumper(far, true), await agedBumper(near, false));
    return [
      rowOf('bump, two environments against one', environments, 1.1),
      rowOf(`bump, ${SERVICES} services and ${COMMITS} commits`, size, 1.3),
      rowOf(`bump, last released ${DISTANCE} commits ago`, age, 2),
    ];
  } finally {
    await Promise.all(tenants.map((tenant) => tenant.close()));
  }
}

let builds = 0;

/** Each call lands another digest. */
function bumper(tenant: Tenant, environment = 'production'): () => Promise<void> {
  return async () => {
    const digest = tenant.push('discord-bot', `build ${builds++}`);
    const source = tenant.remoteGit('rev-parse', 'main');
    const result = await tenant.bump({ images: `discord-bot=${digest}`, environment, 'source-sha': source });
    if (result.outputs['outcome'] !== 'landed') throw new Error(`the bump did not land:\n${result.log}`);
  };
}

/**
 * Each call lands on one and the same head, {@link DISTANCE} commits long. The last release is below all of them, or
 * right below the head; the app has changed since, as it has wherever a build is deployed.
 */
async function agedBumper(tenant: Tenant, isFar: boolean): Promise<() => Promise<void>> {
  const bump = bumper(tenant);
  if (isFar) await bump();
  fill(tenant, DISTANCE);
  if (!isFar) await bump();
  const head = tenant.commit({ 'app/main.js': '// changed since the last release\n' });
  return async () => {
    tenant.remoteGit('update-ref', 'refs/heads/main', head);
    await bump();
  };
}

/** Adds commits to the branch, each of which changes one of the services. */
function fill(tenant: Tenant, commits: number): void {
  const lines = [];
  const parent = tenant.remoteGit('rev-parse', 'main');
  for (let commit = 0; commit < commits; commit++) {
    const service = String(commit % SERVICES).padStart(4, '0');
    const content = `kind: Deployment\nmetadata: {name: service-${service}, annotations: {revision: "${commit}"}}\n`;
    lines.push(
      'commit refs/heads/main',
      `committer P <p@example.com> ${1_700_000_000 + commit} +0000`,
      'data 8',
      `change ${commit % 10}`,
    );
    if (commit === 0) lines.push(`from ${parent}`);
    lines.push(`M 644 inline services/${service}/deployment.yaml`, `data ${content.length}`, content);
  }
  execFileSync('git', ['fast-import', '--quiet', '--force'], { cwd: tenant.remote, input: `${lines.join('\n')}\n` });
  execFileSync('git', ['gc', '--quiet'], { cwd: tenant.remote });
}
