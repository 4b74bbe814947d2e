/** A run as a page: what a person reads and prints. No scripts, nothing loaded, every value escaped. */
import { htmlEscape as html } from 'escape-goat';
import type { NicAddress, PlannedFrontend } from '../model/guest.ts';
import type { CodeView, RunPathView, RunView, RunVmView } from './run.ts';

const STYLE = `
body { font: 16px/1.4 system-ui, sans-serif; margin: 2rem; color: #1b1b1b; background: #fff }
h1 { font-size: 1.3rem }
h2 { font-size: 1.05rem; margin: 1.6rem 0 .3rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem }
dt, footer { color: #555 }
dd { margin: 0; white-space: pre-line }
h1, h2, dd { overflow-wrap: anywhere }
li, td { overflow-wrap: break-word }
table { border-collapse: collapse; width: 100% }
table + table { margin-top: .6rem }
th, td { border: 1px solid #ccc; padding: .3rem .5rem; text-align: left; vertical-align: top }
th { background: #f3f3f3 }
th, time { white-space: nowrap }
ul { margin: .3rem 0; padding-left: 1.2rem }
td:nth-child(5) { min-width: 8em }
td:last-child { min-width: 12em }
td:empty { min-width: 0 }
dd, li, td, h2 { unicode-bidi: isolate }
pre { overflow: auto; background: #f3f3f3; padding: .6rem }
section.person { border-left: 4px solid #a4000f; padding-left: 1rem }
td.person { color: #a4000f; font-weight: bold }
footer { margin-top: 2rem; border-top: 1px solid #ccc; font-size: .9rem }
@media screen and (max-width: 64rem) {
  body { margin: 1rem }
  table, tbody, tr, td { display: block }
  th, td:empty { display: none }
  tr + tr { margin-bottom: .8rem; border: 1px solid #ccc }
  td { border: 0; padding-left: 6.5rem }
  td::before { content: attr(data-label); float: left; margin-left: -6rem; color: #555; font-weight: normal }
}
@media print {
  body { margin: 0; font-size: 11px }
  tr, li { break-inside: avoid }
  h2 { break-after: avoid }
  h2[title]::after { content: attr(title); display: block; font: 11px system-ui, sans-serif }
}
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
${forPerson(run)}${unreadable(run)}${run.vms.map(section).join('\n')}
${notListed(run)}${WORDS}
</html>
`;

/** The words of the tables, for a reader who has only this page. */
const WORDS = `<footer><ul>
<li>verdict: compliant, the guest’s state equals the plan for every address of the VM in the pools, and a connect to the VIP succeeded; what that connect did not reach is set too and not proved, and stands with the verdict; repairable, the program can mend it; blocked, a person must act; unknown, not looked at, or nobody to connect to</li>
<li>exposure: active, the VM’s own connects to the VIP come back to it now, all or some of them; latent, they would after a failover; none, a person holds it down behind every rule</li>
<li>proof: self, a connect that came back to this VM was seen to work, at the address and port that stand there; remote, the state is right and a connect reached another VM</li>
<li>counts: looked, VMs whose guest was looked at for this run; believed, VMs that are compliant by an earlier look</li>
<li>before, after: what a connect gave, and what differed from the plan, when the script came and when it left</li>
</ul></footer>`;

const NEED_PERSON = ['blocked', 'failed'];
const classOf = (word: string | undefined): string => (NEED_PERSON.includes(word ?? '') ? 'person' : '');

/** Links to the VMs that a person must care for: among a hundred they would be hard to find. */
function forPerson({ state, vms }: RunView): string {
  const links = vms.flatMap(({ vm, result }, index) =>
    NEED_PERSON.includes(result ?? '') ? [`<a href="#vm${index}">${html(vm)}</a>`] : [],
  );
  const open = ['accepted', 'running'].includes(state) ? '<p>Not ended yet: load this page again.</p>\n' : '';
  return open + (links.length > 0 ? `<p>A person must act on ${links.join(', ')}.</p>\n` : '');
}

const unreadable = ({ unreadable: rows = [] }: RunView): string =>
  rows.length === 0 ? '' : `<section class="person">\n<h2>Rows that cannot be read</h2>\n${list(rows)}\n</section>\n`;

