import { expect, test } from '@jest/globals';
import type { GitHubTrust, Verification } from '#core/git/github-trust.ts';
import type { OpenIntent } from '#core/release/open-intents.ts';
import { createTrust } from '#core/release/trust.ts';
import type { CommitSha } from '#core/values/reference.ts';

const APP = 'slipway-of-acme[bot]';

function open(digit: string): OpenIntent {
  const id = `01${digit.repeat(24)}`;
  const intent = { kind: 'hold', environment: 'production', image: '*', until: undefined } as const;
  const asked = { id, run: '', actor: 'octocat', at: new Date(0), reason: 'why' };
  return { ref: `refs/slipway/intents/${id}`, commit: digit.repeat(40) as CommitSha, intent: { ...intent, ...asked } };
}

const [own, unsigned, stranger, nameless] = ['1', '2', '3', '4'].map(open) as [
  OpenIntent,
  OpenIntent,
  OpenIntent,
  OpenIntent,
];
const authors = new Map<CommitSha, Verification>([
  [own.commit, { verified: true, author: APP }],
  [unsigned.commit, { verified: false, author: APP }],
  [stranger.commit, { verified: true, author: 'mallory' }],
  [nameless.commit, { verified: true, author: undefined }],
]);

function github(isProtected: boolean): GitHubTrust & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    isProtected: async (branch) => {
      asked.push(branch);
      return isProtected;
    },
    verify: async (commits) => {
      asked.push(...commits);
      return new Map([...authors].filter(([commit]) => commits.includes(commit)));
    },
  };
}

const warnings: string[] = [];
const log = { debug: () => {}, info: () => {}, warn: (message: string) => void warnings.push(message) };

test('on a protected branch only what GitHub signed for the pipeline is folded; the others are left, and said once', async () => {
  warnings.length = 0;
  const trust = createTrust(github(true), APP, log);
  const all = [own, unsigned, stranger, nameless];
  expect(await trust(all, 'main')).toEqual([own]);
  expect(await trust(all, 'main')).toEqual([own]);
  expect(warnings).toEqual([
    `${unsigned.ref} is left as it is: main is protected, and the intent is not signed by GitHub (folded are those of ${APP})`,
    `${stranger.ref} is left as it is: main is protected, and the intent is signed by mallory (folded are those of ${APP})`,
    `${nameless.ref} is left as it is: main is protected, and the intent is signed by an unknown account (folded are those of ${APP})`,
  ]);
});

test('where the branch is not protected, anyone who may push an intent may push the branch: all are folded', async () => {
  expect(await createTrust(github(false), APP, log)([unsigned, stranger], 'main')).toEqual([unsigned, stranger]);
});

test('nothing is asked while no intent is open, and a branch and a commit are asked about once', async () => {
  const quiet = github(true);
  const trust = createTrust(quiet, APP, log);
  await trust([], 'main');
  expect(quiet.asked).toEqual([]);
  await trust([own], 'main');
  await trust([own], 'main');
  expect(quiet.asked).toEqual(['main', own.commit]);
});

test('a commit that GitHub does not have yet is asked about again', async () => {
  const late = open('5');
  const answers = github(true);
  const trust = createTrust(answers, APP, log);
  expect(await trust([late, own], 'main')).toEqual([own]);
  expect(await trust([late, own], 'main')).toEqual([own]);
  expect(answers.asked).toEqual(['main', late.commit, own.commit, late.commit]);
});
