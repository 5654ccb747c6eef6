#!/usr/bin/env node
// Takes act's place where a test is about the server and not about act: runs each `run:` of the one job by sh, with
// its matrix filled in, speaks act's JSON, and on SIGINT ends the step under way, runs those with `if: always()`, and fails.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

const after = (flag) => process.argv.flatMap((word, index) => (process.argv[index - 1] === flag ? [word] : []));
const say = (entry) => console.log(JSON.stringify(entry));
const secrets = Object.fromEntries(
  readFileSync(after('--secret-file')[0], 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => [line.slice(0, line.indexOf('=')), JSON.parse(line.slice(line.indexOf('=') + 1))]),
);
const env = { PATH: process.env.PATH, ...Object.fromEntries(after('--env').map((pair) => pair.split(/=(.*)/s))) };
const [job] = Object.values(parse(readFileSync(after('-W')[0], 'utf8')).jobs);
const [matrix = {}] = job.strategy?.matrix.include ?? [];
const fill = (script) => script.replace(/\$\{\{ matrix\.([\w-]+) \}\}/g, (_whole, name) => String(matrix[name]));

let isCancelled = false;
let child;
process.on('SIGINT', () => {
  isCancelled = true;
  child?.kill('SIGKILL');
});

let isGood = true;
for (const [index, { name = `step ${index}`, run, if: condition = 'success()' }] of job.steps.entries()) {
  if (!isGood && condition !== 'always()') continue;
  say({ step: name, msg: `⭐ Run Main ${name}` });
  const began = Date.now();
  child = spawn('sh', ['-ec', fill(run)], {
    env: { ...env, TOKEN: secrets.GITHUB_TOKEN, SECRETS: Object.keys(secrets).join() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      for (const line of String(chunk).split('\n').filter(Boolean))
        if (line.startsWith('summary:'))
          say({ step: name, command: 'summary', content: line.slice(8).replaceAll('\\n', '\n') });
        else say({ step: name, raw_output: true, msg: `${line}\n` });
    });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) isGood = false;
  const executionTime = (Date.now() - began) * 1e6;
  say({ step: name, stepResult: code === 0 ? 'success' : 'failure', executionTime, msg: '' });
}
say({ jobResult: isGood && !isCancelled ? 'success' : 'failure', msg: '' });
process.exit(isGood && !isCancelled ? 0 : 1);
