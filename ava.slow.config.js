// Tests that start processes or kernel namespaces. They wait more than they work: three files at a time, on two cores.
export default {
  extensions: ['ts'],
  files: ['test/**/*.kernel.test.ts', 'test/**/*.process.test.ts'],
  concurrency: 3,
  timeout: '3m',
};
