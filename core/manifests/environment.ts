import { posix } from 'node:path';
import type { EnvironmentConfig } from '#core/config/config.ts';
import { prunes, syncsByItself } from '#core/manifests/applications.ts';
import type { ApplicationFile } from '#core/manifests/applications-of.ts';
import { compareManifests, listChanged } from '#core/manifests/compare.ts';
import type { SchemaCheck } from '#core/manifests/kubeconform.ts';
import { type KubeObject, readObjects } from '#core/manifests/objects.ts';
import type { Entry } from '#core/manifests/report.ts';
import { listSecrets } from '#core/manifests/secrets.ts';
import type { Compared, Side, Sides } from '#core/manifests/sides.ts';
import { listSourceSecrets } from '#core/manifests/source-secrets.ts';
import type { Kustomize } from '#core/overlay/kustomization/render.ts';
import { type RenderPorts, renderAt } from '#core/overlay/render-at.ts';
import { materializeOverlay } from '#core/overlay/tree.ts';
import { createScrub } from '#core/terraform/secrets.ts';
import { isExpected } from '#core/values/errors.ts';
import { showInvisible } from '#core/values/markdown.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What rendering an environment needs. */
export interface EnvironmentPorts extends RenderPorts {
  readonly kustomize: Kustomize;
  readonly check: SchemaCheck | undefined;
}

/** What is told of one environment. */
export interface EnvironmentPreview {
  readonly notes: readonly string[];
  readonly entries: readonly Entry[];
}

/** A rendered side of an environment: its objects, or why there are none. */
interface RenderedSide {
  readonly objects: readonly KubeObject[];
  readonly fault: string | undefined;
  readonly secrets: readonly string[];
}

const NOTHING: RenderedSide = { objects: [], fault: undefined, secrets: [] };

/** Renders an environment before and after a change, and tells what differs. */
export async function previewEnvironment(
  compared: Compared,
  { base, head, paths, findFollower }: Sides,
  ports: EnvironmentPorts,
): Promise<EnvironmentPreview> {
  const [before, after] = await Promise.all([
    renderSide(base.commit, compared.before, ports),
    renderSide(head.commit, compared.after, ports),
  ]);
  const scrub = createScrub([...before.secrets, ...after.secrets]);
  const tidy = (text: string): string => showInvisible(scrub(text.replace(/\s+/g, ' ').trim()));
  if (compared.after === undefined) return tellRemoved(compared, before, findFollower);
  const application = findFollower(compared.after.overlay);
  const notes = [
    ...tellConfig(compared, base),
    ...tellFollower(compared, application),
    ...tellOverrides(compared.after, paths),
  ];
  if (after.fault !== undefined) {
    const also = before.fault === undefined ? '' : ' It did not render before either.';
    const note = tidy(`${after.fault}.${also}`);
    return { notes, entries: [{ group: 'error', label: `Overlay/${compared.name}`, note, diff: '' }] };
  }
  const healed =
    before.fault === undefined
      ? []
      : [tidy(`It renders again. Before it did not, so all objects are listed as new here: ${before.fault}.`)];
  const checked = await ports.check?.(listChanged({ before: before.objects, after: after.objects }));
  const entries = compareManifests({
    before: before.objects,
    after: after.objects,
    keeper: keeperOf(application),
    ...(checked === undefined ? {} : { findings: checked.findings }),
  });
  return { notes: [...notes, ...healed, ...tellCheck(checked, entries)], entries };
}

async function renderSide(
  commit: CommitSha,
  environment: EnvironmentConfig | undefined,
  ports: EnvironmentPorts,
): Promise<RenderedSide> {
  if (environment === undefined) return NOTHING;
  const { overlay: folder, kustomize: options } = environment;
  try {
    const { rendered } = await renderAt({ commit, folder, options }, ports.kustomize, ports);
    const objects = readObjects(rendered.documents);
    return { objects, fault: undefined, secrets: listSecrets(objects) };
  } catch (error) {
    if (!isExpected(error)) throw error;
    // kustomize may repeat what it cannot read
    const { files } = await materializeOverlay(ports.git, commit, folder, await ports.folder());
    return { objects: [], fault: error.message, secrets: listSourceSecrets(files) };
  }
}

function tellRemoved(
  { name, before }: Compared,
  { objects }: RenderedSide,
  findFollower: Sides['findFollower'],
): EnvironmentPreview {
  const follower = findFollower(before?.overlay ?? '');
  const rest =
    follower === undefined
      ? 'No Application of this repository follows its overlay any more; what it deployed goes with its Application, or stays.'
      : `${follower.file} still follows its overlay: what it deployed stays until that Application is deleted.`;
  const diff = objects.map((object) => showInvisible(`- ${object.kind}/${object.name}`)).join('\n');
  const note = showInvisible(`slipway.yaml no longer has it, so nothing is released to it any more. ${rest}`);
  return { notes: [], entries: [{ group: 'remove', label: `Environment/${name}`, note, diff }] };
}

function tellConfig({ before, after }: Compared, base: Side): string[] {
  if (base.fault !== undefined)
    return [`slipway.yaml could not be read before (${showInvisible(base.fault)}): the environments are those of now.`];
  if (after !== undefined && before === undefined) return ['It is a new environment.'];
  if (before === undefined || after === undefined) return [];
  const moved =
    before.overlay === after.overlay ? [] : [`Its overlay moves from ${before.overlay} to ${after.overlay}.`];
  const isSame = JSON.stringify(before.kustomize) === JSON.stringify(after.kustomize);
  return [...moved.map(showInvisible), ...(isSame ? [] : ['slipway.yaml renders it with other options than before.'])];
}

function tellFollower({ before, after }: Compared, application: ApplicationFile | undefined): string[] {
  if (application === undefined)
    return before === undefined && after !== undefined
      ? [
          `No Argo CD Application of this repository follows ${showInvisible(after.overlay)}: unless one elsewhere does, nothing of it runs.`,
        ]
      : [];
  if (syncsByItself(application.object.root)) return [];
  return [
    `The Application ${showInvisible(application.object.name)} does not sync by itself: nothing happens until someone syncs it.`,
  ];
}

/** Argo CD reads these beside the overlay; kustomize does not. */
function tellOverrides({ overlay }: EnvironmentConfig, paths: readonly string[]): string[] {
  const found = paths.filter(
    (path) => posix.dirname(path) === overlay && /^\.argocd-source(-.+)?\.yaml$/.test(posix.basename(path)),
  );
  return found.map(
    (path) =>
      `${showInvisible(path)} changes: Argo CD renders the overlay by it as well, and this comparison does not.`,
  );
}

function keeperOf(application: ApplicationFile | undefined): string | undefined {
  if (application === undefined || prunes(application.object.root)) return undefined;
  return syncsByItself(application.object.root) ? application.object.name : undefined;
}

function tellCheck(checked: Awaited<ReturnType<SchemaCheck>> | undefined, entries: readonly Entry[]): string[] {
  if (entries.length === 0) return [];
  if (checked === undefined) return ['Schemas were not checked: no kubeconform was given.'];
  const kinds = [...new Set(checked.unknown.map(({ kind }) => kind))].map(showInvisible);
  return kinds.length === 0 ? [] : [`Not checked, for there is no schema: ${kinds.join(', ')}.`];
}
