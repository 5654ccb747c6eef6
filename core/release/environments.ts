import type { Config, EnvironmentConfig } from '#core/config/config.ts';
import type { Intent } from '#core/release/intent.ts';
import { InputError, Refusal } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';

/** Returns the environments that an intent is for; refuses names that slipway.yaml lacks and what it does not allow. */
export function chooseEnvironments(config: Config, intent: Intent): EnvironmentConfig[] {
  refuseUnknownImages(config, intent);
  const { environments } = intent;
  if (environments !== undefined) return environments.map((name) => findEnvironment(config, name, intent));
  const chosen = [...config.environments.values()].filter(({ deploys }) => deploys === 'on-push');
  if (chosen.length > 0) return chosen;
  throw new Refusal(
    'environment: slipway.yaml has no environment with deploys: on-push; name the environment, or set deploys of one',
  );
}

function refuseUnknownImages(config: Config, intent: Intent): void {
  const known = [...config.images.keys()];
  const unknown = [...intent.images.keys()].find((image) => !config.images.has(image));
  if (unknown !== undefined)
    throw new InputError('images', unknown, `is not an image of slipway.yaml${suggestName(unknown, known)}`);
}

function findEnvironment(config: Config, name: string, intent: Intent): EnvironmentConfig {
  const environment = config.environments.get(name);
  if (environment === undefined) {
    const known = [...config.environments.keys()];
    throw new InputError('environment', name, `is not an environment of slipway.yaml${suggestName(name, known)}`);
  }
  if (intent.kind !== 'deploy') return environment;
  if (environment.deploys === 'on-promotion') {
    throw new Refusal(
      `environment: ${name} takes releases by promotion from ${environment.from ?? 'another environment'} only (slipway.yaml, deploys: on-promotion); promote the release instead`,
    );
  }
  if (environment.deploys === 'by-hand' && !intent.isByHand) {
    throw new Refusal(
      `environment: ${name} takes releases by hand only (slipway.yaml, deploys: by-hand); start the workflow yourself (workflow_dispatch)`,
    );
  }
  return environment;
}
