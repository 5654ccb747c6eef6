import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Writes plan.json of each golden folder with a main.tf: what Terraform plans for it after it has applied before.tf.
 * Only resources that are built into Terraform are used, so that no registry is asked. Ids and times are made the same
 * each time. `npm run golden` does it, and writes the reports and comments of all folders again.
 *
 *     node core/terraform/comment/tests/record.ts [CASE…]
 */
const golden = join(import.meta.dirname, 'golden');

interface State {
  resources: { instances: object[] }[];
}

/** What no configuration leads to. */
const EDITS: Readonly<Record<string, (state: State) => void>> = {
  deposed: ({ resources: [resource] }) =>
    resource?.instances.push({ ...resource.instances[0], deposed: '0badc0de', status: 'tainted' }),
  tainted: ({ resources: [resource] }) => Object.assign(resource?.instances[0] ?? {}, { status: 'tainted' }),
};

function record(name: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'plan-'));
  const terraform = (...words: string[]): string =>
    execFileSync('terraform', words, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    cpSync(join(golden, name), folder, { recursive: true });
    const after = readFileSync(join(folder, 'main.tf'), 'utf8');
    const before = existsSync(join(folder, 'before.tf')) ? readFileSync(join(folder, 'before.tf'), 'utf8') : '';
    rmSync(join(folder, 'before.tf'), { force: true });
    writeFileSync(join(folder, 'main.tf'), before);
    terraform('init', '-input=false');
    if (before !== '') terraform('apply', '-auto-approve');
    edit(join(folder, 'terraform.tfstate'), EDITS[name]);
    writeFileSync(join(folder, 'main.tf'), after);
    terraform('init', '-input=false');
    try {
      terraform('plan', '-out=planned', '-input=false');
    } catch (error) {
      if (!existsSync(join(folder, 'planned'))) throw error; // of a plan that failed there is one too
    }
    const plan: unknown = JSON.parse(settle(terraform('show', '-json', 'planned')));
    writeFileSync(join(golden, name, 'plan.json'), `${JSON.stringify(plan, undefined, 1)}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Terraform makes other ids each time, and says when. */
function settle(json: string): string {
  const ids = new Map<string, string>();
  const numbered = json.replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => {
    const known = ids.get(id) ?? `00000000-0000-4000-8000-${String(ids.size + 1).padStart(12, '0')}`;
    ids.set(id, known);
    return known;
  });
  return numbered.replace(/("timestamp":\s*)"[^"]*"/, '$1"2026-11-27T06:22:34Z"');
}

function edit(path: string, change: ((state: State) => void) | undefined): void {
  if (change === undefined) return;
  const state: State = JSON.parse(readFileSync(path, 'utf8'));
  change(state);
  writeFileSync(path, JSON.stringify(state));
}

const wanted = process.argv.slice(2);
for (const name of readdirSync(golden))
  if (existsSync(join(golden, name, 'main.tf')) && (wanted.length === 0 || wanted.includes(name))) {
    console.log(name);
    record(name);
  }
