import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nameSavedPlan, PLAN_FILE } from '#core/action/artifact-names.ts';
import { createExec } from '#core/system/exec.ts';
import { packPlan, type SavedPlan, unpackPlan } from '#core/terraform/saved-plan/binding.ts';
import type { RefusalKind } from '#core/terraform/saved-plan/check.ts';
import { seal, unseal } from '#core/terraform/saved-plan/seal.ts';
import { FOLDER, type Ground, KEY, openGround, plainEnvironment } from '#tests/support/terraform.ts';
import { type Asked, accept, apply, plan } from '#tests/support/terraform-runs.ts';

const MAIN = 'resource "terraform_data" "app" {\n  input = "one"\n}\n';
/** The run that planned the pull request, and another one. */
const [RUN, OTHER] = [41, 40];

let ground: Ground;
let head: string;
let sealed: Buffer;
let saved: SavedPlan;
beforeAll(async () => {
  ground = openGround(MAIN);
  head = ground.git('rev-parse', 'HEAD');
  await plan(ground);
  sealed = readFileSync(join(ground.root, 'app.sealed'));
  const opened = unpackPlan(unseal(sealed, KEY) ?? Buffer.alloc(0));
  if (opened === undefined) throw new Error('the plan was saved');
  saved = opened;
});
afterAll(() => ground.remove());

/** What the runs of a repository have left, by run and artifact: the one file of each. */
interface Left {
  readonly isFork?: boolean;
  readonly runs?: Readonly<Record<string, number>>;
  readonly artifacts?: Readonly<Record<number, Readonly<Record<string, Buffer>>>>;
}

/** GitHub as it is after `left`: pull request 7 has the head that was planned. */
function github({ isFork = false, runs = { [head]: RUN }, artifacts = {} }: Left): NonNullable<Asked['github']> {
  const of = (run: number): [string, Buffer][] => Object.entries(artifacts[run] ?? {});
  const all = Object.keys(artifacts).flatMap((run) => of(Number(run)).map(([name, bytes]) => ({ name, bytes })));
  const never = async (): Promise<never> => Promise.reject(new Error('it is not asked'));
  return {
    runs: { newestOfPull: async (workflow, commit) => (workflow === 'pull-request.yml' ? runs[commit] : undefined) },
    artifacts: {
      list: async (run) =>
        of(run).map(([name, bytes]) => ({ id: all.findIndex((one) => one.bytes === bytes), name, size: bytes.length })),
      read: async ({ id }, file) => (file === PLAN_FILE ? all[id]?.bytes : undefined),
    },
    pulls: {
      read: async (number) => ({ number, head, base: 'main', isFork }),
      ...{ listOpen: never, readMerge: never, findMerge: never },
    },
    people: { mayWrite: never, authorsOf: never },
  };
}

/** Applies nothing: looks for the saved plan among the artifacts alone. */
function look(left: Left | undefined): ReturnType<typeof accept> {
  const inputs = { 'saved-plan': '', 'pull-request': '7', workflow: 'pull-request.yml', head };
  return accept(ground, inputs, { github: left && github(left) });
}

const name = nameSavedPlan('app');
const leave = (bytes: Buffer): Left => ({ artifacts: { [RUN]: { [name]: bytes } } });

test('the plan that the newest run of the merged head left is taken, and no other', async () => {
  const older = seal(packPlan({ ...saved, binding: { ...saved.binding, head: 'e'.repeat(40) } }), KEY);
  const accepted = await look({
    artifacts: { [OTHER]: { [name]: older }, [RUN]: { [nameSavedPlan('web')]: older, [name]: sealed } },
  });
  expect(accepted).toMatchObject({ kind: 'accepted', saved: { binding: { stack: 'app', head } } });
});

