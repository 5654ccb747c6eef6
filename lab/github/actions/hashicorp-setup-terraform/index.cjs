const { execFileSync } = require('node:child_process');

const { terraform_version: version } = JSON.parse(execFileSync('terraform', ['version', '-json'], { encoding: 'utf8' }));
console.log('This is the stand-in for hashicorp/setup-terraform: Terraform', version, 'is there.');
const wanted = process.env.INPUT_TERRAFORM_VERSION;
if (wanted && wanted !== version) {
  console.log(`::error::the workflow wants Terraform ${wanted}, and ${version} is here`);
  process.exitCode = 1;
}
