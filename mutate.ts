/**
 * `npm run mutate [-- PART... --every N --from I]`: changes the code a little in thousands of places, and tells which changes no test
 * notices. Without parts all of them; with `--every` each N-th change alone. Outside CI, for its time. Figures and the changes that nothing notices stand in
 * docs/mutations.md. By Stryker; AVA's files run in one process that stays (mutateRunner.ts). Ends with 1 when fewer
 * than LEAST are noticed.
 */
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { isDrawn, type WarmOptions } from './mutateRunner.ts';

/** Per cent of the changes that tests must notice. */
const LEAST = 85;
/** A test that takes longer, in ms of the processor, is left out: most changes would wait for it. */
const SLOWEST = 500;

/** What is changed, and the tests that are to notice. */
const PARTS: Record<string, { mutate: string[]; tests: string }> = {
  requests: { mutate: ['shared/requests/*.ts'], tests: 'requests/*' },
  evaluate: { mutate: ['shared/evaluate/*.ts'], tests: 'evaluate/!(*.kernel)' },
  // Of the loop's tests those that are about what is decided, and quick: some histories of it take minutes.
  decide: {
    mutate: ['shared/decide/*.ts'],
    tests:
      '{decide/*,reconcile/{border,cancel,endless,estate,news,otherRules,parts,pathHistory,refused,rows,subscriptions}}',
  },
  guest: {
    mutate: ['shared/guest/**/render.ts', 'shared/guest/{report,lastReport,splice,wire}.ts'],
    tests: 'guest/{*,linux/{address,files,ruleset},windows/{refusal,render}}',
  },
};

const { values, positionals: asked } = parseArgs({
  allowPositionals: true,
  options: { every: { type: 'string', default: '1' }, from: { type: 'string' } },
});
const every = Number(values.every);
const from = Number(values.from ?? Math.floor(Math.random() * every));
const unknown = asked.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0 || !(every >= 1) || !(from < every)) {
  console.error(`mutate [${Object.keys(PARTS).join('|')}]... [--every N [--from 0..N-1]]`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(PARTS)) {
  const part = PARTS[name];
  if (!part) continue;
  const warm: WarmOptions = {
    files: [`test/${part.tests}.test.ts`],
    slowest: SLOWEST,
    every,
    from,
  };
  const results = await new Stryker({
    mutate: part.mutate,
    jsonReporter: { fileName: `.cache/mutation/${name}.json` },
    warnings: { unknownOptions: false, preprocessorErrors: true, unserializableOptions: true, slow: false },
    warm,
  }).runMutationTest();
  const drawn = results.filter(({ id }) => isDrawn(id, every, from)).map(({ status }) => status);
  const noticed = drawn.filter((status) => status === 'Killed' || status === 'Timeout').length;
  const counted = noticed + drawn.filter((status) => status === 'Survived' || status === 'NoCoverage').length;
  const share = counted === 0 ? 0 : noticed / counted;
  const sample =
    every === 1 ? '' : ` (each ${every}th of ${results.length}, from ${from}: ${interval(share, counted)})`;
  console.log(`${name}: ${noticed} of ${counted} noticed, ${percent(share)} %${sample}`);
  if (share < LEAST / 100) process.exitCode = 1;
}

/** Of the share of all, 95 % by Wilson's score interval (Wilson 1927). */
function interval(share: number, count: number): string {
  const z = 1.96;
  const middle = (share + z ** 2 / (2 * count)) / (1 + z ** 2 / count);
  const half = (z / (1 + z ** 2 / count)) * Math.sqrt((share * (1 - share)) / count + (z / (2 * count)) ** 2);
  return `of all ${percent(middle - half)} to ${percent(middle + half)} %, with 95 % confidence`;
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}
