/** What `npm run mutate` counts as noticed is noticed: the same changes meet tests that judge, and tests that judge nothing. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';

const ROOT = join(import.meta.dirname, '..');

interface Mutant {
  mutatorName: string;
  status: string;
  static?: boolean;
  location: { start: { line: number } };
}

/** Changes size.ts everywhere, and tells of each change what became of it. */
async function changes(tests: string): Promise<Mutant[]> {
  const options = {
    mutate: ['test/mutate/size.ts'],
    warm: { files: [`test/mutate/${tests}.ts`], slowest: 60_000, every: 1, from: 0 },
    reporters: [],
    concurrency: 1,
    tempDirName: `.stryker-tmp/${tests}`,
    logLevel: 'off',
  };
  const script = `import { Stryker } from '@stryker-mutator/core';
    const results = await new Stryker(${JSON.stringify(options)}).runMutationTest();
    console.log('\\n' + JSON.stringify(results));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT });
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n[')));
}

const isLoop = ({ location }: Mutant): boolean => location.start.line >= 13;
const told = ({ mutatorName, location, status }: Mutant): string => `${location.start.line} ${mutatorName}: ${status}`;

test.serial('tests that judge notice all, what is made while modules load or kept since then included', async (t) => {
  const all = await changes('judging');
  t.true(all.length > 12, `${all.length}`);
  t.deepEqual(all.filter(({ status }) => status !== 'Killed' && status !== 'Timeout').map(told), []);
  t.true(
    all.some((change) => change.status === 'Timeout' && isLoop(change)),
    'a loop without end ends',
  );
  t.deepEqual(all.filter((change) => change.status === 'Timeout' && !isLoop(change)).map(told), []);
  t.true(all.filter((change) => change.static).length >= 3);
});

test.serial('tests that judge nothing notice nothing, but for a loop without end', async (t) => {
  const all = await changes('blind');
  t.deepEqual(all.filter(({ status }) => status === 'Killed' || status === 'NoCoverage').map(told), []);
  t.true(all.filter(({ status }) => status === 'Survived').length > 10);
});
