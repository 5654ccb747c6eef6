import { posix } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { checkWorkflowEnvironments } from '#tests/contract/environment-workflows.ts';

/** The files that an environment is made of, by path: slipway.yaml, overlays/, base/, argocd/, .github/workflows/. */
export type EnvironmentFiles = ReadonlyMap<string, string>;

/** The part of slipway.yaml that the rules read. */
const config = z.looseObject({
  images: z.record(z.string(), z.looseObject({ names: z.array(z.string()).optional() })),
  environments: z.record(
    z.string(),
    z.looseObject({ overlay: z.string(), deploys: z.string(), from: z.string().optional() }),
  ),
});
const kustomization = z.looseObject({
  namespace: z.string().optional(),
  resources: z.array(z.string()).default([]),
  images: z.array(z.looseObject({ name: z.string() })).default([]),
});
const application = z.looseObject({
  kind: z.literal('Application'),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    project: z.string(),
    source: z.looseObject({ path: z.string() }),
    destination: z.looseObject({ namespace: z.string() }),
  }),
});
const project = z.looseObject({
  kind: z.literal('AppProject'),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({ destinations: z.array(z.looseObject({ namespace: z.string() })) }),
});

type Config = z.output<typeof config>;
type Application = z.output<typeof application>['spec'] & { readonly name: string; readonly file: string };

/** Returns what is missing or left over, one sentence each: the file, what is wrong with it, and the remedy. */
export function checkEnvironments(files: EnvironmentFiles): string[] {
  const written = config.parse(parse(files.get('slipway.yaml') ?? ''));
  const environments = Object.entries(written.environments).map(([name, { overlay, deploys, from }]) => ({
    name,
    deploys,
    from,
    overlay: posix.normalize(overlay).replace(/\/$/, ''),
  }));
  const applications = readArgo(files, application).map(({ object: { metadata, spec }, file }) => ({
    ...spec,
    name: metadata.name,
    file,
  }));
  return [
    ...environments.flatMap(({ name, overlay }) => [
      ...checkOverlay(files, name, overlay, written.images),
      ...checkApplication(files, name, overlay, applications),
    ]),
    ...findOrphans(files, new Set(environments.map(({ overlay }) => overlay)), applications),
    ...checkWorkflowEnvironments(files, environments),
  ];
}

function checkOverlay(files: EnvironmentFiles, name: string, overlay: string, images: Config['images']): string[] {
  const file = `${overlay}/kustomization.yaml`;
  const written = readKustomization(files, overlay);
  if (written === undefined)
    return [`${file} does not exist: slipway.yaml has an environment ${name}; write its overlay or remove it there`];
  const used = listContainerImages(files, overlay);
  const missing = Object.entries(images).flatMap(([image, { names = [image] }]) =>
    names
      .filter((known) => used.has(known) && !written.images.some((entry) => entry.name === known))
      .map((known) => `${file} has no entry for ${known}, which its base uses: add one under images`),
  );
  return [
    ...(written.namespace === undefined ? [`${file} has no namespace: add the one that ${name} runs in`] : []),
    ...missing,
  ];
}

function checkApplication(
  files: EnvironmentFiles,
  name: string,
  overlay: string,
  applications: readonly Application[],
): string[] {
  const own = applications.filter((candidate) => normalize(candidate.source.path) === overlay);
  const [first, second] = own;
  if (first === undefined)
    return [`argocd/${name}.yaml does not exist: add an Application with path: ${overlay}, or nothing deploys ${name}`];
  if (second !== undefined)
    return [
      `${second.file} has path ${overlay} like ${first.file}: one Application syncs an overlay, remove the other`,
    ];
  const namespace = readKustomization(files, overlay)?.namespace;
  const given = first.destination.namespace;
  const allowed = readArgo(files, project).filter(({ object }) => object.metadata.name === first.project);
  const isAllowed = allowed.some(({ object }) => object.spec.destinations.some((to) => to.namespace === given));
  return [
    ...(readKustomization(files, 'argocd')?.resources.includes(posix.basename(first.file))
      ? []
      : [`argocd/kustomization.yaml does not list ${posix.basename(first.file)}: add it to resources`]),
    ...(namespace === undefined || namespace === given
      ? []
      : [`${first.file} deploys to ${given}, but ${overlay} writes ${namespace}: make them the same`]),
    ...(isAllowed ? [] : [`argocd/project.yaml does not allow ${given}, where ${name} runs: add it to destinations`]),
  ];
}

/** Overlay folders and Applications that no environment owns. */
function findOrphans(
  files: EnvironmentFiles,
  overlays: ReadonlySet<string>,
  applications: readonly Application[],
): string[] {
  const folders = [...files.keys()]
    .filter((path) => /^overlays\/.*\/kustomization\.yaml$/.test(path))
    .map((path) => posix.dirname(path));
  return [
    ...folders
      .filter((folder) => !overlays.has(folder))
      .map((folder) => `${folder} is the overlay of no environment: name it in slipway.yaml or remove it`),
    ...applications
      .filter(({ source }) => !overlays.has(normalize(source.path)))
      .map(
        ({ file, source }) => `${file} syncs ${source.path}, which is not an environment's overlay: correct its path`,
      ),
  ];
}

/** Objects of one kind in argocd/, with the file that each is in. */
function readArgo<T>(files: EnvironmentFiles, shape: z.ZodType<T>): { object: T; file: string }[] {
  return [...files]
    .filter(([path]) => /^argocd\/[^/]+\.yaml$/.test(path))
    .flatMap(([file, text]) =>
      parseAllDocuments(text).flatMap((document) => {
        const parsed = shape.safeParse(document.toJS());
        return parsed.success ? [{ object: parsed.data, file }] : [];
      }),
    );
}

function readKustomization(files: EnvironmentFiles, folder: string): z.output<typeof kustomization> | undefined {
  const text = files.get(`${folder}/kustomization.yaml`);
  return text === undefined ? undefined : kustomization.parse(parse(text));
}

/** Names of the images in an overlay's manifests and its bases', as they are written, without tag and digest. */
function listContainerImages(files: EnvironmentFiles, folder: string): ReadonlySet<string> {
  const resources = readKustomization(files, folder)?.resources ?? [];
  return new Set(
    resources.flatMap((resource): string[] => {
      const path = posix.join(folder, resource);
      const text = files.get(path);
      if (text === undefined) return [...listContainerImages(files, path)];
      return [...text.matchAll(/^[\s-]*image:\s*["']?([^\s"'@]+)/gm)].map(([, image = '']) =>
        image.replace(/:[^/:]*$/, ''),
      );
    }),
  );
}

function normalize(path: string): string {
  return posix.normalize(path).replace(/\/$/, '');
}
