/**
 * `npm run bench [-- NAME...] [--json]`: measures, prints a table for each and keeps its rows in bench/results/NAME.json,
 * from which docs/performance.md is made anew.
 * Without names, or with `all`: every benchmark but those that take longest, which are run by name alone. A benchmark is
 * a file beside this one that exports `bench(): Promise<BenchRow[]>`, and `byName = true` where it runs by name alone.
 * Compare figures of one run only. With `--json` the last line is one object `{ok, rows}`. Ends with 1 when a row misses
 * its target or a benchmark fails; the others run all the same.
 */
import { readdir } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { writeDocument } from './document/document.ts';
import { keepResult, whereMeasured } from './results.ts';
import { type BenchRow, lineOf } from './rows.ts';

interface Bench {
  bench(): Promise<BenchRow[]>;
  byName?: true;
}

const names = (await readdir(import.meta.dirname))
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.slice(0, -'.bench.ts'.length))
  .sort();
const asked = process.argv.slice(2);
const chosen = asked.filter((word) => word !== '--json' && word !== 'all');
const unknown = chosen.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}; there are ${names.join(', ')}, and all.`);
  process.exit(2);
}
const all = chosen.length === 0 || asked.includes('all');
const rows: BenchRow[] = [];
let failed = false;
for (const name of all ? names : names.filter((it) => chosen.includes(it))) {
  const { bench, byName } = (await import(`./${name}.bench.ts`)) as Bench;
  if (!(chosen.includes(name) || (all && !byName))) continue;
  const where = await whereMeasured();
  console.log(`\n${name}`);
  const began = performance.now();
  try {
    const measured = await bench();
    for (const row of measured) console.log(lineOf(row));
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(`  ${seconds} s`);
    await keepResult({ name, ...where, seconds, rows: measured });
    rows.push(...measured);
  } catch (error) {
    failed = true;
    console.error(error);
  }
}
writeDocument();
const ok = !failed && rows.every((row) => row.ok);
if (asked.includes('--json')) console.log(JSON.stringify({ ok, rows }));
process.exit(ok ? 0 : 1);
