/** What the lab prints. */
import type { CaseResult } from './case.ts';

/** A case in a line: `ok      link eth1 down and up: 312 ms; 2 of 2 VIPs proved self; ...` */
export function caseLine({ case: name, manager, ok, recoveredMs, detail }: CaseResult): string {
  const where = manager === 'none' ? '' : ` [${manager}]`;
  const time = recoveredMs === undefined ? '' : `${recoveredMs} ms; `;
  return `${ok ? 'ok    ' : 'FAILED'}  ${name}${where}: ${time}${ok ? oneLine(detail) : detail}`;
}

/** `91 cases, 91 ok; whole again after 12 to 2,241 ms, half of them within 402 ms`. */
export function summaryLine(results: CaseResult[]): string {
  const good = results.filter(({ ok }) => ok).length;
  const times = results.flatMap(({ ok, recoveredMs }) => (ok && recoveredMs !== undefined ? [recoveredMs] : []));
  const line = `${results.length} ${results.length === 1 ? 'case' : 'cases'}, ${good} ok${good === results.length ? '' : `, ${results.length - good} FAILED`}`;
  if (times.length === 0) return line;
  times.sort((a, b) => a - b);
  const ms = (value = 0) => value.toLocaleString('en-GB');
  if (times.length === 1) return `${line}; whole again after ${ms(times[0])} ms`;
  const half = times[Math.ceil(times.length / 2) - 1];
  return `${line}; whole again after ${ms(times[0])} to ${ms(times.at(-1))} ms, half of them within ${ms(half)} ms`;
}

/** The last line of `--json`. */
export const jsonLine = (results: CaseResult[]): string =>
  JSON.stringify({ ok: results.length > 0 && results.every(({ ok }) => ok), cases: results });

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');
