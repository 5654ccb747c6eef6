import type { RunRecord } from '#lab/github/runs.ts';

const STYLE =
  'body{font:15px/1.5 system-ui,sans-serif;margin:0;color:#1f2328}header{background:#fff8c5;border-bottom:1px solid #d4a72c;padding:8px 24px}main{padding:16px 24px;max-width:1100px}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:6px 10px;border-bottom:1px solid #d0d7de}pre{background:#f6f8fa;padding:10px;overflow:auto;font-size:12.5px}.success{color:#1a7f37}.failure{color:#cf222e}.in_progress{color:#9a6700}a{color:#0969da;text-decoration:none}';
const BANNER = '<header>Stand-in for GitHub, running on this machine. Nothing here is github.com.</header>';

/** Returns the page that lists all runs, newest first; it renews itself every second. */
export function renderRuns(runs: readonly RunRecord[], remote: string): string {
  const rows = [...runs]
    .reverse()
    .map(
      (run) =>
        `<tr><td><a href="/runs/${run.id}">#${run.id} ${escapeHtml(run.workflow)}</a></td><td class="${stateOf(run)}">${stateOf(run)}</td><td>${run.event}</td><td><code>${run.sha.slice(0, 7)}</code> ${escapeHtml(run.title)}</td><td>${run.createdAt.toISOString().slice(11, 19)}</td></tr>`,
    );
  return page(
    'Runs',
    `<h1>Runs</h1><p>Push to <code>${escapeHtml(remote)}</code></p><table><tr><th>run</th><th>state</th><th>event</th><th>commit</th><th>at</th></tr>${rows.join('')}</table>`,
    true,
  );
}

/** Returns the page of one run: its jobs and steps with logs and summaries, as far as they are. */
export function renderRun(run: RunRecord): string {
  const jobs = run.jobs.map((job) => {
    const steps = job.steps.map(
      (step) =>
        `<details ${step.status === 'failure' ? 'open' : ''}><summary class="${step.status}">${escapeHtml(step.name)} (${step.status}${step.milliseconds === undefined ? '' : `, ${(step.milliseconds / 1000).toFixed(1)} s`})</summary><pre>${escapeHtml(step.log.join('\n'))}</pre>${step.summary === '' ? '' : `<h4>Summary</h4><pre>${escapeHtml(step.summary)}</pre>`}</details>`,
    );
    return `<h2 class="${job.conclusion ?? job.status}">${escapeHtml(job.id)}: ${job.conclusion ?? job.status}</h2>${steps.join('')}`;
  });
  return page(
    `Run ${run.id}`,
    `<p><a href="/">all runs</a></p><h1>#${run.id} ${escapeHtml(run.workflow)} <span class="${stateOf(run)}">${stateOf(run)}</span></h1>${jobs.join('')}`,
    run.status !== 'completed',
  );
}

function stateOf(run: RunRecord): string {
  return run.conclusion ?? run.status;
}

function page(title: string, body: string, renews: boolean): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>${renews ? '<meta http-equiv="refresh" content="1">' : ''}<style>${STYLE}</style></head><body>${BANNER}<main>${body}</main></body></html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
