import { describeVerdict } from '#core/release/proven-sets.ts';
import { describeBinding } from '#core/release/rules.ts';
import type { Binding } from '#core/release/state.ts';
import {
  type BranchStatus,
  type EnvironmentStatus,
  type ImageStatus,
  readStatus,
  type Waiting,
} from '#core/release/status.ts';
import { type CommandResult, defineCommand } from '../command.ts';
import { askPullCredentials, renderPullCredentials, toPullShape } from './pull-rows.ts';
import { COMMON, type SlipwayPorts, toJson, withSession } from './session.ts';
import { paint, plain, renderAge, renderTable, short, wrap } from './text.ts';

/** A person who looks at a status does not wait half a minute for a registry that is down. */
const REGISTRY_DEADLINE_MS = 5_000;

/** Shows what every environment runs, by git. */
export const status = defineCommand({
  name: 'npm run -s slipway -- status',
  summary:
    'Shows what each environment runs by git, since when, what holds it there, and what waits; and the age of pull credentials.',
  options: COMMON,
  example: '--repository ~/shop',
  exitCodes: ['the status is shown', 'something is missing or does not answer', 'wrong usage'],
  run: async ({ values }, screen: SlipwayPorts): Promise<CommandResult> => {
    const options = { isWriting: false, registryDeadlineMs: REGISTRY_DEADLINE_MS };
    const stdout = await withSession(values, screen, options, async ({ ports, branch }) => {
      const [read, pulls] = await Promise.all([readStatus(branch, ports), askPullCredentials(screen)]);
      if (values.json) return toJson({ branch, ...toShape(read), pullCredentials: toPullShape(pulls, screen.now()) });
      const cluster = renderPullCredentials(pulls, screen);
      return `${render(branch, read, screen)}${cluster.length === 0 ? '' : `\n${cluster.join('\n')}\n`}`;
    });
    return { exitCode: 0, stdout, stderr: '' };
  },
});

function toShape({ head, environments, isJudged }: BranchStatus) {
  return {
    head,
    environments: environments.map(({ config, fault, freeze, images }) => ({
      environment: config.name,
      deploys: config.deploys,
      fault: fault?.message ?? null,
      freeze: toBinding(freeze),
      images: images.map((image) => toImage(image, isJudged)),
    })),
  };
}

function toImage({ image, current, release, landed, origin, hold, waits, verdict }: ImageStatus, isJudged: boolean) {
  return {
    image,
    digest: current ?? null,
    release:
      release === undefined
        ? null
        : {
            digest: release.to,
            kind: release.kind,
            actor: release.actor,
            reason: release.reason ?? null,
            source: { commit: release.source, subject: origin?.subject ?? null },
            commit: release.commit ?? null,
            at: landed?.date ?? null,
          },
    ...(isJudged && { verdict: verdict ?? null }),
    hold: toBinding(hold),
    waits: toWaiting(waits),
  };
}

function toBinding(binding: Binding | undefined) {
  if (binding === undefined) return null;
  const { kind, reason, by, since, until, commit } = binding;
  return { kind, reason, by, since, until: until ?? null, commit: commit ?? null };
}

function toWaiting(waits: Waiting) {
  const build = waits.is === 'build' ? waits.build : undefined;
  const subject = waits.is === 'build' ? (waits.origin?.subject ?? null) : null;
  return {
    is: waits.is,
    digest: build?.digest ?? null,
    source: build === undefined ? null : { commit: build.source, subject },
    why: waits.is === 'unknown' ? waits.why : null,
  };
}

function render(branch: string, { head, environments, isJudged }: BranchStatus, page: SlipwayPorts): string {
  const blocks = environments.map((environment) => renderEnvironment(environment, isJudged, page).join('\n'));
  return `${[`${branch} is at ${short(head)}`, ...blocks].join('\n\n')}\n`;
}

function renderEnvironment(
  { config, fault, freeze, images }: EnvironmentStatus,
  isJudged: boolean,
  page: SlipwayPorts,
): string[] {
  const { name, deploys, from } = config;
  const way = deploys === 'on-promotion' ? `on promotion from ${from}` : deploys.replace('-', ' ');
  const notes = [
    ...(fault === undefined ? [] : `cannot be written: ${fault.message}`.split('\n')),
    ...(freeze === undefined ? [] : [`frozen: ${describeBinding(freeze)}`]),
  ];
  return [
    `${paint(name, 'bold', page)}  ${way}`,
    ...notes.flatMap((note) => wrap(note, page, 2).map((line) => paint(line, 'yellow', page))),
    ...(images.length === 0 ? [] : renderImages(images, isJudged, page)),
  ];
}

function renderImages(images: readonly ImageStatus[], isJudged: boolean, page: SlipwayPorts): string[] {
  const titled = ['IMAGE', 'DIGEST', ...(isJudged ? ['VERDICT'] : []), 'SINCE', 'WHO', 'KIND'];
  const columns = titled.map((title) => ({ title }));
  const rows = images.map((image) => {
    const [name = '', digest = '', ...more] = renderRow(image, page.now());
    return [name, digest, ...(isJudged ? [image.verdict?.word ?? '-'] : []), ...more];
  });
  const [titles = '', ...lines] = renderTable([...columns, { title: 'SOURCE', isFlexible: true }], rows, page, 2);
  return [titles, ...lines.flatMap((line, at) => [line, ...explain(images[at], page)])];
}

function renderRow({ image, current, release, landed, origin, hold }: ImageStatus, now: Date): string[] {
  if (release === undefined) return [image, isNothing(current) ? '-' : short(current), '-', '-', 'never released', ''];
  const isByHand = hold?.commit !== undefined;
  const since = isByHand ? hold.since : landed?.date;
  const who = isByHand ? hold.by : release.actor;
  const source = isByHand ? '' : `${short(release.source)} ${plain(origin?.subject ?? '')}`.trim();
  const age = since === undefined ? '-' : renderAge(since, now);
  return [image, short(current), age, plain(who).slice(0, 16), isByHand ? 'by hand' : release.kind, source];
}

function isNothing(digest: string | undefined): boolean {
  return digest === undefined || /^sha256:0+$/.test(digest);
}

function explain(image: ImageStatus | undefined, page: SlipwayPorts): string[] {
  if (image === undefined) return [];
  const { hold, waits, verdict } = image;
  const isFine = verdict === undefined || verdict.word === 'running' || verdict.word === 'none';
  const proven = isFine ? [] : wrap(describeVerdict(verdict), page, 4);
  const held = hold === undefined ? [] : wrap(`held: ${describeBinding(hold)}`, page, 4);
  return [...[...proven, ...held].map((line) => paint(line, 'yellow', page)), ...wrapWaiting(waits, page)];
}

function wrapWaiting(waits: Waiting, page: SlipwayPorts): string[] {
  if (waits.is === 'nothing') return [];
  const text =
    waits.is === 'build'
      ? `waits: ${short(waits.build.digest)} from ${short(waits.build.source)} ${waits.origin?.subject ?? ''}`
      : `waits: unknown, ${waits.why}`;
  return wrap(text, page, 4).map((line) => paint(line, 'dim', page));
}
