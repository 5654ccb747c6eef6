import type { Config, EnvironmentConfig, Via } from '#core/config/config.ts';
import type { DeployIntent, Intent } from '#core/release/intent.ts';
import { InputError, Refusal } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';

/**
 * Returns the environments that an intent is for, of those that take it `via` a push or a pull request; refuses names that
 * slipway.yaml lacks and what it does not allow.
 */
export function chooseEnvironments(config: Config, intent: Intent, via: Via = 'push'): EnvironmentConfig[] {
  const named = nameEnvironments(config, intent);
  if (intent.kind === 'deploy' && intent.environments === undefined) {
    const chosen = named.filter((environment) => environment.via === via);
    if (chosen.length > 0) return chosen;
  }
  return named.map((environment) => refuseOtherVia(environment, via));
}

/** Returns the environments that an intent is for, however they take it; refuses as {@link chooseEnvironments} does. */
export function nameEnvironments(config: Config, intent: Intent): EnvironmentConfig[] {
  refuseUnknownImages(config, intent);
  if (intent.kind !== 'deploy') return [chooseOne(config, intent)];
  if (intent.environments !== undefined) {
    return [...new Set(intent.environments)].map((name) => refuseOtherWays(findEnvironment(config, name), intent));
  }
  const chosen = [...config.environments.values()].filter(({ deploys }) => deploys === 'on-push');
  if (chosen.length > 0) return chosen;
  throw new Refusal(
    'environment: none is named, and slipway.yaml has none that deploys on push; name one, or set deploys: on-push for one',
  );
}

/** Returns the environment of this name, or refuses it with the nearest. */
export function findEnvironment(config: Config, name: string): EnvironmentConfig {
  const environment = config.environments.get(name);
  if (environment !== undefined) return environment;
  const known = [...config.environments.keys()];
  throw new InputError('environment', name, `is not an environment of slipway.yaml${suggestName(name, known)}`);
}

/** Returns the environment that this one takes releases from, or refuses one that takes none. */
export function findSourceOf({ name, from }: EnvironmentConfig): string {
  if (from !== undefined) return from;
  throw new Refusal(
    `environment: ${name} has no environment to take releases from; set from in slipway.yaml (environments.${name}.from)`,
  );
}

/** Returns where releases of all environments are looked for. */
export function listPlaces({ environments }: Config): { readonly environment: string; readonly overlay: string }[] {
  return [...environments.values()].map(({ name, overlay }) => ({ environment: name, overlay }));
}

/** Refuses an image that slipway.yaml does not have, with the nearest. */
export function refuseUnknownImage(config: Config, input: string, image: string): void {
  if (config.images.has(image)) return;
  throw new InputError(input, image, `is not an image of slipway.yaml${suggestName(image, [...config.images.keys()])}`);
}

function refuseUnknownImages(config: Config, intent: Intent): void {
  if (intent.kind !== 'hold') for (const image of intent.images.keys()) refuseUnknownImage(config, 'images', image);
  if (intent.kind !== 'hold' && intent.kind !== 'release') return;
  if (intent.image !== '*') refuseUnknownImage(config, 'image', intent.image);
}

function chooseOne(config: Config, intent: Exclude<Intent, DeployIntent>): EnvironmentConfig {
  const environment = findEnvironment(config, intent.environment);
  if (intent.kind === 'promotion') findSourceOf(environment);
  return environment;
}

/** slipway.yaml may have changed since the intent was asked for. */
function refuseOtherVia(environment: EnvironmentConfig, via: Via): EnvironmentConfig {
  if (environment.via === via) return environment;
  const { name } = environment;
  throw new Refusal(
    environment.via === 'push'
      ? `environment: ${name} takes no pull requests any more (slipway.yaml, via: push); run the job again`
      : `environment: ${name} takes changes by pull request only (slipway.yaml, via: pull-request); start the workflow on GitHub, or run its job again`,
  );
}

function refuseOtherWays(environment: EnvironmentConfig, { isByHand }: DeployIntent): EnvironmentConfig {
  const { name, deploys, from } = environment;
  if (deploys === 'on-promotion') {
    throw new Refusal(
      `environment: ${name} takes releases by promotion from ${from ?? 'another environment'} only (slipway.yaml, deploys: on-promotion); promote the release instead`,
    );
  }
  if (deploys === 'by-hand' && !isByHand) {
    throw new Refusal(
      `environment: ${name} takes releases by hand only (slipway.yaml, deploys: by-hand); start the workflow yourself (workflow_dispatch)`,
    );
  }
  return environment;
}
