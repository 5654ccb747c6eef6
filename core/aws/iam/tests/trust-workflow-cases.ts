import type { Purpose } from '#core/aws/iam/trust.ts';
import { APPLY, AUD, equals, REF, REPO, SUB, statement } from './trust-cases.ts';

const claims = { [AUD]: 'sts.amazonaws.com', [SUB]: `${REPO}:environment:aws` };
const other = (workflow: string | string[]) => statement({ Condition: equals(`${REPO}:environment:aws`, workflow) });

/** Bad shapes about the workflow, and about roles that one workflow or the branch alone may have; as `cases`. */
export const workflowCases: [string, object[], string, Purpose?][] = [
  [
    'any workflow applies',
    [
      statement({
        Condition: { StringEquals: claims },
      }),
    ],
    `no condition on ${REF}: add StringEquals with "${APPLY}"`,
  ],
  [
    'another workflow applies',
    [other([APPLY, APPLY.replace('apply', 'deploy')])],
    `the workflow "${APPLY.replace('apply', 'deploy')}" is not the one that applies: write "${APPLY}"`,
  ],
  ['the workflow of another branch', [other(APPLY.replace('main', 'feature'))], 'is not the one that applies'],
  ['the workflow of a pull request', [other(APPLY.replace('heads/main', 'pull/1/merge'))], 'is not the one that'],
  ['the workflow of another repository', [other(APPLY.replace('acme/', 'evil/'))], 'is not the one that applies'],
  [
    'the workflow by a pattern',
    [
      statement({
        Condition: {
          StringEquals: claims,
          StringLike: { [REF]: APPLY.replace('main', '*') },
        },
      }),
    ],
    'is a pattern, so that every workflow that fits gets in',
  ],
  [
    'the workflow by a wildcard that StringEquals takes literally',
    [other(APPLY.replace('main', '*'))],
    'has a wildcard, which StringEquals takes literally, so that no one gets in by it',
  ],
  [
    'the workflow that applies retains',
    [statement({ Condition: equals(`${REPO}:ref:refs/heads/main`) })],
    `the workflow "${APPLY}" is not the one that retains images: write "${APPLY.replace('apply', 'retain')}"`,
    'retain',
  ],
  [
    'a pull request retains',
    [statement({ Condition: equals(`${REPO}:pull_request`, APPLY.replace('apply', 'retain')) })],
    'lets any pull request remove images: only a branch may',
    'retain',
  ],
  [
    'a pull request pulls',
    [statement({ Condition: equals(`${REPO}:pull_request`) })],
    'lets any pull request pull images: only a branch may',
    'registry-read',
  ],
];
