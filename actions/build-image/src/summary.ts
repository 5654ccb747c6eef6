import { commitLink, type RepositoryPage } from '#core/action/summary.ts';
import { describeError } from '#core/values/errors.ts';
import { codeBlock, escapeMarkdown, inlineCode, link, table } from '#core/values/markdown.ts';
import { BuildFailure } from './engine/failure.ts';
import type { Build } from './run.ts';

/** Returns the summary of a build that failed: why, what became of what is deployed, where to look. */
export function renderFailure(image: string, error: Error, commit: string, page: RepositoryPage): string {
  const name = escapeMarkdown(image);
  const isBuild = error instanceof BuildFailure;
  const reasons = isBuild && error.reasons.length > 0 ? error.reasons : describeError(error).split('\n');
  const place = isBuild
    ? `the log of this step, and ${fileLink(error.template, commit, page)}`
    : 'the log of this step';
  const fate = isBuild ? 'Nothing of it was pushed: what is deployed stays.' : 'What is deployed stays.';
  return [
    `### 💥 ${name} was not built`,
    '',
    codeBlock(reasons),
    '',
    fate,
    '',
    `**Look at it:** ${place}`,
    '',
    '**Next:** correct what the lines above name, and push; or run the job again, where a service was down.',
    '',
  ].join('\n');
}

/** Returns the job summary: what was built or why nothing was, how to look at it, what to do next. */
export function renderSummary(build: Build, context: RepositoryPage): string {
  const { ingredients } = build;
  const rows = [
    ['digest', inlineCode(build.digest)],
    ['source', commitLink(build.source, context)],
    ['inputs', ingredients.inputs.map((input) => treeLink(input.path, build, context)).join(', ')],
    ['tag', inlineCode(build.tag)],
    ['template', treeLink(ingredients.template[0]?.path ?? '', build, context)],
    ['base image', describeBase(build)],
    ...(build.size === undefined ? [] : [['size', `${formatBytes(build.size)} compressed`]]),
    ['time', `${build.seconds.toFixed(1)} s`],
  ];
  return [
    `### ${headline(build)}`,
    '',
    explain(build),
    '',
    table(
      ['', ''],
      rows.map(([name = '', value = '']) => [`**${name}**`, value]),
    ),
    '',
    `**Look at it:** ${inlineCode(`docker pull ${build.reference}`)}`,
    '',
    `**Next:** ${nextStep(build)}`,
    '',
  ].join('\n');
}

function headline(build: Build): string {
  const image = escapeMarkdown(build.image);
  if (build.outcome === 'skipped') return `⏭️ ${image} is built already`;
  return build.forced ? `🔨 Built ${image} again, as asked` : `📦 Built ${image}`;
}

function explain(build: Build): string {
  if (build.outcome === 'skipped') {
    return build.adopted
      ? 'A simultaneous build of the same commit was first; this run uses its digest.'
      : 'The registry has a build of exactly these inputs: nothing in them, the template or its variables changed. Nothing was built or pushed.';
  }
  const layers = {
    built: 'The dependencies changed (or are built for the first time), so their layer was built and pushed, too.',
    reused: 'Only the app’s own layer was built and pushed; the dependency layer is the one that the registry had.',
    none: 'All layers were built.',
    untouched: '',
  }[build.dependencies];
  const race = build.adopted ? ' A simultaneous build of the same inputs was first; this run uses its digest.' : '';
  const hasOwnTags = build.tag !== `in-${build.inputHash}`;
  const forced = hasOwnTags
    ? ' The registry had a build of these inputs already, so this one has tags of its own: tags do not move.'
    : '';
  return `${layers}${race}${forced}`;
}

function describeBase({ ingredients: { base }, base: used }: Build): string {
  const isPinned = base.written.includes('@');
  return isPinned
    ? inlineCode(base.written)
    : `${inlineCode(base.written)}, ${used === undefined ? 'not asked what it points to now' : `at ${inlineCode(used)}`}`;
}

function nextStep(build: Build): string {
  const bump = `bump an environment with ${inlineCode(`${build.image}=${build.digest}`)}`;
  if (build.outcome === 'built')
    return `${bump} (in the deploy workflow the next job does). Nothing has started the image yet: that it runs is not proven.`;
  return `nothing, where this digest is deployed; else ${bump}. To build in spite of it: ${inlineCode('force: true')}.`;
}

function fileLink(path: string, commit: string, page: RepositoryPage): string {
  return link(
    inlineCode(path),
    `${page.repositoryUrl}/blob/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`,
  );
}

function treeLink(path: string, build: Build, context: RepositoryPage): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return link(inlineCode(path), `${context.repositoryUrl}/tree/${build.source}/${encoded}`);
}

/** Returns bytes as a person reads them: `512 B`, `3.4 kB`, `81.2 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const exponent = Math.min(Math.floor(Math.log10(bytes) / 3), 4);
  return `${(bytes / 1000 ** exponent).toFixed(1)} ${['B', 'kB', 'MB', 'GB', 'TB'][exponent]}`;
}
