import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { gitEnv } from '#tests/support/repositories.ts';
import { kustomizeFolder } from '#tests/support/tenant.ts';
import { listReaders, listUnprompted } from './paste.ts';

const runbooks = join(repositoryRoot, 'docs/runbooks');
const readBlocks = (file: string, language: string): string[] =>
  [
    ...readFileSync(join(runbooks, file), 'utf8').matchAll(
      new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^\\1\`\`\`$`, 'gm'),
    ),
  ].map(([, indent = '', code = '']) => code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));

describe('every block of every runbook can be pasted: what asks for something is its last line', () => {
  const all = readdirSync(runbooks).flatMap((file) =>
    ['sh', 'bash', 'text'].flatMap((language) =>
      readBlocks(file, language).map((code, index) => [`${file}, ${language} ${index + 1}`, code] as const),
    ),
  );
  test.each(all)('%s', (_place, code) => {
    const lines = code.trimEnd().split('\n');
    expect(listReaders(lines).filter((index) => index !== lines.length - 1)).toEqual([]);
    expect(listUnprompted(lines)).toEqual([]);
  });
  test.each([
    ['read -rs TOKEN\necho "$TOKEN"', [0], ['read -rs TOKEN']],
    ['printf "Token: " && read -rs TOKEN && export TOKEN', [0], []],
    ['terraform -chdir=x apply\nls', [0], []],
    ['terraform apply planned\nterraform apply -auto-approve', [], []],
    ['terraform destroy -var a=b', [0], []],
    ['${EDITOR:-vi} file\nls', [0], []],
    ['gh auth login\nls', [0], []],
    ['npm run -s slipway -- cluster connect --app-key a.pem\nls', [0], []],
    ['npm run -s slipway -- cluster connect --dry-run\nnpm run -s slipway -- cluster leave --yes', [], []],
    ['while read -r a; do echo "$a"; done <file\nread -r a <<<"$b"\necho x | read -r a', [], []],
  ])('%j is judged right', (code, readers, unprompted) => {
    expect(listReaders(code.split('\n'))).toEqual(readers);
    expect(listUnprompted(code.split('\n'))).toEqual(unprompted);
  });
});

