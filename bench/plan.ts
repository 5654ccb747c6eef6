import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureInTurn, printBound, printRows, rowOf } from '#bench/measure.ts';
import { benchStack } from '#bench/stack.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';

/** The command's arguments as npm runs it. */
const slipway: readonly string[] = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'))
  .scripts.slipway.split(' ')
  .slice(1);

const CREATES = 10_000;
const RUNS = 5;
/** Bytes that the command may take at its peak, in MB. */
const MOST_MEMORY = 120;

const before = `resource "terraform_data" "gone" {
  count = 3
  input = "table-\${count.index}"
}
`;
const after = `resource "terraform_data" "many" {
  count = ${CREATES}
  input = {
    name   = "queue-\${count.index}"
    tags   = { owner = "platform", number = tostring(count.index) }
    policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sqs:*" }] })
  }
}
`;

/** How long a plan takes: to be rendered, and a whole stack to be planned and reported. */
export async function benchPlan(): Promise<void> {
  await benchRendering();
  printRows(await benchStack());
}

/** A plan of 10,000 creates and 3 destroys, rendered, beside `terraform show` of the same plan. */
async function benchRendering(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  try {
    const env = { PATH: process.env['PATH'], HOME: folder };
    const run = (program: string, words: readonly string[], cwd: string): string =>
      execFileSync(program, words, {
        cwd,
        env,
        encoding: 'utf8',
        maxBuffer: 2 ** 30,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    const terraform = (...words: string[]): string => run('terraform', words, folder);
    writeFileSync(join(folder, 'main.tf'), before);
    terraform('init', '-input=false');
    terraform('apply', '-auto-approve');
    writeFileSync(join(folder, 'main.tf'), after);
    terraform('plan', '-out=planned');
    const json = join(folder, 'plan.json');
    writeFileSync(json, terraform('show', '-json', 'planned'));
    const render = (...options: string[]): string =>
      run(process.execPath, [...options, ...slipway, 'render-plan', json], repositoryRoot);
    checkNamed(render());
    const paired = await measureInTurn(
      RUNS,
      async () => render(),
      async () => terraform('show', '-no-color', 'planned'),
    );
    printRows([rowOf(`${CREATES} creates and 3 destroys rendered, to terraform show`, paired, 0.15)]);
    printBound({ what: 'its peak memory', value: readPeak(render), limit: MOST_MEMORY, unit: 'MB' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function checkNamed(comment: string): void {
  const missing = [0, 1, 2].filter((at) => !comment.includes(`<code>terraform_data.gone[${at}]</code>`));
  if (missing.length > 0) throw new Error(`the comment does not name every destroy:\n${comment.slice(0, 2_000)}`);
}

/** The command says itself at its end how much memory it took. */
function readPeak(render: (...options: string[]) => string): number {
  const tell = "process.on('exit', () => process.stdout.write('\\npeak ' + process.resourceUsage().maxRSS))";
  const [, kilobytes] =
    /\npeak (\d+)$/.exec(render('--import', `data:text/javascript,${encodeURIComponent(tell)}`)) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}
