import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureInTurn, type Row, rowOf } from '#bench/measure.ts';
import { labHome, repositoryRoot } from '#lab/supervisor/root.ts';

const RUNS = 15;

/** An action that fails at once for want of an environment, against an ncc bundle of what such actions usually carry. */
export async function benchActionStart(): Promise<Row[]> {
  const folder = mkdtempSync(join(labHome, 'ncc-'));
  try {
    const source = join(folder, 'index.mjs');
    writeFileSync(
      source,
      "import * as core from '@actions/core';\nimport * as github from '@actions/github';\nimport { ECRClient } from '@aws-sdk/client-ecr';\nif (process.env.NEVER) console.log(github, new ECRClient({}));\ncore.setFailed('no environment');\n",
    );
    execFileSync(
      process.execPath,
      [
        join(repositoryRoot, 'node_modules/@vercel/ncc/dist/ncc/cli.js'),
        'build',
        source,
        '--quiet',
        '--out',
        join(folder, 'dist'),
      ],
      { cwd: repositoryRoot, stdio: 'inherit' },
    );
    const peer = join(folder, 'dist', 'index.mjs');
    const start = (file: string) => async () => {
      spawnSync(process.execPath, [file], { env: {} });
    };
    return [
      rowOf(
        'start of an action (bump-overlay)',
        await measureInTurn(RUNS, start(join(repositoryRoot, 'actions/bump-overlay/dist/index.cjs')), start(peer)),
        0.6,
      ),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
