import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Runner } from '#core/action/runner.ts';
import { describeError, InputError, Refusal } from '#core/values/errors.ts';

/** A file that a step leaves for the jobs after it. */
export interface Upload {
  /** Of the artifact: a run has one of each name. */
  readonly name: string;
  /** Of the file in it. */
  readonly file: string;
  readonly content: string | Uint8Array;
  /** Days until GitHub deletes it. */
  readonly days: number;
}

/** Leaves a file as an artifact of the run. */
export type LeaveArtifact = (upload: Upload) => Promise<void>;

/**
 * Returns what leaves artifacts of this run, by GitHub's own package, which is loaded when the first is left; undefined
 * on what has none, such as a person's terminal.
 */
export function openUpload(
  { environment, log }: Pick<Runner, 'environment' | 'log'>,
  folder: () => Promise<string>,
): LeaveArtifact | undefined {
  if ((environment.all['ACTIONS_RUNTIME_TOKEN'] ?? '') === '') {
    log.info('this runner keeps no artifacts: the results are in files alone');
    return undefined;
  }
  return async ({ name, file, content, days }) => {
    const root = await folder();
    const path = join(root, file);
    await writeFile(path, content, { mode: 0o600 });
    const { DefaultArtifactClient } = await import('@actions/artifact');
    const client = new DefaultArtifactClient();
    const upload = () => client.uploadArtifact(name, [path], root, { retentionDays: days });
    await upload()
      .catch(async (error: unknown) => {
        if (!/already exists/.test(describeError(error))) throw error;
        await client.deleteArtifact(name); // of an earlier attempt of this run
        return upload();
      })
      .catch((error: unknown) => {
        throw new Refusal(`the artifact ${name} could not be left (${describeError(error)}): ${remedyFor(error)}`);
      });
  };
}

/** A name that is taken by nothing that can be deleted is one of an upload that was cut off. */
function remedyFor(error: unknown): string {
  return /not found/i.test(describeError(error))
    ? 'an earlier attempt of this run was cut off while it left it, and its name is taken; start a new run: push, close and reopen the pull request, or start the workflow by hand'
    : 'see https://www.githubstatus.com, then run the job again';
}

/** Returns for how many days an artifact is kept: 1 to 90; `most` is less where it holds secrets. */
export function parseDays(input: string, text: string, most = 90): number {
  const days = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= most) return days;
  throw new InputError(input, text, `is not a number of days: expected 1 to ${most}`);
}
