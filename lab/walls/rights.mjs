// Runs inside the sandbox: asks the API server, by the pod's own token, what the token may do. Prints `verb resource answer`.
import { readFileSync } from 'node:fs';
import { request } from 'node:https';

const account = '/var/run/secrets/kubernetes.io/serviceaccount';
const [token, namespace] = ['token', 'namespace'].map((file) => readFileSync(`${account}/${file}`, 'utf8'));
const ca = readFileSync(`${account}/ca.crt`);

function ask(verb, path) {
  const [, group = '', resource, subresource = ''] = path.match(/^(?:(.*?):)?([^/]+)(?:\/(.*))?$/) ?? [];
  const resourceAttributes = { namespace, verb, group, resource, subresource };
  const body = JSON.stringify({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  });
  const options = {
    ca,
    host: 'kubernetes.default.svc',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  };
  return new Promise((resolve, reject) => {
    const call = request(options, (answer) => {
      let text = '';
      answer.on('data', (chunk) => (text += chunk));
      answer.on('end', () => resolve(JSON.parse(text).status?.allowed === true ? 'yes' : 'no'));
    });
    call.once('error', reject);
    call.end(body);
  });
}

for (const [verb, path] of JSON.parse(process.argv[2])) console.log(`${verb} ${path}: ${await ask(verb, path)}`);
