import { parsePath } from '#core/action/inputs.ts';
import { refuseUnread } from '#core/git/checkout.ts';
import { readClone } from '#core/git/clone.ts';
import { withoutRepository } from '#core/git/environment.ts';
import { revParse } from '#core/git/read.ts';
import { openToLook } from '#core/images/open-ports.ts';
import { previewImages } from '#core/images/preview.ts';
import type { ImageEntry, Group as ImageGroup, ImagesReport } from '#core/images/report.ts';
import { describeImage, describeNotes, WORDS as IMAGE_WORDS, toText } from '#core/images/words.ts';
import { openPreviewPorts } from '#core/manifests/open-ports.ts';
import { type Preview, previewOverlays, sumCounts } from '#core/manifests/preview.ts';
import type { Entry, Group, Report } from '#core/manifests/report.ts';
import { systemClock } from '#core/system/clock.ts';
import { createExec, type Exec } from '#core/system/exec.ts';
import { quote, Refusal } from '#core/values/errors.ts';
import { showInvisible } from '#core/values/markdown.ts';
import type { CommitSha } from '#core/values/reference.ts';
import { type CommandResult, defineCommand } from '../command.ts';
import { asUsage, COMMON, type SlipwayPorts, toJson } from './session.ts';
import { type Page, paint, type Style, short, wrap } from './text.ts';

const options = {
  base: { type: 'string', value: 'REF', help: "where the change goes to; origin's default branch unless given" },
  head: { type: 'string', value: 'REF', help: 'the change; HEAD unless given' },
  kubeconform: { type: 'string', value: 'FILE', help: 'a kubeconform 0.7 that checks what is new or changed' },
  schemas: { type: 'string', value: 'LOCATION', help: 'where it finds schemas; its own unless given' },
  registry: { type: 'boolean', help: 'ask the registry, with your login, which of the images it has already' },
  repository: COMMON.repository,
  config: COMMON.config,
  json: COMMON.json,
} as const;

/** Shows what a change of the repository makes of the images, and changes in the cluster. */
export const preview = defineCommand({
  name: 'npm run -s slipway -- preview',
  summary:
    'Shows what commits of your clone build, and change in the cluster object by object, before anyone merges them.',
  options,
  example: '--base origin/main --head my-branch',
  exitCodes: [
    'the changes are shown, also when there are none',
    'an image cannot be built, an overlay does not render, the API server refuses a change, or something is missing',
    'wrong usage',
  ],
  run: async ({ values }, screen: SlipwayPorts): Promise<CommandResult> => {
    const config = asUsage(() => parsePath('--config', values.config ?? 'slipway.yaml'));
    const folder = screen.resolve(values.repository ?? '.');
    const environment = withoutRepository(screen.environment);
    const exec = createExec(environment);
    const { settings } = await readClone(exec, folder, environment);
    const head = await readCommit(exec, folder, values.head ?? 'HEAD', 'name the change by --head');
    const remedy = 'git remote set-head origin --auto finds it, or name another by --base';
    const base = await readCommit(exec, folder, values.base ?? 'origin/HEAD', remedy);
    if (values.head === undefined) await tellUncommitted(exec, folder, screen);
    const log = { debug: () => {}, info: () => {}, warn: screen.tell };
    const place = { checkout: folder, temp: screen.temp, log, mask: () => {}, token: '', serverUrl: '' };
    const schema = {
      kubeconform: values.kubeconform === undefined ? '' : screen.resolve(values.kubeconform),
      schemas: values.schemas === undefined ? [] : [values.schemas],
    };
    const workplace = { ...place, environment: { ...environment, ...settings } };
    const registry = values.registry === true ? openToLook(workplace) : '--registry asks it';
    const opened = await openPreviewPorts(workplace, schema);
    try {
      const result = await previewOverlays({ base, head, config }, opened.ports);
      const images = await previewImages({ base, head, config }, { ...opened.ports, registry, clock: systemClock });
      const stdout = values.json
        ? toJson({ base: result.base, head, images, reports: result.reports })
        : `${render(result, images, screen).join('\n')}\n`;
      const errors = images.counts.error + sumCounts(result.reports).error;
      return { exitCode: errors > 0 ? 1 : 0, stdout, stderr: '' };
    } finally {
      await opened.close();
    }
  },
});

async function readCommit(exec: Exec, folder: string, ref: string, remedy: string): Promise<CommitSha> {
  const commit = await revParse((args, more) => exec(['git', '-C', folder, ...args], more), ref);
  if (commit !== undefined) return commit;
  await refuseUnread(exec, folder, 'go into your clone, or name it by --repository');
  throw new Refusal(`the clone has no commit ${quote(ref)}: ${remedy}`);
}

/** A person who has just saved a file would wonder why it changes nothing. */
async function tellUncommitted(exec: Exec, folder: string, { tell }: SlipwayPorts): Promise<void> {
  const { code } = await exec(['git', '-C', folder, 'diff', '--quiet', 'HEAD'], { accept: 'any' });
  if (code === 1) tell('note: some changes here are not committed, and do not count');
}

const WORDS: Readonly<Record<Group, readonly [string, Style]>> = {
  error: ['fails', 'red'],
  remove: ['removed', 'red'],
  restart: ['restarts', 'yellow'],
  change: ['changes', 'bold'],
  add: ['new', 'green'],
  application: ['Argo CD', 'yellow'],
};

function render({ base, head, reports, environments }: Preview, images: ImagesReport, page: Page): string[] {
  const rendered = reports.filter(({ name }) => environments.includes(name)).length;
  const line = `${short(base)} → ${short(head)} can reach ${rendered} of ${environments.length} environments`;
  return [line, ...renderImages(images, page), ...reports.flatMap((report) => ['', ...renderReport(report, page)])];
}

const IMAGE_STYLES: Readonly<Record<ImageGroup, Style>> = {
  error: 'red',
  remove: 'red',
  build: 'yellow',
  change: 'yellow',
  found: 'green',
};

function renderImages(report: ImagesReport, page: Page): string[] {
  if (report.entries.length === 0) return ['no image changes'];
  const notes = describeNotes(report).flatMap((note) => wrap(toText(note), page, 2));
  return ['', paint('images', 'bold', page), ...notes, ...report.entries.flatMap((entry) => renderImage(entry, page))];
}

function renderImage(entry: ImageEntry, page: Page): string[] {
  const note = showInvisible(describeImage(entry).map(toText).join(' ').replace(/\s+/g, ' '));
  const { group, image } = entry;
  return [`  ${paint(IMAGE_WORDS[group], IMAGE_STYLES[group], page)}  ${image}`, ...wrap(note, page, 4)];
}

function renderReport({ name, notes, entries }: Report, page: Page): string[] {
  return [
    paint(name, 'bold', page),
    ...notes.flatMap((note) => wrap(note, page, 2)),
    ...(entries.length === 0 ? ['  renders the same as before'] : entries.flatMap((entry) => renderEntry(entry, page))),
  ];
}

function renderEntry({ group, label, note, diff }: Entry, page: Page): string[] {
  const [word, style] = WORDS[group];
  const lines = diff === '' ? [] : diff.split('\n');
  return [
    `  ${paint(word, style, page)}  ${label}`,
    ...wrap(note, page, 4),
    ...lines.map((line) => `    ${paintLine(line, page)}`),
  ];
}

function paintLine(line: string, page: Page): string {
  if (line.startsWith('-')) return paint(line, 'red', page);
  return line.startsWith('+') ? paint(line, 'green', page) : line;
}
