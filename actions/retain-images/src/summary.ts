import { commitLink, type RepositoryPage, shortDigest } from '#core/action/summary.ts';
import { describeEndangered } from '#core/aws/ecr-lifecycle/endanger.ts';
import { escapeMarkdown, inlineCode, table } from '#core/values/markdown.ts';
import { KEEP_RULE } from './failure.ts';
import type { Need } from './needs.ts';
import type { ProtectedImage, RetainedRepository } from './retain.ts';
import type { Retention } from './run.ts';

/** A summary is for a person, and GitHub takes 1 MiB; the outputs have all of it. */
const MOST_ROWS = 40;

/** Returns the job summary: what is kept and why, what was changed, what will expire when, what to do next. */
export function renderSummary(retention: Retention, context: RepositoryPage): string {
  return [
    `### ${headline(retention)}`,
    '',
    `Read at ${commitLink(retention.head, context)}.`,
    '',
    ...retention.repositories.flatMap((repository) => renderRepository(repository, retention, context)),
    `**Next:** ${nextStep(retention)}`,
    '',
  ].join('\n');
}

function headline({ outcome, isDryRun }: Retention): string {
  switch (outcome) {
    case 'kept':
      return '✅ Every image that git can ask for is kept';
    case 'changed':
      return isDryRun ? '🔍 Tags would be changed (dry run)' : '🏷️ Every image that git can ask for is kept now';
    case 'endangered':
      return '🚨 Images that git can ask for are gone or in danger';
  }
}

function renderRepository(repository: RetainedRepository, retention: Retention, context: RepositoryPage): string[] {
  const { image, protectedImages } = repository;
  const rows = protectedImages.map((one) => [
    shortDigest(one.digest),
    describeState(one),
    renderNeeds(one.needs, context),
  ]);
  return [
    `#### ${escapeMarkdown(image)}`,
    '',
    ...(rows.length === 0
      ? ['Nothing of it was ever released.', '']
      : renderTable(['digest', 'state', 'needed by'], rows)),
    ...renderThreats(repository),
    ...renderChanges(repository, retention),
    ...renderExpiry(repository),
  ];
}

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const more = rows.length > MOST_ROWS ? [`… and ${rows.length - MOST_ROWS} more.`, ''] : [];
  return [table(head, rows.slice(0, MOST_ROWS)), '', ...more];
}

function describeState({ state }: ProtectedImage): string {
  const words = { kept: 'kept', endangered: '⚠️ in danger', archived: '❌ archived', gone: '❌ gone' };
  return words[state];
}

function renderNeeds(needs: readonly Need[], context: RepositoryPage): string {
  return needs
    .map((need) => {
      if (need.kind === 'child') return `manifest list ${shortDigest(need.list)}`;
      const place = escapeMarkdown(need.environment);
      return need.kind === 'release'
        ? `${place}: release ${commitLink(need.commit, context)}`
        : `${place}: ${need.kind}`;
    })
    .join(', ');
}

function renderThreats({ endangered }: RetainedRepository): string[] {
  if (endangered.length === 0) return [];
  const lines = endangered.slice(0, MOST_ROWS).map((threat) => `- ${escapeMarkdown(describeEndangered(threat))}`);
  return ['**No tag was changed**, since the lifecycle policy would take what is needed:', '', ...lines, ''];
}

function renderChanges({ changes }: RetainedRepository, { isDryRun }: Retention): string[] {
  if (changes.length === 0) return [];
  const words = isDryRun
    ? { added: 'would be added', removed: 'would be removed', left: 'stays: the last tag of its image' }
    : { added: 'added', removed: 'removed', left: 'left: the last tag of its image' };
  const rows = changes.map(({ digest, tag, change }) => [shortDigest(digest), inlineCode(tag), words[change]]);
  return renderTable(['digest', 'tag', 'change'], rows);
}

function renderExpiry({ expiry, hasPolicy }: RetainedRepository): string[] {
  if (!hasPolicy) return ['The repository has no lifecycle policy: nothing expires.', ''];
  const now = [
    ...expiry.expired.map((image) => ({ ...image, when: 'expires within 24 hours' })),
    ...expiry.archived.map((image) => ({ ...image, when: 'is archived within 24 hours' })),
  ];
  const later = expiry.upcoming.map((image) => {
    const verb = image.action === 'expire' ? 'expires' : 'is archived';
    return { ...image, when: `${verb} after ${image.at.toISOString().slice(0, 16).replace('T', ' ')} UTC` };
  });
  const rows = [...now, ...later].map(({ digest, tags, rule, when }) => [
    shortDigest(digest),
    tags.map(inlineCode).join(' ') || '—',
    when,
    String(rule),
  ]);
  if (rows.length === 0) return ['Nothing expires now or by its age.', ''];
  return ['**What the lifecycle policy takes**', '', ...renderTable(['digest', 'tags', 'when', 'rule'], rows)];
}

function nextStep({ outcome, isDryRun, repositories }: Retention): string {
  if (repositories.some(({ endangered }) => endangered.length > 0))
    return `put this rule before all others of the policy, with a count that has room for what is kept, then run this again: ${inlineCode(KEEP_RULE)}`;
  if (outcome === 'endangered')
    return 'restore what is archived; release something else where an image is gone, before somebody asks for it.';
  return outcome === 'changed' && isDryRun ? `run it again with ${inlineCode('dry-run: false')}.` : 'nothing.';
}
