/**
 * All tests: the quick ones side by side, then those that start processes or namespaces, three files at a time.
 * Ends with a line of its own, `N passed, N failed[, N skipped]`. Arguments are given on to AVA (`--match`, files).
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

/** AVA's command, beside its main module. */
const cli = fileURLToPath(new URL('cli.js', import.meta.resolve('ava')));
const counts = { passed: 0, failed: 0, skipped: 0 };

/**
 * Runs AVA, shows what it prints and adds up its closing lines. By hand: AVA's TAP says of a failed assertion where it is
 * in AVA, not in the test, and one run has one reporter. Resolves to false when it failed.
 */
async function ava(args: string[]): Promise<boolean> {
  const child = spawn(process.execPath, [cli, ...args, ...process.argv.slice(2)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { FORCE_COLOR: process.stdout.isTTY ? '1' : '0', ...process.env },
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    process.stdout.write(text);
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const closing = /^\s*(\d+) (?:tests?|uncaught exceptions?|unhandled rejections?|hooks?) ?(passed|failed|skipped)?/gm;
  for (const [, number, word] of stripVTControlCharacters(printed).matchAll(closing)) {
    if (word !== 'passed') counts[(word ?? 'failed') as keyof typeof counts] += Number(number);
  }
  // AVA sums up what passed only when nothing failed.
  counts.passed += stripVTControlCharacters(printed).match(/^\s*\u2714 /gm)?.length ?? 0;
  return code === 0;
}

const quick = await ava([]);
const slow = await ava(['--config', 'ava.slow.config.js']);
if (!(quick && slow) && counts.failed === 0) counts.failed = 1;
const mustNotSkip = process.env.HAIRPIN_NO_SKIP === '1' && counts.skipped > 0;
if (mustNotSkip) console.error('Nothing may be skipped here.');
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`\n${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = counts.failed > 0 || mustNotSkip || counts.passed === 0 ? 1 : 0;
