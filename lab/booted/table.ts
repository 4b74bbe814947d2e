/** The booted part's result as a table in Markdown: a row for each thing that happens, a column for each kind of guest. Pure. */
import type { CaseResult, Manager } from '../case.ts';
import { DHCP } from './guests.ts';

const COLUMNS: [head: string, manager: Manager, dhcp: boolean][] = [
  ['NetworkManager', 'NetworkManager', false],
  ['the same, DHCP', 'NetworkManager', true],
  ['with nm-cloud-setup', 'NetworkManager with nm-cloud-setup', false],
  ['networkd', 'systemd-networkd', false],
  ['the same, DHCP', 'systemd-networkd', true],
  ['netplan', 'netplan', false],
  ['ifupdown', 'ifupdown', false],
  ['ifupdown DHCP', 'ifupdown', true],
];

/** Rows stand in the order in which their names first come in the results. */
export function bootedTable(results: CaseResult[]): string {
  const rows = new Map<string, string[]>();
  for (const result of results) {
    const dhcp = result.case.startsWith(DHCP);
    const name = dhcp ? result.case.slice(DHCP.length) : result.case;
    const row = rows.get(name) ?? COLUMNS.map(() => '');
    row[COLUMNS.findIndex(([, manager, isDhcp]) => manager === result.manager && isDhcp === dhcp)] = cell(result);
    rows.set(name, row);
  }
  return [
    line(['what happens', ...COLUMNS.map(([head]) => head)]),
    line(['---', ...COLUMNS.map(() => '---')]),
    ...[...rows].map(([name, cells]) => line([name, ...cells])),
  ].join('\n');
}

/** Milliseconds until whole again, and in brackets those since the addresses were back. */
function cell({ ok, recoveredMs, ownMs }: CaseResult): string {
  if (!ok) return 'FAILED';
  if (recoveredMs === undefined) return 'ok';
  if (recoveredMs === 0) return 'nothing lost';
  return ownMs === undefined ? `${recoveredMs}` : `${recoveredMs} (${ownMs})`;
}

const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
