// The quick tests: pure functions, the loop over tables in memory, documents.

/** Those that take minutes: thousands of kills and random histories. As ava.slow.config.js has it. */
const LONG = [
  'test/reliability/crash.test.ts',
  'test/reconcile/healthy.test.ts',
  'test/reconcile/history.test.ts',
  'test/reconcile/spread.test.ts',
];

const ALL = ['test/**/*.test.ts', '!test/**/*.kernel.test.ts', '!test/**/*.process.test.ts'];

/** Set by test/run.ts; without it a file that is named runs, whichever part it is of. */
const FILES = {
  short: [...ALL, ...LONG.map((pattern) => `!${pattern}`)],
  long: LONG,
}[process.env.HAIRPIN_TEST_PART];

export default {
  extensions: ['ts'],
  files: FILES ?? ALL,
  // Without any result for this long it hangs: a busy machine takes minutes for a single test.
  timeout: '20m',
};
