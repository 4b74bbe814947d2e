// Tests that start processes or kernel namespaces: one file at a time, so that their timing is their own.
export default {
  extensions: ['ts'],
  files: ['test/**/*.kernel.test.ts', 'test/**/*.process.test.ts'],
  concurrency: 1,
  timeout: '3m',
};
