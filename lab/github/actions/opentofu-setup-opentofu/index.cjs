const { execFileSync } = require('node:child_process');

const { terraform_version: version } = JSON.parse(execFileSync('tofu', ['version', '-json'], { encoding: 'utf8' }));
console.log('This is the stand-in for opentofu/setup-opentofu: OpenTofu', version, 'is there.');
const wanted = process.env.INPUT_TOFU_VERSION;
if (wanted && wanted !== version) {
  console.log(`::error::the workflow wants OpenTofu ${wanted}, and ${version} is here`);
  process.exitCode = 1;
}
