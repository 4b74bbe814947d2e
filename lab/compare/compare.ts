/**
 * Strategies side by side: one failover there and back and one drift, the same for each, on fresh guests of the kernel.
 * `npm run lab -- --part compare`; with `--write` table and chart are put into docs.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startKernelLab } from '../../simulator/guests/kernel/lab.ts';
import { DOCS, writeTables } from '../docs.ts';
import { comparisonChart } from './chart.ts';
import { monotonicMs } from './client.ts';
import { compareEstate } from './estate.ts';
import { type Later, later } from './later.ts';
import { STRATEGIES } from './strategies.ts';
import { broughtShort, type Row, rowOf } from './summary.ts';
import { comparisonTable } from './table.ts';
import { type Played, play, TIMELINE } from './timeline.ts';

/** Compares, and resolves to the exit code: 1 when ours falls short of what it promises. Some ten minutes. */
export async function compareMain(options: { json: boolean; write?: boolean }): Promise<number> {
  const all: Played[] = [];
  const beside: Later[] = [];
  const pace = { intervalSeconds: TIMELINE.probeSeconds, threshold: 2 };
  const lab = await startKernelLab({ estate: compareEstate(pace) });
  try {
    for (const strategy of STRATEGIES) {
      if (all.length > 0) await lab.reset();
      const probedAt = monotonicMs();
      if (!options.json) console.log(`${strategy.title}: ${TIMELINE.end} s ...`);
      all.push(await play(lab, probedAt, strategy, TIMELINE));
    }
    const alone: Parameters<typeof later>[3] = new Map();
    for (const strategy of STRATEGIES) {
      await lab.reset();
      if (!options.json) console.log(`${strategy.title}, and programs that come later ...`);
      beside.push(await later(lab, strategy, TIMELINE, alone));
    }
  } finally {
    await lab.stop();
  }
  const [bare] = all;
  const rows = bare ? all.map((played) => rowOf(played, bare, TIMELINE)) : [];
  const ours = rows.find(({ id }) => id === 'guard');
  const short = [...(ours ? broughtShort(ours) : ['ours was not played']), ...beside.flatMap(fallsShort)];
  if (options.write) write(rows, all, beside);
  if (options.json) console.log(JSON.stringify({ ok: short.length === 0, short, strategies: rows, later: beside }));
  else {
    console.log(`\n${comparisonTable(rows, beside)}\n`);
    for (const what of short) console.log(`ilb-hairpin-guard falls short: ${what}`);
  }
  return short.length === 0 ? 0 : 1;
}

/** With our fix nobody else's rules may mean anything else, and the VIP must be reached beside them. */
const fallsShort = ({ id, changed, lost = [] }: Later): string[] =>
  id !== 'guard'
    ? []
    : [...changed.map((it) => `changed for others: ${it}`), ...lost.map((it) => `the VIP is lost beside: ${it}`)];

/** Puts the tables between their marks in docs/linux.md, and the chart beside it. */
function write(rows: Row[], all: Played[], beside: Later[]): void {
  writeTables('compare', comparisonTable(rows, beside));
  writeFileSync(join(DOCS, 'linux-compare.svg'), `${comparisonChart(all, TIMELINE)}\n`);
}
