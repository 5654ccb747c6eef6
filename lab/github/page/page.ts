import { renderFrame } from '#lab/github/page/frame.ts';
import { type Html, html, trust } from '#lab/github/page/html.ts';
import { renderMarkdown } from '#lab/github/page/markdown.ts';
import type { StepRecord } from '#lab/github/runner/act.ts';
import type { JobRecord, RunRecord } from '#lab/github/runner/run-record.ts';

/** Where the pages are. */
export interface PageContext {
  /** owner/name. */
  readonly repository: string;
  /** Address to push to. */
  readonly remote: string;
  readonly now: Date;
}

/** Returns the page that lists all runs, newest first. */
export function renderRuns(runs: readonly RunRecord[], context: PageContext): string {
  const rows = [...runs].reverse().map((run) => renderRow(run, context));
  const list = html`<table class="runs"><thead><tr><th></th><th>run</th><th>event</th><th>branch</th><th>commit</th><th>started (UTC)</th><th>took</th></tr></thead><tbody>${rows}</tbody></table>`;
  const hint = html`<div class="hint">No run yet. A push starts one:<pre>git clone ${context.remote} tenant &amp;&amp; cd tenant
# change a file, then:
git commit --all --message "Try it" &amp;&amp; git push</pre></div>`;
  const where = html`<p class="soft small">Push to <code>${context.remote}</code></p>`;
  const body = html`<h1>${context.repository}</h1>${where}${rows.length === 0 ? hint : list}`;
  return renderFrame(`Runs · ${context.repository}`, body, { isLive: true });
}

function renderRow(run: RunRecord, context: PageContext): Html {
  return html`<tr><td>${sign(stateOf(run))}</td><td><a href="/runs/${run.id}"><strong>${run.title}</strong></a><br><span class="soft small">${run.workflow} #${run.id} by ${run.actor}, ${wordOf(stateOf(run))}</span></td><td>${run.event}</td><td>${branchOf(run)}</td><td>${commitLink(run, context)}</td><td>${clock(run.createdAt)}</td><td>${lengthOf(run, context.now)}</td></tr>`;
}

/** Returns the page of one run: its summaries, its jobs and the steps so far, with logs. */
export function renderRun(run: RunRecord, context: PageContext): string {
  const state = stateOf(run);
  const facts = html`<p class="soft">${run.workflow} #${run.id} · ${wordOf(state)} · ${run.event} on <code>${branchOf(run)}</code> by ${run.actor} · ${commitLink(run, context)} · started ${clock(run.createdAt)} UTC · ${lengthOf(run, context.now)}</p>`;
  const summaries = run.jobs.flatMap((job) => renderSummary(job));
  const jobs = run.jobs.map((job) => renderJob(run, job, context.now));
  const body = html`<p class="small"><a href="/">← all runs</a></p><h1>${sign(state)} ${run.title}</h1>${facts}${run.annotations.map(renderAnnotation)}${summaries}${jobs}`;
  return renderFrame(`${wordOf(state)}: ${run.title} #${run.id}`, body, { isLive: run.status !== 'completed' });
}

function renderAnnotation(text: string): Html {
  return html`<p class="annotation">${text}</p>`;
}

function renderSummary(job: JobRecord): Html[] {
  const text = job.steps.map((step) => step.summary).join('\n\n');
  if (text.trim() === '') return [];
  return [
    html`<section class="summary"><p class="soft small">summary of ${job.id}</p>${renderMarkdown(text)}</section>`,
  ];
}

function renderJob(run: RunRecord, job: JobRecord, now: Date): Html {
  const state = job.conclusion ?? job.status;
  const log =
    job.steps.length === 0 ? undefined : html` · <a href="/runs/${run.id}/logs/${encodeURIComponent(job.id)}">log</a>`;
  const steps = job.steps.map((step, index) => renderStep(`${job.id}-${index}`, step, now));
  return html`<section class="job" id="${job.id}"><header>${sign(state)}<h2>${job.id}</h2><span class="soft small">${wordOf(state)}${lengthIn(job, now)}${log}</span></header>${job.annotations.map(renderAnnotation)}${steps}</section>`;
}

function renderStep(id: string, step: StepRecord, now: Date): Html {
  const isOpen = step.status === 'failure' || step.status === 'in_progress';
  const took = step.milliseconds ?? (step.status === 'in_progress' ? now.getTime() - step.startedAt.getTime() : 0);
  const head = html`<summary>${sign(step.status)}${step.name}<span class="soft small">${span(took)}</span></summary>`;
  const log = step.log.length === 0 ? undefined : html`<pre class="log" id="log-${id}">${renderLog(step.log)}</pre>`;
  return html`<details class="step" id="step-${id}"${trust(isOpen ? ' open' : '')}>${head}${log}</details>`;
}

const SHOWN_LINES = 2000;

function renderLog(lines: readonly string[]): Html[] {
  const hidden = lines.length - SHOWN_LINES;
  const first = hidden > 0 ? [html`… ${hidden} lines before; the whole log is behind “log”\n`] : [];
  const shown = lines.slice(-SHOWN_LINES).map((line) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal are what is taken out
    const plain = line.replace(/\x1b\[[\d;]*[A-Za-z]/g, '');
    return /^error: /i.test(plain) ? html`<span class="bad">${plain}</span>\n` : html`${plain}\n`;
  });
  return [...first, ...shown];
}

type State = RunRecord['status'] | NonNullable<RunRecord['conclusion']>;

const SIGNS: Readonly<Record<State, string>> = {
  success: '✓',
  failure: '✕',
  cancelled: '!',
  skipped: '–',
  completed: '✓',
  in_progress: '',
  queued: '',
  pending: '',
  action_required: '!',
  waiting: '',
};

function sign(state: State): Html {
  return html`<span class="sign ${state}" role="img" aria-label="${wordOf(state)}">${SIGNS[state]}</span>`;
}

function wordOf(state: State): string {
  return state.replace('_', ' ');
}

function stateOf(run: RunRecord): State {
  return run.conclusion ?? run.status;
}

function branchOf(run: RunRecord): string {
  return run.ref.replace('refs/heads/', '');
}

function commitLink({ sha }: RunRecord, { repository }: PageContext): Html {
  return html`<a href="/${repository}/commit/${sha}"><code>${sha.slice(0, 7)}</code></a>`;
}

function clock(at: Date): string {
  return at.toISOString().slice(11, 19);
}

function lengthOf(run: RunRecord, now: Date): string {
  const ends = run.jobs.flatMap((job) => (job.endedAt === undefined ? [] : [job.endedAt.getTime()]));
  const end = run.status === 'completed' ? Math.max(run.createdAt.getTime(), ...ends) : now.getTime();
  return span(end - run.createdAt.getTime());
}

function lengthIn(job: JobRecord, now: Date): string {
  if (job.startedAt === undefined) return '';
  return ` · ${span((job.endedAt ?? now).getTime() - job.startedAt.getTime())}`;
}

/** `0.4 s`, `12 s`, `3 min 5 s`. */
function span(milliseconds: number): string {
  const seconds = Math.max(milliseconds, 0) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
