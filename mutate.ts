/**
 * `npm run mutate [-- PART...]`: changes the code a little in thousands of places, and tells which changes no test
 * notices. Without parts all of them, which takes hours. Outside CI. Figures stand in docs/mutations.md. By Stryker, whose
 * tap runner runs AVA's files; it needs Node 22 or later. Ends with 1 when fewer are noticed than LEAST.
 */
import { Stryker } from '@stryker-mutator/core';

/** Per cent of the mutants that tests must notice. */
const LEAST = 85;

/** What is changed, and the tests that are to notice: each pure, and quick. */
const PARTS: Record<string, { mutate: string[]; tests: string }> = {
  requests: { mutate: ['shared/requests/*.ts'], tests: 'requests' },
  evaluate: { mutate: ['shared/evaluate/*.ts'], tests: 'evaluate' },
  decide: { mutate: ['shared/decide/*.ts'], tests: '{decide,reconcile}' },
  guest: { mutate: ['shared/guest/**/render.ts', 'shared/guest/{report,lastReport,splice,wire}.ts'], tests: 'guest' },
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}.`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(PARTS)) {
  const part = PARTS[name];
  if (!part) continue;
  const results = await new Stryker({
    mutate: part.mutate,
    tap: {
      testFiles: [`test/${part.tests}/**/!(*.kernel|*.process).test.ts`],
      // From a copy of the repository two folders below it. Only so does Stryker's hook reach AVA's worker threads.
      nodeArgs: [
        '../../node_modules/ava/entrypoints/cli.js',
        '--tap',
        '--node-arguments=-r {{hookFile}}',
        '{{testFile}}',
      ],
    },
  }).runMutationTest();
  const noticed = results.filter(({ status }) => status === 'Killed' || status === 'Timeout').length;
  const counted = results.filter(({ status }) =>
    ['Killed', 'Timeout', 'Survived', 'NoCoverage'].includes(status),
  ).length;
  const share = counted === 0 ? 0 : (100 * noticed) / counted;
  console.log(`${name}: ${noticed} of ${counted} noticed, ${share.toFixed(1)} %`);
  if (share < LEAST) process.exitCode = 1;
}
