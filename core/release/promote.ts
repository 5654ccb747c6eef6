import type { EnvironmentConfig } from '#core/config/config.ts';
import { entriesOf, findUnclaimed } from '#core/overlay/overlay.ts';
import { type AskPorts, describeAsker } from '#core/release/ask.ts';
import { releaseKey } from '#core/release/believe.ts';
import { deliver } from '#core/release/deliver.ts';
import { findEnvironment, findSourceOf, refuseUnknownImage } from '#core/release/environments.ts';
import type { Build, PromotionIntent } from '#core/release/intent.ts';
import type { LandResult } from '#core/release/land.ts';
import { readTip } from '#core/release/open-intents.ts';
import { refuseUnproven } from '#core/release/refuse-unproven.ts';
import { Refusal } from '#core/values/errors.ts';
import { NEVER_RELEASED } from '#core/values/reference.ts';

/** What a person wants to bring on. */
export interface PromotionRequest {
  /** The environment that receives. */
  readonly environment: string;
  /** Undefined for the whole set. */
  readonly image: string | undefined;
  readonly reason: string;
  readonly branch: string;
  /** Brings on what was not seen running; the commit says so. */
  readonly override: boolean;
}

/** Brings the exact set that the environment before runs into this one, in one commit. */
export async function promote(request: PromotionRequest, ports: AskPorts): Promise<LandResult> {
  return deliver(await preparePromotion(request, ports), request.branch, ports);
}

/** Finds the set that is to be brought on and returns its intent; nothing is written yet. */
export async function preparePromotion(request: PromotionRequest, ports: AskPorts): Promise<PromotionIntent> {
  const { head } = await readTip(request.branch, ports);
  const config = await ports.readConfig(head);
  const target = findEnvironment(config, request.environment);
  const { name } = target;
  const from = findSourceOf(target);
  if (request.image !== undefined) refuseUnknownImage(config, 'image', request.image);
  const source = findEnvironment(config, from);
  const branch = await ports.history.at(head);
  const images = request.image === undefined ? [...config.images.keys()] : [request.image];
  const found = await branch.findReleases({
    places: [{ environment: from, overlay: source.overlay }],
    images,
    count: 1,
  });
  const read = (one: EnvironmentConfig) => ports.editor.read(head, one, config);
  const [before, after] = await Promise.all([read(source), read(target)]);
  const isWanted = (image: string): boolean => request.image !== undefined || entriesOf(after, image).length > 0;
  for (const image of images) {
    const fault = findUnclaimed(after, image, config); // the set would land without it
    if (fault !== undefined) throw fault;
  }
  for (const image of images.filter(isWanted)) {
    const digest = before.digests.get(image);
    if (digest !== undefined && digest !== NEVER_RELEASED && !found.get(releaseKey(from, image))?.length)
      throw new Refusal(
        `environment: ${from}/${image} was not landed by this pipeline: its overlay says ${digest}, and no release of it is on the branch; deploy it to ${from} first, or promote the other images one by one`,
      );
  }
  const builds = images.flatMap((image): [string, Build][] => {
    const release = found.get(releaseKey(from, image))?.[0];
    const current = before.digests.get(image);
    // what the environment does not run as it was released is refused where it is decided
    return release === undefined || !isWanted(image)
      ? []
      : [[image, { digest: current ?? release.to, source: release.source }]];
  });
  if (builds.length === 0) {
    const scope = request.image === undefined ? from : `${from}/${request.image}`;
    throw new Refusal(`environment: nothing was landed in ${scope} by this pipeline yet; deploy to ${from} first`);
  }
  const releases = builds.flatMap(([image, { digest: to }]) => {
    const release = found.get(releaseKey(from, image))?.[0];
    const isThere = after.digests.get(image) === to; // what changes nothing needs no proof
    return release === undefined || isThere ? [] : [{ ...release, to }];
  });
  const promoted = { target, source, releases, override: request.override };
  const overridden = await refuseUnproven(promoted, branch, ports);
  const asker = describeAsker(ports, overridden === undefined ? request.reason : `${request.reason} (${overridden})`);
  return { kind: 'promotion', environment: name, images: new Map(builds), ...asker };
}
