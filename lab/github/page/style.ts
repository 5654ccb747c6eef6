/** How every page looks; light and dark as the reader's system is. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1f2328;--soft:#59636e;--line:#d1d9e0;--back:#fff;--sunk:#f6f8fa;--link:#0969da;--good:#1a7f37;--bad:#cf222e;--busy:#9a6700;--band:#fff8c5;--bandline:#d4a72c}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--back:#0d1117;--sunk:#151b23;--link:#4493f8;--good:#3fb950;--bad:#f85149;--busy:#d29922;--band:#2e2a1f;--bandline:#5c4a12}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:15px/1.5 system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif}
.band{background:var(--band);border-bottom:1px solid var(--bandline);padding:6px 24px;font-size:13px}
main{max-width:1080px;margin:0 auto;padding:20px 24px 60px}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
h1{font-size:24px;font-weight:600;margin:8px 0 4px;display:flex;gap:10px;align-items:center}
h2{font-size:17px;font-weight:600;margin:0}
.soft{color:var(--soft)}.small{font-size:13px}
code,pre{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,'DejaVu Sans Mono',monospace}
code{background:var(--sunk);border:1px solid var(--line);border-radius:5px;padding:1px 5px;overflow-wrap:anywhere}
table{border-collapse:collapse}td,th{text-align:left;padding:6px 12px;border:1px solid var(--line);vertical-align:top}
.runs{width:100%;margin-top:16px}.runs td,.runs th{border-width:0 0 1px}.runs th{font-weight:500;color:var(--soft);font-size:13px}
.runs td:first-child{width:34px;padding-right:0}
.sign{display:inline-flex;width:20px;height:20px;border-radius:50%;align-items:center;justify-content:center;font-size:12px;line-height:1;color:var(--back);background:var(--soft);flex:none}
.success>.sign,.sign.success{background:var(--good)}.failure>.sign,.sign.failure{background:var(--bad)}
.in_progress>.sign,.sign.in_progress{background:none;border:3px solid var(--line);border-top-color:var(--busy);animation:turn 1s linear infinite}
.queued>.sign,.sign.queued,.sign.pending{background:none;border:3px solid var(--line)}
@keyframes turn{to{transform:rotate(360deg)}}@media(prefers-reduced-motion){.sign{animation:none!important}}
.job{border:1px solid var(--line);border-radius:8px;margin:16px 0;overflow:hidden}
.job>header{display:flex;gap:10px;align-items:center;padding:10px 14px;background:var(--sunk);border-bottom:1px solid var(--line)}
.job>.annotation{margin:10px 14px}.job>header .small{margin-left:auto}.job>header:last-child{border:0}
details.step{border-bottom:1px solid var(--line)}details.step:last-child{border:0}
details.step>summary{display:flex;gap:10px;align-items:center;padding:7px 14px;cursor:pointer;list-style:none}
details.step>summary::-webkit-details-marker{display:none}details.step>summary:hover{background:var(--sunk)}
details.step>summary .small{margin-left:auto}
details.step .sign{width:16px;height:16px;font-size:10px}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
.log{background:#0d1117;color:#d1d7e0;padding:10px 14px 12px 44px;max-height:420px;overflow:auto}.log .bad{color:#ff7b72}
.summary{border:1px solid var(--line);border-radius:8px;padding:4px 18px 12px;margin:16px 0;overflow:auto}
.summary h1,.summary h2,.summary h3{font-size:18px;margin:14px 0 8px;display:block}.summary pre{background:var(--sunk);padding:10px;border-radius:6px}
.annotation{border:1px solid var(--bad);border-radius:8px;padding:10px 14px;margin:12px 0;overflow-wrap:anywhere}
.hint{border:1px dashed var(--line);border-radius:8px;padding:20px;margin:20px 0}.hint pre{background:var(--sunk);padding:10px;border-radius:6px;margin-top:8px}
.patch{background:var(--sunk);border:1px solid var(--line);border-radius:8px;padding:10px 14px;margin:6px 0 18px;overflow:auto}.patch .add{color:var(--good)}.patch .del{color:var(--bad)}
`;

/**
 * Brings the page up to date every second while it says that something may still happen, and leaves open what its
 * reader has opened, closed what they have closed, and a log at its end where they were at its end.
 */
export const SCRIPT = `
const chosen = new Map();
document.addEventListener('click', (event) => {
  const details = event.target.closest('details[id]');
  if (details && event.target.closest('summary')) chosen.set(details.id, !details.open);
});
const isAtEnd = (log) => log.scrollTop + log.clientHeight > log.scrollHeight - 20;
const renew = async () => {
  const main = document.querySelector('main');
  if (!main.dataset.live) return;
  try {
    const answer = await fetch(location.href);
    const next = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = next.querySelector('main');
    if (fresh && fresh.innerHTML !== main.innerHTML) {
      for (const details of fresh.querySelectorAll('details[id]'))
        if (chosen.has(details.id)) details.open = chosen.get(details.id);
      const places = new Map([...main.querySelectorAll('.log')].map((log) => [log.id, isAtEnd(log) ? Infinity : log.scrollTop]));
      main.replaceWith(fresh);
      document.title = next.title;
      for (const log of fresh.querySelectorAll('.log')) log.scrollTop = Math.min(places.get(log.id) ?? Infinity, log.scrollHeight);
    }
  } catch {}
  setTimeout(renew, 1000);
};
setTimeout(renew, 1000);
`;
