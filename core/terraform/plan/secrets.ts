import { isObject } from '#core/values/json.ts';
import type { PlanFile } from './parse.ts';

/** Returns the values that a plan marks as sensitive, wherever it says so: changes, state, outputs, variables. */
export function collectSecrets(file: PlanFile): Set<string> {
  const secrets = new Set<string>();
  const resources = [...file.resource_changes, ...file.resource_drift];
  const deferred = file.deferred_changes.map(({ resource_change }) => resource_change);
  const changes = [...resources, ...deferred].map(({ change }) => change);
  for (const change of [...changes, ...Object.values(file.output_changes)]) {
    collectMasked(change.before, change.before_sensitive, secrets);
    collectMasked(change.after, change.after_sensitive, secrets);
  }
  collectValues(file.planned_values, secrets);
  if (isObject(file.prior_state)) collectValues(file.prior_state['values'], secrets);
  collectVariables(file, secrets);
  return secrets;
}

/** Returns the values that a state marks as sensitive; `state` is what `show -json` says without a file. */
export function collectStateSecrets(state: unknown): Set<string> {
  const secrets = new Set<string>();
  if (isObject(state)) collectValues(state['values'], secrets);
  return secrets;
}

function collectMasked(value: unknown, mask: unknown, secrets: Set<string>): void {
  if (mask === true) collectLeaves(value, secrets);
  else if (Array.isArray(value) && Array.isArray(mask))
    for (const [at, item] of value.entries()) collectMasked(item, mask[at], secrets);
  else if (isObject(value) && isObject(mask))
    for (const [key, inner] of Object.entries(mask))
      if (Object.hasOwn(value, key)) collectMasked(value[key], inner, secrets);
}

function collectLeaves(value: unknown, secrets: Set<string>): void {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') secrets.add(String(value));
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) collectLeaves(inner, secrets);
}

/** The values of a state, as `planned_values` and `prior_state` have them. */
function collectValues(values: unknown, secrets: Set<string>): void {
  if (!isObject(values)) return;
  for (const output of listOf(values['outputs'])) collectMasked(output['value'], output['sensitive'], secrets);
  collectModule(values['root_module'], secrets);
}

function collectModule(module: unknown, secrets: Set<string>): void {
  if (!isObject(module)) return;
  for (const resource of listOf(module['resources']))
    collectMasked(resource['values'], resource['sensitive_values'], secrets);
  for (const child of listOf(module['child_modules'])) collectModule(child, secrets);
}

function collectVariables({ variables, configuration }: PlanFile, secrets: Set<string>): void {
  const root = isObject(configuration) ? configuration['root_module'] : undefined;
  if (!isObject(root)) return;
  for (const name of listSensitiveNames(root['variables']))
    if (Object.hasOwn(variables, name)) collectLeaves(variables[name]?.value, secrets);
  collectDeclared(root, secrets);
}

/** Literals that a configuration gives to sensitive variables, as their default or in a module's call. */
function collectDeclared(module: Readonly<Record<string, unknown>>, secrets: Set<string>): void {
  for (const { sensitive, default: value } of listOf(module['variables']))
    if (sensitive === true) collectLeaves(value, secrets);
  for (const call of listOf(module['module_calls'])) {
    const called = call['module'];
    if (!isObject(called)) continue;
    const given = call['expressions'];
    for (const name of listSensitiveNames(called['variables']))
      if (isObject(given) && isObject(given[name])) collectLeaves(given[name]['constant_value'], secrets);
    collectDeclared(called, secrets);
  }
}

function listSensitiveNames(variables: unknown): string[] {
  if (!isObject(variables)) return [];
  return Object.keys(variables).filter((name) => isObject(variables[name]) && variables[name]['sensitive'] === true);
}

/** Returns the objects in a list or in an object's values. */
function listOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return typeof value === 'object' && value !== null ? Object.values(value).filter(isObject) : [];
}
