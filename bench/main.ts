/**
 * `npm run bench [-- NAME...] [--json]`: measures, and prints a table for each; without names all of them. A benchmark is
 * a file beside this one that exports `bench(): Promise<BenchRow[]>`. Figures are of this machine: compare within one run
 * only. With `--json` the last line is one object `{ok, rows}`. Ends with 1 when a row is above its target.
 */
import { readdir } from 'node:fs/promises';
import { type BenchRow, lineOf } from './rows.ts';

const names = (await readdir(import.meta.dirname))
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.slice(0, -'.bench.ts'.length))
  .sort();
const asked = process.argv.slice(2);
const chosen = asked.filter((word) => word !== '--json');
const unknown = chosen.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}; there are ${names.join(', ')}.`);
  process.exit(2);
}
const rows: BenchRow[] = [];
for (const name of chosen.length > 0 ? chosen : names) {
  const { bench } = (await import(`./${name}.bench.ts`)) as { bench(): Promise<BenchRow[]> };
  console.log(`\n${name}`);
  const measured = await bench();
  for (const row of measured) console.log(lineOf(row));
  rows.push(...measured);
}
const ok = rows.every((row) => row.ok);
if (asked.includes('--json')) console.log(JSON.stringify({ ok, rows }));
if (!ok) process.exitCode = 1;
