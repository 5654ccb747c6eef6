import { join } from 'node:path';
import { repositoryRoot } from '#lab/supervisor/root.ts';

/** An action that carries a file with GitHub's own client: upload, find in this run, find in another one. */
export const CARRIER = `
const say = (text) => console.log(text);
const { mode, name, run, token } = Object.fromEntries(
  ['mode', 'name', 'run', 'token'].map((input) => [input, process.env['INPUT_' + input.toUpperCase()] ?? '']),
);
const { DefaultArtifactClient } = await import(${JSON.stringify(join(repositoryRoot, 'node_modules/@actions/artifact/lib/artifact.js'))});
const { readFileSync, writeFileSync, mkdirSync } = await import('node:fs');
const client = new DefaultArtifactClient();
const [repositoryOwner, repositoryName] = process.env.GITHUB_REPOSITORY.split('/');
const options = run === '' ? {} : { findBy: { token, workflowRunId: Number(run), repositoryOwner, repositoryName } };
if (mode === 'upload') {
  mkdirSync('out', { recursive: true });
  writeFileSync('out/plan.json', 'the plan of ' + name);
  const { id } = await client.uploadArtifact('plan-' + name, ['out/plan.json'], 'out', { retentionDays: 7 });
  say('uploaded ' + id);
} else {
  for (const { id, name } of (await client.listArtifacts(options)).artifacts) {
    await client.downloadArtifact(id, { path: 'got/' + name, ...options });
    say('read: ' + readFileSync('got/' + name + '/plan.json', 'utf8'));
  }
}
`;
