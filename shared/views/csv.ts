/** Runs as CSV (RFC 4180) for spreadsheets: no cell is a formula, none spans lines. */
import { stringify } from 'csv-stringify/sync';
import { OUTCOME_RESULTS } from '../model/rows.ts';
import { printable } from './printable.ts';
import type { CodeView, RunPathView, RunSummary, RunView, RunVmView } from './run.ts';

export type Cell = string | number | boolean | undefined;

/**
 * Lines under their column names. A text that a spreadsheet would take for a formula gets an apostrophe in front
 * (owasp.org/www-community/attacks/CSV_Injection); control characters, which could hide its beginning, become spaces.
 */
export function csv(lines: readonly Record<string, Cell>[], columns: readonly string[]): string {
  return stringify(
    lines.map((line) => columns.map((name) => (typeof line[name] === 'string' ? oneLine(line[name]) : line[name]))),
    {
      header: true,
      columns: [...columns],
      bom: true, // without it Excel does not read UTF-8
      record_delimiter: 'windows',
      escape_formulas: true,
      cast: { boolean: String },
    },
  );
}

/**
 * One line, and no semicolon: where the comma is the decimal sign, a spreadsheet cuts lines at semicolons, whatever is
 * quoted, and what follows one could be a formula.
 */
const oneLine = (text: string): string => printable(text).replaceAll(';', ',');

const PATH_COLUMNS = [
  'runId',
  'vm',
  'state',
  'result',
  'waitingFor',
  'changed',
  'vip',
  'exposure',
  'verdict',
  'proof',
  'provedAt',
  'proofSaw',
  'notProved',
  'driftBefore',
  'connectBefore',
  'driftAfter',
  'connectAfter',
  'findings',
  'warnings',
  'vmId',
  'frontend',
  'joined',
  'askedBy',
  'cancelledBy',
] as const;

/** A run: a line per path, one for each VM that has none, for each row that cannot be read, and for a run that joined another. */
export function runCsv(run: RunView): string {
  const { runId, joined, state, askedBy } = run;
  const cancelledBy = run.cancelled?.by;
  const ofVms = run.vms.flatMap((vm) => {
    const paths: (RunPathView | undefined)[] = vm.paths.length > 0 ? vm.paths : [undefined];
    return paths.map((path) => pathLine(run, vm, path));
  });
  const unread = (run.unreadable ?? []).map((row) => ({ runId, findings: sentences([row]), askedBy, cancelledBy }));
  return csv(
    [...ofVms, ...unread, ...(joined === undefined ? [] : [{ runId, state, joined, askedBy, cancelledBy }])],
    PATH_COLUMNS,
  );
}

const pathLine = (
  run: RunView,
  vm: RunVmView,
  path: RunPathView | undefined,
): Partial<Record<(typeof PATH_COLUMNS)[number], Cell>> => ({
  runId: run.runId,
  vm: vm.vm,
  state: vm.state,
  result: vm.result,
  waitingFor: vm.waitingFor && sentences([vm.waitingFor]),
  changed: vm.changed,
  vip: path?.vip,
  exposure: path?.exposure,
  verdict: path?.verdict,
  proof: path?.proof.kind,
  provedAt: path?.proof.at,
  proofSaw: path?.proof.saw?.join(' '),
  notProved: path?.notProved?.join(' '),
  driftBefore: path?.before?.drift.join(' '),
  connectBefore: path?.before?.outcome,
  driftAfter: path?.after?.drift.join(' '),
  connectAfter: path?.after?.outcome,
  findings: sentences([...vm.findings, ...(path?.findings ?? [])]),
  warnings: sentences(vm.warnings),
  vmId: vm.vmId,
  frontend: path?.frontend,
  askedBy: run.askedBy,
  cancelledBy: run.cancelled?.by,
});

const sentences = (views: readonly CodeView[]): string => views.map(({ code, text }) => `${code}: ${text}`).join(' ');

const RUN_COLUMNS = [
  'runId',
  'signal',
  'mode',
  'dryRun',
  'state',
  'acceptedAt',
  'settledAt',
  'scope',
  'retryOf',
  'joined',
];
const COUNTS = ['vms', ...OUTCOME_RESULTS, 'commands', 'looked', 'believed'];

/** A list of runs: a line each, with its counts. */
export const runsCsv = (runs: readonly RunSummary[]): string =>
  csv(
    runs.map(({ counts, reason, scope, event: _event, confirmation, cancelled, ...run }) => ({
      ...run,
      ...counts,
      scope: scope.join(' '),
      confirmation: confirmation?.state,
      reason: reason && sentences([reason]),
      cancelledBy: cancelled?.by,
    })),
    [...RUN_COLUMNS, ...COUNTS, 'confirmation', 'reason', 'askedBy', 'cancelledBy'],
  );