const notListed = ({ counts, vms, unreadable: unread }: RunView): string => {
  const others = counts.vms - vms.length - (unread?.length ?? 0);
  return others > 0 ? `<p>VMs that are compliant by a fresh look and are not listed: ${others}.</p>\n` : '';
};

function facts(run: RunView): string {
  const counted = Object.entries(run.counts).filter(([, count]) => count > 0);
  const rows: [string, string | undefined][] = [
    ['signal', run.signal],
    ['mode', run.dryRun ? `${run.mode} (dry run)` : run.mode],
    ['accepted', run.acceptedAt],
    ['settled', run.settledAt],
    ['scope', run.scope.join('\n')],
    ['asked by', run.askedBy],
    ['cancelled', run.cancelled && `by ${run.cancelled.by}, ${run.cancelled.at}`],
    ['repeats', run.retryOf],
    ['joined', run.joined && `${run.joined}, which does the work for both`],
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

const section = (vm: RunVmView, index: number): string => {
  const waits = vm.waitingFor === undefined ? '' : `, waits for ${vm.waitingFor.code}`;
  const changes = vm.changed > 0 ? `, ${vm.changed} changes` : '';
  return [
    `<section id="vm${index}" class="${classOf(vm.result)}">`,
    html`<h2 title="${vm.vmId}">${vm.vm}: ${vm.result ?? vm.state}${waits}${changes}</h2>`,
    list([...(vm.waitingFor ? [vm.waitingFor] : []), ...vm.findings, ...vm.warnings]),
    vm.paths.length > 0 ? table(`Paths of ${vm.vm}`, PATH_COLUMNS, vm.paths.map(pathRow)) : '',
    vm.plan?.containers === undefined ? '' : html`<p>Its instances run in containers of ${vm.plan.containers}.</p>`,
    vm.plan === undefined ? '' : table(`Plan of ${vm.vm}`, PLAN_COLUMNS, vm.plan.frontends.map(planRow)),
    vm.script === undefined ? '' : html`<details><summary>The script</summary><pre>${vm.script}</pre></details>`,
    '</section>',
  ]
    .filter(Boolean)
    .join('\n');
};

const list = (views: readonly CodeView[]): string =>
  views.length === 0 ? '' : `<ul>${views.map(({ code, text }) => html`<li><b>${code}</b> ${text}</li>`).join('')}</ul>`;

const table = (label: string, columns: readonly string[], rows: readonly string[]): string =>
  `<table aria-label="${html(label)}">
<tr>${columns.map((name) => `<th scope="col">${name}`).join('')}</tr>
${rows.join('\n')}
</table>`;

/** Cells are markup already, as are the attributes of the first ones. */
const row = (columns: readonly string[], cells: readonly string[], attributes: readonly string[] = []): string => {
  const cell = (inner: string, index: number): string =>
    `<td ${[`data-label="${columns[index]}"`, ...attributes.slice(index, index + 1)].join(' ')}>${inner}</td>`;
  return `<tr>${cells.map(cell).join('')}</tr>`;
};

const PATH_COLUMNS = ['VIP', 'verdict', 'exposure', 'proof', 'before', 'after', 'findings'];

const pathRow = (path: RunPathView): string => {
  const { kind, at, saw = [] } = path.proof;
  const when = at === undefined ? '' : html`, <time>${at}</time>`;
  const cells = [
    html(path.vip),
    html([path.verdict, ...(path.notProved ? [`set and not proved: ${path.notProved.join(', ')}`] : [])].join('; ')),
    html(path.exposure),
    html([kind, ...saw].join(' ')) + when,
    html(seen(path.before)),
    html(seen(path.after)),
    list(path.findings),
  ];
  return row(PATH_COLUMNS, cells, [html`title="${path.frontend}"`, `class="${classOf(path.verdict)}"`]);
};

const PLAN_COLUMNS = ['planned VIP', 'port', 'backend', 'via'];

const nic = ({ ip, mac }: NicAddress): string => `${ip}, ${mac}`;

const planRow = ({ vip, port, backends, via, kept }: PlannedFrontend): string =>
  row(
    PLAN_COLUMNS,
    [`${vip}${kept ? ' (left as it is)' : ''}`, `${port ?? ''}`, backends.map(nic).join('; '), nic(via)].map((text) =>
      html(text),
    ),
  );

const seen = (look: RunPathView['before']): string =>
  look === undefined ? '' : [`${look.outcome} ${look.ms} ms`, ...look.drift].join(', ');
