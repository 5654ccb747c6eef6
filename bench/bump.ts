import { execFileSync } from 'node:child_process';
import { measureInTurn, type Row, rowOf } from '#bench/measure.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';

const SERVICES = 1_000;
const COMMITS = 50_000;
const RUNS = 7;

/** A bump in a repository of 1,000 services and 50,000 commits against the same bump in an almost empty one. */
export async function benchBump(): Promise<Row[]> {
  const [large, small] = await Promise.all([startTenant(), startTenant()]);
  try {
    fill(large);
    const bump = bumper(large);
    const peer = bumper(small);
    return [rowOf(`bump, ${SERVICES} services and ${COMMITS} commits`, await measureInTurn(RUNS, bump, peer), 1.5)];
  } finally {
    await Promise.all([large.close(), small.close()]);
  }
}

/** Each call lands another digest. */
function bumper(tenant: Tenant): () => Promise<void> {
  const source = tenant.remoteGit('rev-parse', 'main');
  let count = 0;
  return async () => {
    const digest = tenant.push('discord-bot', `build ${count++}`);
    const result = await tenant.bump({ images: `discord-bot=${digest}`, 'source-sha': source });
    if (result.outputs['outcome'] !== 'landed') throw new Error(`the bump did not land:\n${result.log}`);
  };
}

function fill(tenant: Tenant): void {
  const lines = [];
  const parent = tenant.remoteGit('rev-parse', 'main');
  for (let commit = 0; commit < COMMITS; commit++) {
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
}