describe('a saved plan among the artifacts is refused', () => {
  const flip = (at: number): Buffer => {
    const damaged = Buffer.from(sealed);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    return damaged;
  };
  const tag = Buffer.from('slipway-sealed-1\n').length + 16 + 12;
  const damaged = /^the saved plan slipway-plan-app is damaged, or was saved with another key: give .* the same secret/;
  const missing = (why: string): RegExp => new RegExp(`^no plan of app was saved for [0-9a-f]{7} \\(${why}`);
  const cases: [string, () => Left | undefined, RefusalKind, RegExp][] = [
    [
      "of a fork's pull request, whatever lies there",
      () => ({ ...leave(sealed), isFork: true }),
      'from-fork',
      /^#7 comes from a fork, whose plan is never saved: .* from a branch of this repository$/,
    ],
    ['that nobody may ask for', () => undefined, 'none-saved', missing('there is neither a file nor a token')],
    [
      'of a head that no run planned',
      () => ({ ...leave(sealed), runs: { ['e'.repeat(40)]: RUN } }),
      'none-saved',
      missing('pull-request.yml has no run for it'),
    ],
    [
      'of a run that left those of other stacks alone',
      () => ({ artifacts: { [RUN]: { [nameSavedPlan('web')]: sealed }, [OTHER]: { [name]: sealed } } }),
      'none-saved',
      missing('run 41 left none: it failed, had no key, or is older'),
    ],
    ['whose seal does not fit by one bit', () => leave(flip(tag)), 'damaged', damaged],
    ['with one bit of its text flipped', () => leave(flip(sealed.length - 1)), 'damaged', damaged],
    ['that was cut', () => leave(sealed.subarray(0, sealed.length / 2)), 'damaged', damaged],
    ['without a byte', () => leave(Buffer.alloc(0)), 'damaged', damaged],
    ['that was written without a seal', () => leave(packPlan(saved)), 'damaged', damaged],
    ['that another key sealed', () => leave(seal(packPlan(saved), `${KEY}!`)), 'damaged', damaged],
    ['that is sealed and no plan', () => leave(seal(Buffer.from('{}\n'), KEY)), 'damaged', damaged],
  ];
  test.each(cases)('%s', async (_name, left, kind, sentence) => {
    const accepted = await look(left());
    if (accepted.kind !== 'refused') throw new Error('it is refused');
    expect(accepted.refusal).toEqual({ kind, sentence: expect.stringMatching(sentence) });
    expect(accepted.refusal.sentence).toMatch(/plan it again, in a pull request/);
  });

  test('and nothing is applied: what the code would do now is shown instead', async () => {
    const inputs = { 'saved-plan': '', 'pull-request': '7', workflow: 'pull-request.yml' };
    const { outputs, result } = await apply(ground, inputs, {}, { github: github(leave(flip(tag))) });
    expect(outputs).toMatchObject({ outcome: 'refused', refusal: 'damaged', applied: '[]' });
    expect(result.fresh?.counts).toMatchObject({ create: 1 });
    expect(() => ground.read(`${FOLDER}/terraform.tfstate`)).toThrow(/ENOENT/);
  });
});

describe('a plan that ended in an error', () => {
  /** What Terraform writes beside its error: a plan file with half of the work, and its JSON. */
  async function planErrored(): Promise<Pick<SavedPlan, 'json' | 'plan'>> {
    const broken = openGround(
      `${MAIN}resource "terraform_data" "broken" {
  input = terraform_data.app.input
  lifecycle {
    precondition {
      condition     = terraform_data.app.input == ""
      error_message = "boom"
    }
  }
}
`,
    );
    try {
      const exec = createExec(plainEnvironment());
      const cwd = join(broken.root, FOLDER);
      await exec(['terraform', 'init', '-input=false'], { cwd });
      const { code } = await exec(['terraform', 'plan', '-out=planned'], { cwd, accept: 'any' });
      expect(code).toBe(1);
      const { stdout } = await exec(['terraform', 'show', '-json', 'planned'], { cwd });
      return { json: stdout.toString('utf8'), plan: readFileSync(join(cwd, 'planned')) };
    } finally {
      broken.remove();
    }
  }

  test('is refused, also as OpenTofu writes it, which does not say whether a plan is complete', async () => {
    const errored = await planErrored();
    expect(JSON.parse(errored.json)).toMatchObject({ errored: true, complete: false });
    const { complete: _complete, ...tofu } = JSON.parse(errored.json);
    for (const json of [errored.json, JSON.stringify(tofu)]) {
      const accepted = await look(leave(seal(packPlan({ ...saved, ...errored, json }), KEY)));
      if (accepted.kind !== 'refused') throw new Error('it is refused');
      expect(accepted.refusal).toEqual({
        kind: 'incomplete',
        sentence: expect.stringMatching(/^the saved plan ended in an error, so it cannot be applied as it is: plan it/),
      });
    }
  });
});
