/**
 * `npm run lab [-- --json] [--part namespaces|booted|compare] [--write] [--only TEXT]`: tries on real Linux network stacks what
 * the guest part says of itself. Without `--part`: all cases in namespaces, and those in booted guests where they can
 * run. `--only` takes the cases whose name holds the text. A line for each case as it ends, then a summary; with
 * `--json` the last line is `{ok, cases: [{case, manager, ok, recoveredMs, ownMs, detail}]}`. Exit code: 0, 1 when a case is
 * not ok, 2 for a wrong argument, 3 when the machine lacks something, 130 after Ctrl-C. Nothing of it stays on the machine.
 * The part `compare` sets ways to cure a hairpin side by side. `--write` puts what `compare` or `booted` measured into
 * docs/linux.md.
 */
import { parseArgs } from 'node:util';
import { hasProgram } from '../simulator/guests/kernel/available.ts';
import { type CaseResult, type LabCase, tryCase } from './case.ts';
import { writeTables } from './docs.ts';
import { caseLine, jsonLine, summaryLine } from './lines.ts';
import { PARTS, type Part } from './parts.ts';

const COMPARE = 'compare';
const NAMES = [...PARTS.map(({ name }) => name), COMPARE];

function readArguments(): { json: boolean; write: boolean; part?: string | undefined; only: string } {
  const flag = { type: 'boolean' } as const;
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({ options: { json: flag, write: flag, part: text, only: text } });
    const { json = false, write = false, part, only = '' } = values;
    const isWritable = only === '' && (part === 'booted' || part === COMPARE);
    if (write && !isWritable)
      console.error('--write takes a whole part that has a place in the docs: booted or compare.');
    else if (part === undefined || NAMES.includes(part)) return { json, write, part, only };
    else console.error(`There is no part ${part}; there are ${NAMES.join(', ')}.`);
  } catch (error) {
    console.error((error as Error).message);
  }
  process.exit(2);
}

/** Ctrl-C came: no further case is begun, and the one that was cut off is not told. */
let stopping = false;

/** Tries a case, and tells it. */
async function runCase(it: LabCase, results: CaseResult[]): Promise<void> {
  const result = await tryCase(it);
  if (stopping) await new Promise(() => {}); // the signal's handler ends this process
  results.push(result);
  console.log(caseLine(result));
}

/** `write`: the part's tables are put into the docs, in the order of its cases. */
async function runPart(part: Part, only: string, results: CaseResult[], write: boolean): Promise<void> {
  const chosen = (await part.cases()).filter(({ name }) => name.includes(only));
  const lacking = new Set(chosen.flatMap(({ programs = [] }) => programs.filter((name) => !hasProgram(name))));
  const cases = chosen.filter(({ programs = [] }) => !programs.some((name) => lacking.has(name)));
  if (lacking.size > 0) {
    console.error(`${chosen.length - cases.length} cases are not run; they need ${[...lacking].join(', ')}.`);
  }
  try {
    if (part.sideBySide) await Promise.all(cases.map((it) => runCase(it, results)));
    else for (const it of cases) await runCase(it, results);
  } finally {
    await part.stop();
  }
  if (!write || !part.tables) return;
  if (!results.every(({ ok }) => ok)) {
    console.error('The docs are left as they are: not every case is ok.');
    return;
  }
  const placeOf = ({ case: name, manager }: CaseResult) =>
    cases.findIndex((it) => it.name === name && it.manager === manager);
  writeTables(part.name, await part.tables(results.toSorted((a, b) => placeOf(a) - placeOf(b))));
}

async function runParts(json: boolean, wanted: string | undefined, only: string, write: boolean): Promise<number> {
  const results: CaseResult[] = [];
  for (const part of PARTS.filter(({ name }) => wanted === undefined || name === wanted)) {
    const lacking = await part.needs();
    if (lacking.length === 0) {
      await runPart(part, only, results, write);
      continue;
    }
    console.error(`The ${part.name} part is not run; it needs ${lacking.join('; ')}.`);
    // Booted guests are a part that not every machine can have; without namespaces, or what was asked for, it is no lab.
    if (wanted !== undefined || part === PARTS[0]) return 3;
  }
  if (results.length === 0) console.error(`No case has ${JSON.stringify(only)} in its name.`);
  console.log(`\n${summaryLine(results)}`);
  if (json) console.log(jsonLine(results));
  return results.length > 0 && results.every(({ ok }) => ok) ? 0 : 1;
}

const { json, write, part, only } = readArguments();
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, async () => {
    stopping = true;
    await Promise.allSettled(PARTS.map((it) => it.stop()));
    process.exit(code);
  });
}
if (part === COMPARE) {
  const lacking = (await PARTS[0]?.needs()) ?? [];
  if (lacking.length > 0) {
    console.error(`The comparison needs ${lacking.join('; ')}.`);
    process.exit(3);
  }
  const { compareMain } = await import('./compare/compare.ts');
  process.exit(await compareMain({ json, write }));
}
process.exit(await runParts(json, part, only, write));
