const { appendFileSync } = require('node:fs');

const {
  ACTIONS_ID_TOKEN_REQUEST_URL: tokenUrl,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
  AWS_ENDPOINT_URL: endpoint,
  GITHUB_ENV: envFile,
} = process.env;
const input = (name) => process.env[`INPUT_${name.toUpperCase()}`] ?? '';

async function main() {
  console.log('This is the stand-in for aws-actions/configure-aws-credentials: it talks to the lab.');
  if (!tokenUrl) throw new Error('the job has no OIDC token: give it `permissions: id-token: write`');
  const answer = await fetch(`${tokenUrl}&audience=${encodeURIComponent(input('audience'))}`, {
    headers: { authorization: `bearer ${requestToken}` },
  });
  const { value } = await answer.json();
  const query = {
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: input('role-to-assume'),
    RoleSessionName: input('role-session-name'),
    WebIdentityToken: value,
  };
  const exchanged = await fetch(endpoint, {
    method: 'POST',
    body: new URLSearchParams(query),
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=none/20260101/${input('aws-region')}/sts/aws4_request` },
  });
  const text = await exchanged.text();
  const field = (name) => text.match(new RegExp(`<${name}>([^<]*)</${name}>`))?.[1];
  if (!exchanged.ok || !field('SecretAccessKey'))
    throw new Error(`STS refused ${input('role-to-assume')}: ${field('Message') ?? text.slice(0, 200)}`);
  const found = {
    AWS_ACCESS_KEY_ID: field('AccessKeyId'),
    AWS_SECRET_ACCESS_KEY: field('SecretAccessKey'),
    AWS_SESSION_TOKEN: field('SessionToken'),
  };
  for (const secret of Object.values(found)) console.log(`::add-mask::${secret}`);
  const lines = Object.entries({ ...found, AWS_REGION: input('aws-region'), AWS_DEFAULT_REGION: input('aws-region') });
  appendFileSync(envFile, lines.map(([name, text]) => `${name}=${text}\n`).join(''));
}

main().catch((error) => {
  console.log(`::error::${error.message}`);
  process.exitCode = 1;
});
