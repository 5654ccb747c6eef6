import { parse } from 'yaml';
import * as z from 'zod';
import type { EnvironmentConfig } from '#core/config/config.ts';
import type { GitFacts, ImageFacts } from '#core/doctor/facts.ts';
import { openFollowers } from '#core/manifests/applications-of.ts';
import type { AskPorts } from '#core/release/ask.ts';
import type { Intent } from '#core/release/intent.ts';
import { describeBinding } from '#core/release/rules.ts';
import { type EnvironmentStatus, type ImageStatus, readStatus } from '#core/release/status.ts';
import { NEVER_RELEASED } from '#core/values/reference.ts';

/** Returns what git says of every environment, by the rules of `status`. */
export async function readGitFacts(branch: string, ports: AskPorts): Promise<ReadonlyMap<string, GitFacts>> {
  const { head, open, environments } = await readStatus(branch, ports);
  const findFollower = await openFollowers(ports.git, head);
  const facts = environments.map(async (status): Promise<[string, GitFacts]> => {
    const { config, fault, freeze, images } = status;
    const follower = findFollower(config.overlay);
    return [
      config.name,
      {
        branch,
        head,
        deploys: config.deploys,
        from: config.from ?? null,
        overlay: config.overlay,
        namespace: await readNamespace(status, head, ports),
        fault: fault?.message ?? null,
        freeze: freeze === undefined ? null : describeBinding(freeze),
        openIntents: open.filter(({ intent }) => concerns(intent, config)).length,
        application: follower?.name === undefined ? null : { file: follower.file, name: follower.name },
        images: images.map(toImageFacts),
      },
    ];
  });
  return new Map(await Promise.all(facts));
}

/** A push's own intent names no environment: it means all that deploy on push. */
function concerns(intent: Intent, { name, deploys }: EnvironmentConfig): boolean {
  if (intent.kind !== 'deploy') return intent.environment === name;
  return intent.environments === undefined ? deploys === 'on-push' : intent.environments.includes(name);
}

function toImageFacts({ image, current, release, hold, waits }: ImageStatus): ImageFacts {
  const build = waits.is === 'build' ? waits.build : undefined;
  return {
    image,
    digest: current ?? null,
    release:
      release === undefined
        ? null
        : {
            to: release.to,
            commit: release.commit ?? null,
            hasPrevious: release.from !== undefined && release.from !== NEVER_RELEASED,
          },
    hold: hold === undefined ? null : { said: describeBinding(hold), isByHand: hold.commit !== undefined },
    waits: {
      digest: build?.digest ?? null,
      source: build?.source ?? null,
      unknown: waits.is === 'unknown' ? waits.why : null,
    },
  };
}

const kustomization = z.looseObject({
  namespace: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
    .optional(),
});

/** The overlay puts everything into one namespace, mostly; where it names none, the Application does. */
async function readNamespace({ config }: EnvironmentStatus, head: string, { git }: AskPorts): Promise<string | null> {
  const names = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
  const oids = await git.findObjects(names.map((name) => `${head}:${config.overlay}/${name}`));
  const texts = await git.findTexts(oids.flatMap((oid) => oid ?? []));
  try {
    return kustomization.parse(parse(texts[0] ?? '')).namespace ?? null;
  } catch {
    return null; // what does not parse is said by the overlay's own fault
  }
}
