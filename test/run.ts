/**
 * The tests: the quick ones side by side, then those that start processes or namespaces, four files at a time. Those
 * of either kind that take minutes run with `--long` alone, and with `--all` everything does. Ends with the ten slowest,
 * and a line of its own, `N passed, N failed[, N skipped]`. Other arguments are given on to AVA (`--match`, files:
 * `.kernel.test.ts` and `.process.test.ts` are slow ones). Files that are named run once, whichever part they are of.
 * What a whole run took stays in .cache/times, where `npm run bench -- people` reads it.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const began = new Date().toISOString();
const [busy = 0] = loadavg();

/** AVA's command, beside its main module. */
const cli = fileURLToPath(new URL('cli.js', import.meta.resolve('ava')));
const counts = { passed: 0, failed: 0, skipped: 0 };
const slowest: { seconds: number; title: string }[] = [];

const PARTS = ['--long', '--all'];
const asked = process.argv.slice(2);
const others = asked.filter((word) => !PARTS.includes(word));
const isSlow = (word: string): boolean => /\.(kernel|process)\.test\.ts$/.test(word);
const isQuick = (word: string): boolean => /\.test\.ts$/.test(word) && !isSlow(word);
const isNamed = others.some((word) => isSlow(word) || isQuick(word));
/** What is named is wanted, whichever part it is of. */
const isAll = asked.includes('--all') || isNamed;
const isLong = asked.includes('--long') && !isAll;
/** Which files AVA's configurations take; they take all without the variable. */
const part = isAll ? {} : { HAIRPIN_TEST_PART: isLong ? 'long' : 'short' };
/** Hundreds of processes load the same modules: each is compiled once. */
const NODE_COMPILE_CACHE = fileURLToPath(new URL('../.cache/node', import.meta.url));

/** AVA tells the time of a test that took longer than 100 ms: `(85ms)`, `(1.2s)`, `(2m 5.1s)`. */
const TIMED = /^\s*[\u2714\u2718\u2716] (.*) \((?:(\d+)m )?([\d.]+)s\)$/gm;

/**
 * Runs AVA, shows what it prints and adds up its closing lines. By hand: AVA's TAP says of a failed assertion where it is
 * in AVA, not in the test, and one run has one reporter. Resolves to false when it failed.
 */
async function ava(args: string[]): Promise<boolean> {
  const child = spawn(process.execPath, [cli, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { FORCE_COLOR: process.stdout.isTTY ? '1' : '0', NODE_COMPILE_CACHE, ...process.env, ...part },
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    process.stdout.write(text);
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const plain = stripVTControlCharacters(printed);
  const closing = /^\s*(\d+) (?:tests?|uncaught exceptions?|unhandled rejections?|hooks?) ?(passed|failed|skipped)?/gm;
  for (const [, number, word] of plain.matchAll(closing)) {
    if (word !== 'passed') counts[(word ?? 'failed') as keyof typeof counts] += Number(number);
  }
  // AVA sums up what passed only when nothing failed.
  counts.passed += plain.match(/^\s*\u2714 /gm)?.length ?? 0;
  for (const [, title = '', minutes, seconds] of plain.matchAll(TIMED))
    slowest.push({ title, seconds: 60 * Number(minutes ?? 0) + Number(seconds) });
  return code === 0;
}

const isNeeded = (kind: typeof isSlow): boolean => !isNamed || others.some(kind);
const quick = !isNeeded(isQuick) || (await ava(others.filter((word) => !isSlow(word))));
const slow =
  !isNeeded(isSlow) || (await ava(['--config', 'ava.slow.config.js', ...others.filter((word) => !isQuick(word))]));
if (!(quick && slow) && counts.failed === 0) counts.failed = 1;
const mustNotSkip = process.env.HAIRPIN_NO_SKIP === '1' && counts.skipped > 0;
if (mustNotSkip) console.error('Nothing may be skipped here.');
slowest.sort((a, b) => b.seconds - a.seconds);
if (slowest.length > 0) console.log('\nThe slowest:');
for (const { seconds, title } of slowest.slice(0, 10)) console.log(`${seconds.toFixed(1).padStart(7)} s  ${title}`);
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`\n${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = counts.failed > 0 || mustNotSkip || counts.passed === 0 ? 1 : 0;

if (process.exitCode === 0 && others.length === 0 && !isLong) {
  mkdirSync('.cache/times', { recursive: true });
  const took = { began, busy, seconds: Math.round(performance.now() / 1000), slowest: slowest.slice(0, 10) };
  writeFileSync(`.cache/times/${isAll ? 'all' : 'test'}.json`, `${JSON.stringify({ ...took, ...counts })}\n`);
}
