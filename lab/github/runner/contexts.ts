import { z } from 'zod';
import type { Value } from '#lab/github/runner/expression.ts';
import type { RunnerOptions, RunRecord, Trigger } from '#lab/github/runner/run-record.ts';

const value: z.ZodType<Value> = z.json();

/**
 * Returns what the expressions of a run's jobs may speak of, besides `needs` and `matrix`.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/contexts
 */
export function readContexts(run: RunRecord, trigger: Trigger, options: RunnerOptions): Record<string, Value> {
  const { id, ref, sha, event, actor, workflow, attempt, triggeringActor } = run;
  const repository = options.env['GITHUB_REPOSITORY'] ?? '';
  const github = {
    ...{ ref, ref_name: ref.replace(/^refs\/(?:heads|tags|pull)\//, ''), sha, workflow, repository },
    ...{ event_name: event, event: value.parse(JSON.parse(JSON.stringify(trigger.payload))) },
    ...{ actor, triggering_actor: triggeringActor, repository_owner: repository.split('/')[0] ?? '' },
    ...{ run_id: String(id), run_number: String(id), run_attempt: String(attempt) },
    ...{ head_ref: trigger.pull?.headRef ?? '', base_ref: trigger.pull?.baseRef ?? '' },
    ...{ server_url: options.env['GITHUB_SERVER_URL'] ?? '', api_url: options.env['GITHUB_API_URL'] ?? '' },
  };
  return { github, inputs: trigger.inputs, vars: options.variables };
}
