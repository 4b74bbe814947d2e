/**
 * docs/performance.md and its charts from bench/results: `npm run bench` writes them anew after each run, and
 * `node bench/document/document.ts` without one. The text between the marks is made here; the rest of the page is written by hand.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BenchResult, RESULTS } from '../results.ts';
import { type BenchRow, numberOf } from '../rows.ts';
import { type Bar, barChart } from './chart.ts';

export const DOCS = join(import.meta.dirname, '../../docs');
export const PAGE = join(DOCS, 'performance.md');

interface Chart {
  title: string;
  /** Which rows, and what their bars are called; undefined leaves a row out. */
  label(row: BenchRow): string | undefined;
  isOurs(label: string): boolean;
}

const after = (text: string, mark: string): string | undefined =>
  text.includes(mark) ? text.slice(text.indexOf(mark) + mark.length) : undefined;

/** The charts, by the benchmark whose rows they show. */
const CHARTS: Readonly<Record<string, Chart>> = {
  load: {
    title: 'Load of the app, milliseconds (median)',
    label: ({ name, unit }) => (unit === 'ms' ? name.replace('the app as it is deployed', 'deployed') : undefined),
    isOurs: (label) => label.endsWith('deployed'),
  },
  failover: {
    title: 'Failed connects that a strategy adds to a failover, of members’ connects',
    label: ({ name, unit }) => (unit === '%' ? name.split(': of members')[0] : undefined),
    isOurs: (label) => label.startsWith('ilb-hairpin-guard'),
  },
  throughput: {
    title: 'The steered way, as many times as good as a plain one',
    label: ({ name }) => (after(name, ': ') === 'steered, as good as plain' ? name.split(': ')[0] : undefined),
    isOurs: () => true,
  },
  page: {
    title: 'The page with 500 VMs: from an input to the frame that shows it, milliseconds (median)',
    label: ({ name, unit, target }) =>
      unit === 'ms' && target === 50
        ? name.replace('500 VMs in pairs, 500 VIPs', 'in pairs').replace('500 VMs behind each of 64 VIPs', 'one group')
        : undefined,
    isOurs: () => true,
  },
  cost: {
    title: 'A month of the Function app, US dollars',
    label: ({ name, unit }) => (unit === 'USD' ? name.replace('a month of ', '').split(': ')[0] : undefined),
    isOurs: () => true,
  },
};

/** All results that are kept, by name. */
export function readResults(): Map<string, BenchResult> {
  const files = existsSync(RESULTS) ? readdirSync(RESULTS).filter((file) => file.endsWith('.json')) : [];
  return new Map(
    files.sort().map((file) => {
      const result = JSON.parse(readFileSync(join(RESULTS, file), 'utf8')) as BenchResult;
      return [result.name, result];
    }),
  );
}

/** A benchmark's chart; undefined where none of its rows has one. */
export function chartOf({ name, rows }: BenchResult): string | undefined {
  const chart = CHARTS[name];
  const bars = rows.flatMap((row): Bar[] => {
    const label = chart?.label(row);
    if (!chart || label === undefined) return [];
    return [{ label, value: row.value, shown: `${numberOf(row.value)} ${row.unit}`, isOurs: chart.isOurs(label) }];
  });
  return chart && bars.length > 0 ? barChart(chart.title, bars) : undefined;
}

/** The file of a benchmark's chart, beside the page. */
export const chartFile = (name: string): string => `performance-${name}.svg`;

/** What stands between a benchmark's marks: where and when it was measured, its chart and its table. */
function sectionOf(result: BenchResult): string {
  const { name, date, machine, versions, busy, seconds, rows } = result;
  const measured = [
    date,
    `${machine.cores} cores of ${machine.cpu}, ${machine.memoryGb} GB`,
    `Node ${versions.node}, ${versions.os}`,
    `${seconds} s`,
    ...(busy > BUSY
      ? [`**on a machine with other work** (${busy} processes a core): compare within the table alone`]
      : []),
  ];
  const chart = chartOf(result);
  return [
    `Measured ${measured.join('; ')}.`,
    ...(chart ? [`![${CHARTS[name]?.title ?? name}](${chartFile(name)})`] : []),
    tableOf(rows),
  ].join('\n\n');
}

const BUSY = 0.5;

function tableOf(rows: readonly BenchRow[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const lines = rows.map(({ name, value, unit, target, isFloor, ok, spread, compared }) => {
    const from = spread ? `${numberOf(spread[0])} to ${numberOf(spread[1])}` : '';
    const asked =
      target === undefined
        ? ''
        : `${isFloor ? 'at least' : 'at most'} ${numberOf(target)}: ${ok ? 'met' : '**missed**'}`;
    return `| ${[name, `${numberOf(value)} ${unit}`, from, asked, compared].map(cell).join(' | ')} |`;
  });
  return ['| what | value | spread | target | what is compared |', '|---|---|---|---|---|', ...lines].join('\n');
}

const MARKS = /<!-- bench (\S+) -->[\s\S]*?<!-- end -->/g;

/** The page with what is between its marks made of the results. A benchmark that never ran says so. */
export const withResults = (page: string, results: ReadonlyMap<string, BenchResult>): string =>
  page.replace(MARKS, (_, name: string) => {
    const result = results.get(name);
    const text = result ? sectionOf(result) : `Not measured yet: \`npm run bench -- ${name}\`.`;
    return `<!-- bench ${name} -->\n\n${text}\n\n<!-- end -->`;
  });

/** The benchmarks that the page has a place for. */
export const namesOn = (page: string): string[] => [...page.matchAll(MARKS)].map(([, name = '']) => name);

/** Writes the page and the charts. */
export function writeDocument(): void {
  const results = readResults();
  writeFileSync(PAGE, withResults(readFileSync(PAGE, 'utf8'), results));
  for (const result of results.values()) {
    const chart = chartOf(result);
    if (chart) writeFileSync(join(DOCS, chartFile(result.name)), chart);
  }
}

if (import.meta.main) writeDocument();
