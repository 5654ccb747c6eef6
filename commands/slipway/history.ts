import { parseEnvironment } from '#core/action/inputs.ts';
import { type ListedRelease, listReleases } from '#core/release/list-releases.ts';
import { quote } from '#core/values/errors.ts';
import { type CommandResult, defineCommand, UsageError } from '../command.ts';
import { asUsage, COMMON, readEnvironment, type SlipwayPorts, toJson, withSession } from './session.ts';
import { type Page, paint, plain, renderAge, renderTable, short, wrap } from './text.ts';

const options = {
  image: { type: 'string', value: 'NAME', help: 'one image; all of slipway.yaml unless given' },
  limit: { type: 'string', value: 'N', help: 'how many releases at most, the newest; 20 unless given' },
  ...COMMON,
} as const;

/** Lists the releases that git believes. */
export const history = defineCommand({
  name: 'npm run -s slipway -- history',
  summary: 'Lists what was released, newest first. A release counts only where its commit changed the overlay.',
  options,
  operands: '[ENVIRONMENT]',
  example: 'production --image discord-bot --limit 5',
  exitCodes: [
    'the releases are listed, also when there are none',
    'something is missing or does not answer',
    'wrong usage',
  ],
  run: async ({ values, operands }, screen: SlipwayPorts): Promise<CommandResult> => {
    const limit = readLimit(values.limit ?? '20');
    const environment =
      operands.length === 0 ? undefined : asUsage(() => parseEnvironment('ENVIRONMENT', readEnvironment(operands)));
    const releases = await withSession(values, screen, { isWriting: false }, ({ ports, branch }) =>
      listReleases({ environment, image: values.image, limit, branch }, ports),
    );
    const stdout = values.json ? toJson({ releases: releases.map(toRow) }) : render(releases, environment, screen);
    return { exitCode: 0, stdout, stderr: '' };
  },
});

function readLimit(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError(`--limit: ${quote(text)} is not a number from 1 to 999999`);
}

function toRow(release: ListedRelease) {
  const { environment, image, kind, to, from, source, origin, actor, reason, run, commit, landed, verdict } = release;
  return {
    at: landed.date,
    environment,
    image,
    kind,
    digest: to,
    from: from ?? null,
    source: { commit: source, subject: origin?.subject ?? null },
    actor,
    reason: reason ?? null,
    commit,
    run: run === '' ? null : run,
    ...(verdict !== undefined && { verdict }),
  };
}

function render(releases: readonly ListedRelease[], environment: string | undefined, page: SlipwayPorts): string {
  if (releases.length === 0)
    return `nothing was released${environment === undefined ? '' : ` in ${environment}`} yet\n`;
  if (environment !== undefined) return `${renderReleases(releases, page, 0).join('\n')}\n`;
  const names = [...new Set(releases.map((release) => release.environment))];
  const blocks = names.map((name) => {
    const own = releases.filter((release) => release.environment === name);
    return [paint(name, 'bold', page), ...renderReleases(own, page, 2)].join('\n');
  });
  return `${blocks.join('\n\n')}\n`;
}

function renderReleases(releases: readonly ListedRelease[], page: SlipwayPorts, indent: number): string[] {
  const isJudged = releases.some(({ verdict }) => verdict !== undefined);
  const titled = ['AGE', 'KIND', 'IMAGE', 'DIGEST', ...(isJudged ? ['VERDICT'] : []), 'COMMIT', 'WHO'];
  const columns = titled.map((title) => ({ title }));
  const rows = releases.map((release) => {
    const row = renderRow(release, page.now());
    return isJudged ? row.toSpliced(4, 0, release.verdict?.word ?? '') : row;
  });
  const all = renderTable([...columns, { title: 'SOURCE', isFlexible: true }], rows, page, indent);
  const [titles = '', ...lines] = all;
  return [titles, ...lines.flatMap((line, at) => [line, ...explain(releases[at], page, indent + 5)])];
}

function renderRow({ landed, kind, image, to, commit, actor, source, origin }: ListedRelease, now: Date): string[] {
  return [
    renderAge(landed.date, now),
    kind,
    image,
    short(to),
    short(commit),
    plain(actor).slice(0, 16),
    `${short(source)} ${plain(origin?.subject ?? '')}`.trim(),
  ];
}

function explain(release: ListedRelease | undefined, page: Page, indent: number): string[] {
  if (release?.reason === undefined) return [];
  return wrap(`because: ${release.reason}`, page, indent).map((line) => paint(line, 'dim', page));
}
