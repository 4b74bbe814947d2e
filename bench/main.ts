/**
 * `npm run bench [-- NAME...]`: measures, and prints a table for each; without names all of them. A benchmark is a file
 * beside this one that exports `bench(): Promise<Figure[]>`. Figures are of this machine: compare within one run only.
 */
import { readdir } from 'node:fs/promises';

/** One line of a benchmark's table. */
export interface Figure {
  what: string;
  value: string;
}

const names = (await readdir(import.meta.dirname))
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.slice(0, -'.bench.ts'.length))
  .sort();
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}; there are ${names.join(', ')}.`);
  process.exit(2);
}
for (const name of chosen.length > 0 ? chosen : names) {
  const { bench } = (await import(`./${name}.bench.ts`)) as { bench(): Promise<Figure[]> };
  console.log(`\n${name}`);
  for (const { what, value } of await bench()) console.log(`  ${what.padEnd(70)} ${value}`);
}
