import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openBranch, PRODUCTION, type TestBranch } from './branch.ts';
import { bump } from './bumps.ts';

let branch: TestBranch;

beforeEach(async () => {
  branch = await openBranch();
});

afterEach(() => branch.tenant.close());

describe('no ref steers a deploy', () => {
  test('A, B, A of three commits that finish as first, third, second: A stays', async () => {
    const [one, two, three] = ['A', 'B', 'A'].map((text) => branch.appChange(text));
    expect((await branch.deploy(0, one)).outcome).toBe('landed');
    expect((await branch.deploy(0, three)).outcome).toBe('unchanged');
    const second = await branch.deploy(1, two);
    expect(second.outcome).toBe('superseded');
    expect(second.images[0]?.winner?.source).toBe(three);
    expect(branch.tenant.readOverlay()).toContain(branch.digest(0));
    await branch.expectHonest();
  });

  test('a server that takes no refs but branches', async () => {
    const hook = join(branch.tenant.remote, 'hooks', 'update');
    writeFileSync(hook, '#!/bin/sh\ncase "$1" in refs/heads/*) exit 0;; *) echo "refused: $1" >&2; exit 1;; esac\n');
    chmodSync(hook, 0o755);
    expect((await branch.deploy(0)).outcome).toBe('landed');
    await branch.expectHonest();
  });

  test('a bump leaves no ref behind', async () => {
    await branch.deploy(0);
    expect(branch.tenant.remoteGit('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
    await branch.expectHonest();
  });
});

describe('order holds from every state of the overlay', () => {
  const states: Record<string, (text: string) => string> = {
    'a tag': (text) => text.replace(/(- name: discord-bot\n.*\n\s+)digest: sha256:\w+/, '$1newTag: v1'),
    zeros: (text) => text.replace(/(- name: discord-bot\n.*\n\s+digest: sha256:)\w+/, `$1${'0'.repeat(64)}`),
  };
  test.each(Object.entries(states))(
    '%s, written by hand over a release: held, and then as before',
    async (_name, change) => {
      const older = branch.appChange('older');
      const newer = branch.appChange('newer');
      expect((await branch.deploy(1, newer)).outcome).toBe('landed');
      const released = `${branch.tenant.readOverlay()}\n`;
      branch.tenant.commit({ [PRODUCTION]: `${change(branch.tenant.readOverlay())}\n` }, 'by hand');
      expect((await branch.deploy(0, older)).outcome).toBe('held');
      expect((await branch.deploy(2, branch.head())).outcome).toBe('held');
      branch.tenant.commit({ [PRODUCTION]: released }, 'taken back');
      expect((await branch.deploy(0, older)).outcome).toBe('superseded');
      await branch.expectHonest();
    },
  );

  test('no entry: refused with the lines that are missing, and they help', async () => {
    const text = branch.tenant.readOverlay().replace(/ {2}# discord-bot\n {2}- name: discord-bot\n.*\n.*\n/, '');
    branch.tenant.commit({ [PRODUCTION]: `${text}\n` }, 'by hand');
    branch.appChange('next');
    const message = await branch.deploy(1).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(message).toContain('has no images entry for discord-bot');
    const lines = message.slice(message.indexOf('\n  - name:') + 1);
    branch.tenant.commit({ [PRODUCTION]: `${text}\n${lines}\n` }, 'as told');
    expect((await branch.deploy(1)).outcome).toBe('unchanged');
    const older = branch.appChange('once more');
    branch.appChange('and again');
    expect((await branch.deploy(2)).outcome).toBe('landed');
    expect((await branch.deploy(0, older)).outcome).toBe('superseded');
    await branch.expectHonest();
  });

  test('an image’s outcome does not depend on its neighbours in the call', async () => {
    const older = branch.appChange('older');
    const newer = branch.appChange('newer');
    expect((await branch.deploy(1, newer)).outcome).toBe('landed');
    const sandbox = branch.tenant.push('dev-sandbox', 'never released');
    const images = `discord-bot=${branch.digest(0)}\ndev-sandbox=${sandbox}`;
    const { images: outcomes } = await bump(branch.tenant, { images, 'source-sha': older });
    expect(outcomes.map(({ image, outcome }) => [image, outcome])).toEqual([
      ['discord-bot', 'superseded'],
      ['dev-sandbox', 'landed'],
    ]);
    expect(branch.tenant.readOverlay()).toContain(sandbox);
    await branch.expectHonest();
  });
});

describe('two builds of the same inputs', () => {
  test('the older build’s re-run does not flip a forced one back, nor does the next commit that changes nothing', async () => {
    const source = branch.appChange('built twice');
    expect((await branch.deploy(0, source)).outcome).toBe('landed');
    expect((await branch.deploy(1, source)).outcome).toBe('landed');
    expect((await branch.deploy(0, source)).outcome).toBe('superseded');
    const note = branch.tenant.commit({ 'NOTES.md': 'a note\n' });
    expect((await branch.deploy(0, note)).outcome).toBe('superseded');
    expect((await branch.deploy(2, note)).outcome).toBe('landed');
    expect((await branch.deploy(0, note)).outcome).toBe('superseded');
    expect((await branch.deploy(1, note)).outcome).toBe('superseded');
    expect(branch.tenant.readOverlay()).toContain(branch.digest(2));
    await branch.expectHonest();
  });
});
