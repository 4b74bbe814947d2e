/** What `npm test` counts and says, and with which exit code it ends: in a small project of its own. */
import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

const RUN = fileURLToPath(new URL('run.ts', import.meta.url));
const AVA = fileURLToPath(new URL('.', import.meta.resolve('ava')));

interface Ended {
  code: number | null;
  lines: string[];
  errors: string;
  /** What it left of its times, by file. */
  times: Record<string, { seconds: number; passed: number; slowest: unknown[] }>;
}

/** Runs a project's tests; `quick` and `slow` are the bodies of its two files. */
async function run(
  t: ExecutionContext,
  { quick, slow }: { quick: string; slow: string },
  env: Record<string, string> = {},
  args: string[] = [],
  names = { quick: 'quick.js', slow: 'slow.js' },
): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), 'hairpin-run-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'node_modules'));
  await symlink(join(AVA, '..'), join(folder, 'node_modules/ava'));
  const config = (name: string) => ({ files: [name], extensions: ['js', 'ts'] });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', ava: config(names.quick) }));
  await writeFile(join(folder, 'ava.slow.config.js'), `export default ${JSON.stringify(config(names.slow))};`);
  for (const [name, body] of [
    [names.quick, quick],
    [names.slow, slow],
  ] as const)
    await writeFile(join(folder, name), `import test from 'ava';\n${body}`);
  // The outer AVA's settings are not those of the inner one.
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AVA|HAIRPIN)_/.test(name)));
  const child = spawn(process.execPath, [RUN, ...args], { cwd: folder, env: { ...own, ...env } });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve));
  const times = globSync(join(folder, '.cache/times/*')).map((file) => [basename(file), readJson(file)]);
  return { code: child.exitCode, lines: output.trim().split('\n'), errors, times: Object.fromEntries(times) };
}

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

const PASSES = "test('is well', (t) => t.pass());";
const SKIPPED = "test.skip('of a kernel (skipped: needs nftables)', (t) => t.pass());";

test.serial('tests of both parts are counted, and what was skipped says what it needs', async (t) => {
  const { code, lines } = await run(t, { quick: `${PASSES}\n${SKIPPED}`, slow: PASSES });
  t.is(lines.at(-1), '2 passed, 0 failed, 1 skipped');
  t.true(lines.some((line) => line.includes('of a kernel (skipped: needs nftables)')));
  t.is(code, 0);
});

test.serial('without anything skipped the last line has two figures', async (t) => {
  const { code, lines } = await run(t, { quick: PASSES, slow: PASSES }, { HAIRPIN_NO_SKIP: '1' });
  t.is(lines.at(-1), '2 passed, 0 failed');
  t.is(code, 0);
});

test.serial('where nothing may be skipped, a skipped test fails the run', async (t) => {
  const { code, lines, errors } = await run(
    t,
    { quick: `${PASSES}\n${SKIPPED}`, slow: PASSES },
    { HAIRPIN_NO_SKIP: '1' },
  );
  t.is(lines.at(-1), '2 passed, 0 failed, 1 skipped');
  t.regex(errors, /^Nothing may be skipped here\.$/m);
  t.is(code, 1);
});

test.serial('what fails is counted and shown with its line, in whatever way it fails', async (t) => {
  const quick = `${PASSES}\ntest('is wrong', (t) => t.is(1, 2));`;
  const slow = "test('never ends', (t) => new Promise(() => setTimeout(() => { throw new Error('out of turn'); })));";
  const { code, lines } = await run(t, { quick, slow });
  t.is(lines.at(-1), '1 passed, 2 failed');
  t.true(lines.some((line) => /\[fail\]: is wrong/.test(line)));
  t.true(
    lines.some((line) => /quick\.js:3$/.test(line)),
    'where it failed',
  );
  t.true(lines.some((line) => line.includes('out of turn')));
  t.is(code, 1);
});

test.serial('a file that cannot be loaded is a failure', async (t) => {
  const { code, lines } = await run(t, { quick: PASSES, slow: "throw new Error('no such thing');" });
  t.is(lines.at(-1), '1 passed, 1 failed');
  t.is(code, 1);
});

test.serial('tests that take minutes run when they are asked for', async (t) => {
  const told = "test('part: ' + process.env.HAIRPIN_TEST_PART, (t) => t.pass());";
  const ran = async (...args: string[]) => {
    const { lines } = await run(t, { quick: told, slow: told }, {}, args);
    return [...lines.flatMap((line) => /\u2714 part: (\w+)/.exec(line)?.[1] ?? []), lines.at(-1)];
  };
  t.deepEqual(await ran(), ['short', 'short', '2 passed, 0 failed']);
  t.deepEqual(await ran('--long'), ['long', 'long', '2 passed, 0 failed']);
  t.deepEqual(await ran('--all'), ['undefined', 'undefined', '2 passed, 0 failed']);
});

test.serial('files that are named run once, as what they are', async (t) => {
  const names = { quick: 'a.test.ts', slow: 'a.process.test.ts' };
  const last = async (...args: string[]) =>
    (await run(t, { quick: PASSES, slow: PASSES }, {}, args, names)).lines.at(-1);
  t.is(await last('a.test.ts'), '1 passed, 0 failed');
  t.is(await last('a.process.test.ts'), '1 passed, 0 failed');
  t.is(await last('a.test.ts', 'a.process.test.ts'), '2 passed, 0 failed');
  t.is(await last(), '2 passed, 0 failed');
});

test.serial('the slowest are told, the slowest first', async (t) => {
  const slow = [200, 1300, 1600]
    .map((ms) => `test.serial('takes ${ms}', (t) => new Promise((end) => setTimeout(end, ${ms})).then(t.pass));`)
    .join('\n');
  const { lines } = await run(t, { quick: PASSES, slow });
  const told = lines.slice(lines.indexOf('The slowest:') + 1).filter((line) => line.includes('takes'));
  const seconds = told.map((line) => Number.parseFloat(line));
  t.deepEqual(
    seconds,
    seconds.toSorted((a, b) => b - a),
  );
  for (const title of ['takes 1300', 'takes 1600']) t.true(told.some((line) => line.endsWith(title)));
});

test('every file that takes minutes is there', async (t) => {
  process.env.HAIRPIN_TEST_PART = 'long';
  for (const name of ['ava.config.js', 'ava.slow.config.js']) {
    const { default: config } = (await import(new URL(`../${name}`, import.meta.url).href)) as {
      default: { files: string[] };
    };
    t.true(config.files.length > 0);
    for (const pattern of config.files) t.true(globSync(pattern).length > 0, pattern);
  }
});

test.serial('what a whole run took is kept; of one that fails, or of some files, nothing is', async (t) => {
  const { times } = await run(t, { quick: PASSES, slow: PASSES });
  t.deepEqual(Object.keys(times), ['test.json']);
  t.is(times['test.json']?.passed, 2);
  t.true((times['test.json']?.seconds ?? 0) >= 1);
  t.deepEqual(Object.keys((await run(t, { quick: PASSES, slow: PASSES }, {}, ['--all'])).times), ['all.json']);
  t.deepEqual((await run(t, { quick: PASSES, slow: PASSES }, {}, ['--match', '*'])).times, {});
  t.deepEqual((await run(t, { quick: "test('is ill', (t) => t.fail());", slow: PASSES })).times, {});
});
