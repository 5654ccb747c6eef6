const { execFileSync } = require('node:child_process');

console.log('This is the stand-in for actions/checkout: it fetches from the lab.');
const {
  GITHUB_WORKSPACE: workspace,
  GITHUB_SERVER_URL: server,
  GITHUB_REPOSITORY: repository,
  GITHUB_SHA: sha,
  PATH,
  HOME,
} = process.env;
const input = (name) => process.env[`INPUT_${name.toUpperCase()}`] ?? '';
const header = `AUTHORIZATION: basic ${Buffer.from(`x-access-token:${input('token')}`).toString('base64')}`;
const key = `http.${server}/.extraheader`;
const env = {
  PATH,
  HOME,
  GIT_TERMINAL_PROMPT: '0',
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: key,
  GIT_CONFIG_VALUE_0: header,
};
const git = (...args) => execFileSync('git', args, { cwd: workspace, env, stdio: 'inherit' });

git('init', '--quiet', '--initial-branch=main', '.');
git('remote', 'add', 'origin', `${server}/${repository}`);
const depth = input('fetch-depth') === '0' ? [] : [`--depth=${input('fetch-depth')}`];
git('fetch', '--quiet', '--no-tags', ...depth, 'origin', `+${input('ref') || sha}:refs/remotes/origin/checkout`);
git('checkout', '--quiet', '--detach', 'refs/remotes/origin/checkout');
if (input('persist-credentials') === 'true') git('config', key, header);
