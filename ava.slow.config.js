// Tests that start processes or kernel namespaces. They wait more than they work: four files at a time, on two cores.
import { fileURLToPath } from 'node:url';

const ALL = ['test/**/*.kernel.test.ts', 'test/**/*.process.test.ts'];

/**
 * Those that take minutes, alone or together: guests that boot, kills at every call, storms, the laboratory, whole
 * stories, random Windows guests. `npm run test:long` runs them, `npm test` does not. In the order in which they begin:
 * none of them is left alone at the end, and those that work and those that wait take turns.
 */
const LONG = [
  'test/lab/booted/*.kernel.test.ts',
  'test/lab/booted.kernel.test.ts',
  'test/guest/linux/firewall.kernel.test.ts',
  'test/reliability/killed/*.process.test.ts',
  'test/lab/namespace/kills.kernel.test.ts',
  'test/simulator/story/*.kernel.test.ts',
  'test/simulator/chaos/*.process.test.ts',
  'test/reliability/cleanStop.process.test.ts',
  'test/simulator/main.kernel.test.ts',
  'test/lab/namespace/drift.kernel.test.ts',
  'test/lab/namespace/roles.kernel.test.ts',
  'test/guest/windows/random.process.test.ts',
  'test/guest/windows/pwsh.process.test.ts',
  'test/guest/windows/drift.process.test.ts',
  'test/guest/windows/neighbours.process.test.ts',
  'test/lab/namespace/neighbours.kernel.test.ts',
  'test/lab/namespace/agents.kernel.test.ts',
  'test/lab/namespace/afterFailure.kernel.test.ts',
  'test/simulator/guests/model/*.kernel.test.ts',
  'test/simulator/guests/model/*.process.test.ts',
  'test/simulator/guests/kernel/*.kernel.test.ts',
  'test/guest/linux/errors.kernel.test.ts',
  'test/guest/linux/large.kernel.test.ts',
  'test/guest/linux/proof.kernel.test.ts',
  'test/guest/linux/service.kernel.test.ts',
  'test/guest/linux/takeback.kernel.test.ts',
  'test/mirror/tellFailoverWindows.process.test.ts',
  'test/infra/compiled.process.test.ts',
  'test/mutateRunner.process.test.ts',
  'test/lab/*.kernel.test.ts',
  'test/lab/*/*.kernel.test.ts',
];

/** Set by test/run.ts; without it a file that is named runs, whichever part it is of. */
const FILES = {
  short: [...ALL, ...LONG.map((pattern) => `!${pattern}`)],
  long: LONG,
}[process.env.HAIRPIN_TEST_PART];

/** Begins first of the short ones: two whole stories. */
const FIRST = ['test/simulator/main.process.test.ts'];

const matchers = [...LONG, ...FIRST].map(
  (pattern) => new RegExp(`${pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`),
);
const rank = (file) => {
  const at = matchers.findIndex((matcher) => matcher.test(file));
  return at < 0 ? matchers.length : at;
};

export default {
  extensions: ['ts'],
  files: FILES ?? ALL,
  concurrency: 4,
  // Processes that load the same modules again and again: a fifth less of the processor's time.
  environmentVariables: { NODE_COMPILE_CACHE: fileURLToPath(new URL('.cache/node', import.meta.url)) },
  // Without any result for this long it hangs: a busy machine takes minutes for a single test.
  timeout: '20m',
  sortTestFiles: (a, b) => rank(a) - rank(b) || a.localeCompare(b),
};
