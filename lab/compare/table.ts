/** The comparison as Markdown. */
import type { Later } from './later.ts';
import type { Gap, Shares } from './measure.ts';
import { percent, type Row } from './summary.ts';

/** A gap in seconds; `lasts` when nothing worked until the next thing happened. */
const seconds = ({ ms, ended }: Gap): string => (ended ? `${(ms / 1000).toFixed(ms < 1000 ? 2 : 1)} s` : 'lasts');

const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;

const table = (head: string[], rows: string[][]): string => {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const pad = (row: string[]) => line(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
  return [pad(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(pad)].join('\n');
};

/** What clients on members meet, what else changes, and what programs that come later lose. */
export function comparisonTable(rows: Row[], beside: Later[] = []): string {
  const outside = rows.find(({ id }) => id === 'none');
  const service = rows.map((row) => [
    row.title,
    seconds(row.leaves),
    seconds(row.comes),
    seconds(row.drift),
    percent(row.unbound.failed),
    percent(row.unbound.wrong),
  ]);
  if (outside)
    service.unshift([
      'clients outside the pool, no fix',
      seconds(outside.outsideGap),
      seconds(outside.outsideGap),
      '-',
      percent(outside.outside.failed),
      percent(outside.outside.wrong),
    ]);
  return [
    table(
      [
        '',
        'longest gap: primary leaves the VM',
        'primary comes to the VM',
        'drift',
        'connects failed',
        'wrong instance',
      ],
      service,
    ),
    table(
      [
        '',
        'not served: bound to backend / via',
        'other connections broken',
        'client on its VM, as the server sees it',
        'client on the other member',
      ],
      rows.map((row) => [
        row.title,
        `${percent(sum(row.bound.backend))} / ${percent(sum(row.bound.via))}`,
        brokenText(row),
        row.seen.local,
        row.seen.remote,
      ]),
    ),
    ...(beside.length === 0 ? [] : [laterTable(beside)]),
  ].join('\n\n');
}

const laterTable = (beside: Later[]): string =>
  table(
    ['', 'what programs that come later lose', 'beside which of them the VIP is lost (primary here)'],
    beside.map(({ title, changed, lost }) => [
      title,
      changed.join(', ') || 'nothing',
      lost === undefined ? 'never reached' : lost.join(', ') || 'none',
    ]),
  );

const sum = ({ failed, wrong }: Shares): number => failed + wrong;

/** Each connection once, with where the primary must be for it. */
function brokenText({ broken }: Row): string {
  const both = broken.local.filter((it) => broken.remote.some((that) => nameOf(that) === nameOf(it)));
  const bothNames = new Set(both.map(nameOf));
  const only = (list: string[]) => list.filter((it) => !bothNames.has(nameOf(it)));
  const text = [
    ...both.map(nameOf),
    ...only(broken.local).map((it) => `${describe(it)} (primary here)`),
    ...only(broken.remote).map((it) => `${describe(it)} (primary elsewhere)`),
  ];
  return text.join('; ') || 'none';
}

const nameOf = (lost: string): string => lost.split(':')[0] ?? lost;
const describe = (lost: string): string => (lost.endsWith('fails') ? nameOf(lost) : `${nameOf(lost)}: wrong VM`);
