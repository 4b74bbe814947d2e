// Tests that start processes or kernel namespaces. They wait more than they work: two files at a time, on two cores.
export default {
  extensions: ['ts'],
  files: ['test/**/*.kernel.test.ts', 'test/**/*.process.test.ts'],
  concurrency: 2,
  timeout: '3m',
};
