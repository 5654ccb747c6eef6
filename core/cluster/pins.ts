import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { KubeObject } from '#core/cluster/objects.ts';
import { describeError, quote, Refusal } from '#core/values/errors.ts';

/** Where the pins are in the tenant's repository. */
export const PINS_FILE = 'argocd/pins.json';

/** What fills and renews the digests of images. */
const PINS_COMMAND = 'npm run -s slipway -- cluster pins';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const pinsSchema = z.strictObject({
  argocd: z.strictObject({
    version: z.string().regex(/^\d+\.\d+\.\d+$/),
    manifest: z.strictObject({ url: z.url({ protocol: /^https$/ }), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  }),
  /** The image that a version of a chart runs, and the value of the chart that chooses its tag. */
  charts: z.record(
    z.string(),
    z.strictObject({
      version: z.string().regex(/^\d+\.\d+\.\d+$/),
      value: z.string().regex(/^\w+(\.\w+)*$/),
      image: z.string(),
    }),
  ),
  /** Digests by `name:tag`; null where none is known yet. */
  images: z.record(z.string().regex(/^[^@\s]+\/[^@\s]+:[\w.-]+$/), digest.nullable()),
});

/** What `cluster connect` installs, and by which digests. */
export type Pins = z.output<typeof pinsSchema>;

/** Returns the pins of a file's text; refuses with the field. */
export function parsePins(text: string): Pins {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Refusal(`${PINS_FILE} is not JSON: ${describeError(error)}`, { cause: error });
  }
  const read = pinsSchema.safeParse(value);
  if (read.data !== undefined) return read.data;
  const [issue] = read.error.issues;
  throw new Refusal(`${PINS_FILE}: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** Refuses a manifest whose bytes are not the pinned ones. */
export function checkManifest(bytes: Uint8Array, { argocd: { version, manifest } }: Pins, origin: string): void {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== manifest.sha256)
    throw new Refusal(
      `${origin} is not Argo CD ${version}'s manifest as ${PINS_FILE} pins it: its sha256 is ${found}, expected ${manifest.sha256}. Nothing was applied.`,
    );
}

/** Returns the objects with every image by digest; refuses images that the pins do not have. */
export function pinImages(objects: readonly KubeObject[], { images }: Pins): KubeObject[] {
  const unknown = new Set<string>();
  const pin = (value: unknown, key = ''): unknown => {
    if (Array.isArray(value)) return value.map((item) => pin(item));
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, pin(item, name)]));
    if (key !== 'image' || typeof value !== 'string' || value.includes('@sha256:')) return value;
    const found = Object.hasOwn(images, value) ? images[value] : undefined;
    if (!found) unknown.add(value);
    return found ? `${value}@${found}` : value;
  };
  const pinned = objects.map((object) => (isWorkload(object) ? (pin(object) as KubeObject) : object)); // the same form
  if (unknown.size > 0) throw unpinned([...unknown]);
  return pinned;
}

const chartApplication = z.looseObject({
  kind: z.literal('Application'),
  spec: z.looseObject({
    source: z.looseObject({
      chart: z.string(),
      targetRevision: z.string().optional(),
      helm: z
        .looseObject({ valuesObject: z.record(z.string(), z.unknown()).default({}) })
        .default({ valuesObject: {} }),
    }),
  }),
});

/** Returns the objects with the image of each chart that is pinned by its digest; refuses another version of the chart. */
export function pinCharts(objects: readonly KubeObject[], { charts, images }: Pins): KubeObject[] {
  return objects.map((object) => {
    const { data } = chartApplication.safeParse(object);
    const pin =
      data !== undefined && Object.hasOwn(charts, data.spec.source.chart) ? charts[data.spec.source.chart] : undefined;
    if (data === undefined || pin === undefined) return object;
    const { chart, targetRevision = '' } = data.spec.source;
    if (targetRevision !== pin.version)
      throw new Refusal(
        `${PINS_FILE} pins ${pin.image} for the chart ${chart} ${pin.version}, and its Application says ${quote(targetRevision)}: write the same version into both, and the image that this chart runs`,
      );
    const found = Object.hasOwn(images, pin.image) ? images[pin.image] : undefined;
    if (!found) throw unpinned([pin.image]);
    const tag = `${pin.image.slice(pin.image.lastIndexOf(':') + 1)}@${found}`;
    const { source } = data.spec;
    const helm = { ...source.helm, valuesObject: setValue(source.helm.valuesObject, pin.value.split('.'), tag) };
    return {
      ...data,
      apiVersion: object.apiVersion,
      metadata: object.metadata,
      spec: { ...data.spec, source: { ...source, helm } },
    };
  });
}

function setValue(
  values: Readonly<Record<string, unknown>>,
  [first = '', ...rest]: readonly string[],
  value: string,
): Record<string, unknown> {
  if (rest.length === 0) return { ...values, [first]: value };
  const { data = {} } = z.record(z.string(), z.unknown()).safeParse(values[first]);
  return { ...values, [first]: setValue(data, rest, value) };
}

function unpinned(names: readonly string[]): Refusal {
  return new Refusal(
    `${PINS_FILE} has no digest of ${names.join(', ')}. This asks the registries for it; look at the difference and commit it:\n  ${PINS_COMMAND}`,
  );
}

/** A definition of a kind describes fields that are called image. */
function isWorkload({ kind }: KubeObject): boolean {
  return ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod'].includes(kind);
}
