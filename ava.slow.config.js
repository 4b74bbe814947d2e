// Tests that start processes or kernel namespaces. They wait more than they work: three files at a time, on two cores.

/** Begun first, so that none of them is left alone at the end; those that work and those that wait take turns. */
const LONG = [
  'lab/booted',
  'guest/linux/firewall',
  'killed/kills',
  'simulator/main.kernel',
  'namespace/kills',
  'story/sabotage',
  'chaos',
  'simulator/main.process',
];
const rank = (file) => {
  const at = LONG.findIndex((part) => file.includes(part));
  return at < 0 ? LONG.length : at;
};

export default {
  extensions: ['ts'],
  files: ['test/**/*.kernel.test.ts', 'test/**/*.process.test.ts'],
  concurrency: 3,
  // Without any result for this long it hangs: a busy machine takes minutes for a single test.
  timeout: '20m',
  sortTestFiles: (a, b) => rank(a) - rank(b) || a.localeCompare(b),
};
