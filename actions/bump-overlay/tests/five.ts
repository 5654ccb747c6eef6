import { openStage, resetTo, type Stage } from '#tests/support/stage.ts';

type Change = Awaited<ReturnType<Stage['change']>>;

/** Five quick commits of the bot, each with its build in the registry: there a run is when its bump waits for its turn. */
export interface Five {
  readonly stage: Stage;
  /** A commit and its build, 0 to 4. */
  at(index: number): Change;
  /** Which of them were released in production, in the order of the releases. */
  released(): number[];
  /** Takes the branch and the intents back to where the five are pushed and none is released. */
  reset(): void;
}

/** Opens the stage and pushes the five. */
export async function openFive(): Promise<Five> {
  const stage = await openStage({ images: ['discord-bot'] });
  const changes: Change[] = [];
  for (const title of ['first', 'second', 'third', 'fourth', 'fifth']) changes.push(await stage.change(title));
  const pushed = stage.tenant.remoteGit('rev-parse', 'main');
  const format = '--format=%(trailers:key=Slipway-Release,valueonly)';
  return {
    stage,
    at: (index) => {
      const change = changes[index];
      if (change === undefined) throw new Error(`there is no commit ${index}`);
      return change;
    },
    released: () =>
      stage.tenant
        .remoteGit('log', '--reverse', format, `${pushed}..main`)
        .split('\n')
        .filter((line) => line.startsWith('production/discord-bot '))
        .map((line) => changes.findIndex(({ source }) => line.includes(`source=${source}`))),
    reset: () => resetTo(pushed, stage.tenant),
  };
}

/** What a run's bump is given for its own commit. */
export function inputsOf({ digest, source }: Change): Record<string, string> {
  return { images: `discord-bot=${digest}`, 'source-sha': source };
}
