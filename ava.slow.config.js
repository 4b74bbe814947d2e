// Tests that start processes or kernel namespaces. They wait more than they work: four files at a time, on two cores.
export default {
  extensions: ['ts'],
  files: ['test/**/*.kernel.test.ts', 'test/**/*.process.test.ts'],
  concurrency: 4,
  timeout: '3m',
};
