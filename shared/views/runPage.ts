/** A run as a page: what a person reads and prints. No scripts, nothing loaded, every value escaped. */
import { htmlEscape as html } from 'escape-goat';
import type { FindingView, RunPathView, RunView, RunVmView } from './run.ts';

const STYLE = `
body { font: 16px/1.4 system-ui, sans-serif; margin: 2rem; color: #1b1b1b; background: #fff }
h1 { font-size: 1.3rem }
h2 { font-size: 1.05rem; margin: 1.6rem 0 .3rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem }
dt { color: #555 }
dd { margin: 0; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
th, td { border: 1px solid #ccc; padding: .3rem .5rem; text-align: left; vertical-align: top }
th { background: #f3f3f3 }
ul { padding-left: 1.2rem }
dd, li, td, h2 { unicode-bidi: isolate }
pre { overflow: auto; background: #f3f3f3; padding: .6rem }
`;

/** The page. */
export const runPage = (run: RunView): string =>
  `${html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Run ${run.runId}</title>
`}<style>${STYLE}</style>${html`
<h1>Run ${run.runId}: ${run.state}</h1>
`}<dl>
${facts(run)}
</dl>
${run.vms.map(section).join('\n')}
</html>
`;

function facts(run: RunView): string {
  const counted = Object.entries(run.counts).filter(([, count]) => count > 0);
  const rows: [string, string | undefined][] = [
    ['signal', run.signal],
    ['mode', run.dryRun ? `${run.mode} (dry run)` : run.mode],
    ['accepted', run.acceptedAt],
    ['settled', run.settledAt],
    ['scope', run.scope.join(' ')],
    ['repeats', run.retryOf],
    ['event', run.event && `${run.event.id} of ${run.event.source}, ${run.event.time}`],
    ['failover', run.confirmation?.state],
    ['reason', run.reason && `${run.reason.code}: ${run.reason.text}`],
    ['counts', counted.map(([name, count]) => `${name} ${count}`).join(', ')],
  ];
  return rows
    .filter(([, value]) => value)
    .map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)
    .join('\n');
}

const section = (vm: RunVmView): string => {
  const waits = vm.waitingFor === undefined ? '' : `, waits for ${vm.waitingFor}`;
  const changes = vm.changed > 0 ? `, ${vm.changed} changes` : '';
  return [
    html`<h2 title="${vm.vmId}">${vm.vm}: ${vm.result ?? vm.state}${waits}${changes}</h2>`,
    list([...vm.findings, ...vm.warnings]),
    vm.paths.length > 0 ? table(vm.paths) : '',
    vm.script === undefined ? '' : html`<details><summary>The script</summary><pre>${vm.script}</pre></details>`,
  ]
    .filter(Boolean)
    .join('\n');
};

const list = (views: readonly FindingView[]): string =>
  views.length === 0 ? '' : `<ul>${views.map(({ code, text }) => html`<li><b>${code}</b> ${text}</li>`).join('')}</ul>`;

const table = (paths: readonly RunPathView[]): string =>
  `<table>
<tr><th>VIP<th>verdict<th>exposure<th>proof<th>before<th>after<th>findings</tr>
${paths.map(row).join('\n')}
</table>`;

const row = (path: RunPathView): string => {
  const proof = path.proof.at === undefined ? path.proof.kind : `${path.proof.kind}, ${path.proof.at}`;
  const cells = html`<td title="${path.frontend}">${path.vip}</td><td>${path.verdict}</td><td>${path.exposure}</td><td>${proof}</td><td>${seen(path.before)}</td><td>${seen(path.after)}</td>`;
  return `<tr>${cells}<td>${list(path.findings)}</td></tr>`;
};

const seen = (look: RunPathView['before']): string =>
  look === undefined ? '' : [`${look.outcome} ${look.ms} ms`, ...look.drift].join(', ');