describe.each(['discord-bot', 'second-bot'])(
  'set-up.md for the project %s, pasted block by block into one shell, from nothing to the first deploy',
  (project) => {
    let folder = '';
    let clone = '';
    const state = (name: string): string => readFileSync(join(folder, 'state', name), 'utf8');

    /** What a person types when a block has asked. */
    const ANSWERS: readonly (readonly [asks: RegExp, answers: string])[] = [
      [/\$\{EDITOR/, 'discord_bot_id = "42"\n'],
      [/TF_VAR_discord_token &&/, 'the token\nthe key\n'],
      [/STAGING_TOKEN &&/, 'staging token\nstaging key\n'],
      [/terraform\/(?:aws|secrets) apply$/m, 'yes\n'],
      [/read -rs TOKEN/, 'the reader\n'],
    ];

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'slipway-set-up-'));
      clone = join(folder, 'clone');
      for (const name of ['state', 'clone']) mkdirSync(join(folder, name));
      const files = ['slipway.yaml', '.gitignore', 'overlays', 'base', 'argocd', 'terraform', '.github'];
      const isState = (path: string): boolean => /\.terraform\/|\.tfstate/.test(path);
      for (const name of files)
        cpSync(join(repositoryRoot, name), join(clone, name), { recursive: true, filter: (path) => !isState(path) });
      for (const stack of ['bootstrap', 'aws', 'secrets']) {
        const file = join(clone, 'terraform', stack, 'terraform.tfvars');
        writeFileSync(file, readFileSync(file, 'utf8').replace(/^(project\s*=\s*)"discord-bot"/m, `$1"${project}"`));
      }
      const git = (...args: string[]) => execFileSync('git', args, { cwd: clone, env: gitEnv, stdio: 'pipe' });
      git('init', '-q');
      for (const [key, value] of [
        ['user.name', 'a'],
        ['user.email', 'a@b'],
      ] as const)
        git('config', key, value);
      git('add', '-A');
      git('commit', '-qm', 'a');
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    test('no block fails or eats what comes after it, and each finds what it needs', () => {
      const paste = readBlocks('set-up.md', 'bash').map((block) => {
        const answer = ANSWERS.find(([asks]) => asks.test(block))?.[1] ?? '';
        return `${block}${answer}test $? -eq 0 || fail "a block failed: ${block.split('\n')[0]?.replaceAll(/\W+/g, ' ')}"\n`;
      });
      const { stdout, status } = spawnSync('bash', [], {
        cwd: clone,
        encoding: 'utf8',
        input: `. ${join(repositoryRoot, 'commands/tests/stand-ins.sh')}\n${paste.join('')}exit 0\n`,
        env: {
          ...gitEnv,
          PATH: process.env['PATH'],
          STATE: join(folder, 'state'),
          CALLS: join(folder, 'calls'),
          TENANT: project,
          KUSTOMIZE: join(kustomizeFolder, 'kustomize'),
        },
      });
      expect([existsSync(join(folder, 'state/faults')) ? state('faults') : '', status]).toEqual(['', 0]);
      expect(stdout).toContain('Discord token, not shown: \nLiteLLM key, not shown: ');
      expect(stdout).toContain('acme/shop (2002) of 1001, account 210987654321 in ca-central-1');
    });

    test('the state of bootstrap is in the bucket, where the plans look for it, and git has its place', () => {
      expect(existsSync(join(folder, 'state/state-in-bucket'))).toBe(true);
      const place = execFileSync('git', ['show', 'HEAD:terraform/bootstrap/backend.tf'], {
        cwd: clone,
        encoding: 'utf8',
      });
      expect(place).toContain('    key          = "bootstrap/terraform.tfstate"\n');
      expect(existsSync(join(clone, 'terraform/bootstrap/terraform.tfstate'))).toBe(false);
    });

    test('the repository gets its variables', () => {
      const calls = readFileSync(join(folder, 'calls'), 'utf8');
      expect(calls).toContain('gh variable set AWS_BUILD_ROLE_ARN --body arn:aws:iam::210987654321:role/build');
    });

    test('the secrets reach the one apply that needs them, and are forgotten', () => {
      expect([state('bootstrap'), state('aws'), state('secrets')]).toEqual(['/\n', '/\n', 'the token/the key\n']);
      expect(JSON.parse(state('secrets-environments'))).toEqual({
        staging: { discord_token: 'staging token', litellm_api_key: 'staging key' },
      });
      expect(readFileSync(join(folder, 'calls'), 'utf8')).not.toMatch(/(the|staging) (token|key|reader)/);
    });

    test('the three terraform.tfvars say who the tenant is, and git has them', () => {
      const read = (stack: string): string =>
        execFileSync('git', ['show', `HEAD:terraform/${stack}/terraform.tfvars`], { cwd: clone, encoding: 'utf8' });
      for (const stack of ['bootstrap', 'aws', 'secrets']) {
        expect(read(stack)).toMatch(new RegExp(`^project += "${project}"$`, 'm'));
        expect(read(stack)).toMatch(/^region += "ca-central-1"$/m);
      }
      expect(read('bootstrap')).toMatch(/^repository +=\s+"acme\/shop"\nowner_id += 1001\nrepository_id += 2002$/m);
      expect(read('aws')).toMatch(/^discord_bot_id = "42"$/m);
    });

    test('slipway.yaml, the overlays and argocd name the own account and repository, and are committed', () => {
      expect(parse(readFileSync(join(clone, 'slipway.yaml'), 'utf8')).registry).toEqual({
        type: 'ecr',
        region: 'ca-central-1',
        account: '210987654321',
      });
      const grep = spawnSync(
        'git',
        ['grep', '-lE', '123456789012|acme/tenant', '--', 'slipway.yaml', 'overlays', 'argocd'],
        {
          cwd: clone,
          encoding: 'utf8',
        },
      );
      expect(grep.stdout).toBe('');
      expect(execFileSync('git', ['status', '--short'], { cwd: clone, encoding: 'utf8' })).toBe('');
      expect(state('applications').match(/repoURL: .*/g)).toEqual([
        'repoURL: https://github.com/acme/shop.git',
        'repoURL: https://github.com/acme/shop.git',
      ]);
    });

    test.each(['discord-bot', 'discord-bot-staging'])('External Secrets has a key in %s', (namespace) => {
      expect(JSON.parse(state(`secret-${namespace}-aws-cluster`)).kind).toBe('Secret');
    });

    test('what AWS is asked for has the name of this project, and each store reads its parameters', () => {
      const calls = readFileSync(join(folder, 'calls'), 'utf8').split('\n');
      const named = calls.filter((call) => /^(?:aws|terraform|npm run -s keys) .*-(?:bot|alarms|staging)\b/.test(call));
      expect(named).toEqual([
        `aws sns create-topic --name ${project}-alarms --query TopicArn --output text`,
        `aws sns subscribe --topic-arn arn:aws:sns:ca-central-1:210987654321:${project}-alarms --protocol email --notification-endpoint a@b`,
        `npm run -s keys -- --project ${project}-staging rotate bot`,
        `npm run -s keys -- --project ${project}-staging rotate cluster`,
      ]);
      for (const [environment, prefix] of [
        ['production', project],
        ['staging', `${project}-staging`],
      ])
        expect(readFileSync(join(clone, `overlays/${environment}/secret-store.yaml`), 'utf8')).toContain(
          `prefix: /${prefix}/\n`,
        );
    });

    test('External Secrets is the version that the lab runs', () => {
      const { 'external-secrets': tool } = JSON.parse(
        readFileSync(join(repositoryRoot, 'lab/toolbox/tools.lock.json'), 'utf8'),
      );
      expect(state('platform')).toContain(`targetRevision: ${tool.version}\n`);
    });

    test.each(['staging', 'production'])("%s's bot is told what Terraform says", (environment) => {
      expect(readFileSync(join(clone, 'overlays', environment, 'settings.env'), 'utf8')).toBe(
        'AWS_REGION=ca-central-1\nAGENTIC_EVENTS_QUEUE_URL=https://sqs.ca-central-1.amazonaws.com/210987654321/agentic-events\n',
      );
    });

    test('Argo CD is the version that the lab runs, reads the repository, and main has its rules', () => {
      const { argocd } = JSON.parse(readFileSync(join(repositoryRoot, 'lab/toolbox/tools.lock.json'), 'utf8'));
      expect(readFileSync(join(folder, 'calls'), 'utf8')).toContain(
        `argo-cd/v${argocd.version}/manifests/install.yaml`,
      );
      expect(JSON.parse(state('secret-argocd-repository')).data).toBe('the reader');
      expect(JSON.parse(state('repos_acme_shop_rulesets')).rules).toEqual([
        { type: 'deletion' },
        { type: 'non_fast_forward' },
      ]);
      expect(JSON.parse(state('repos_acme_shop_environments_aws')).reviewers).toEqual([{ type: 'User', id: 7 }]);
      const keys = state('plan-keys').trimEnd().split('\n');
      expect(keys).toEqual([expect.stringMatching(/^.{44}$/), keys[0]]);
    });

    test('the last step starts the first deploy, then the promotion', () => {
      const calls = readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n');
      const at = (start: string): number => calls.findIndex((call) => call.startsWith(start));
      expect(at('kubectl apply -k argocd')).toBeLessThan(at('git push'));
      expect(calls.at(-1)).toBe('gh workflow run promote.yml -f environment=production');
    });
  },
);
