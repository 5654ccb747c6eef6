import type { ImagesPorts, OpenRegistry } from '#core/images/preview.ts';
import { openRegistry } from '#core/registry/open.ts';
import { type Opened, openInScratch, openRepositories, type Workplace } from '#core/release/open-ports.ts';
import { systemClock } from '#core/system/clock.ts';

/** How long a registry that does not answer is asked again, in milliseconds: a preview is not worth more. */
const PATIENCE_MS = 5_000;

/** Returns what opens the registry of slipway.yaml with the place's own login, to look only. */
export function openToLook({ environment, mask, log }: Pick<Workplace, 'environment' | 'mask' | 'log'>): OpenRegistry {
  const deps = { environment, mask, clock: systemClock, say: log.info, deadlineMs: PATIENCE_MS };
  return (location) => openRegistry(location, deps);
}

/** What a preview of images needs, and where it may write. */
export interface ImagesPlace extends ImagesPorts {
  /** Makes a scratch folder. */
  readonly folder: () => Promise<string>;
}

/** Opens the checkout's commits, its remote and the registry for a preview of images; closing removes the scratch folders. */
export function openImagesPorts(place: Workplace, asksRegistry: true | string): Promise<Opened<ImagesPlace>> {
  return openInScratch(place, 'images', async (scratch, exec) => {
    return {
      ...(await openRepositories(place, scratch, exec)),
      folder: scratch.folder,
      registry: asksRegistry === true ? openToLook(place) : asksRegistry,
      clock: systemClock,
      log: place.log,
    };
  });
}
