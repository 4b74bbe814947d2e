/**
 * All tests: the quick ones side by side, then those that start processes or namespaces, three files at a time. Shows
 * AVA's TAP, then what failed once more. Ends with a line of its own, `N passed, N failed[, N skipped]`. Arguments are
 * given on to AVA (`--match`, files).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Parser } from 'tap-parser';

/** AVA's command, beside its main module. */
const cli = fileURLToPath(new URL('cli.js', import.meta.resolve('ava')));
const counts = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];

/** Runs AVA, shows what it prints and counts its tests. Resolves to false when it failed. */
async function ava(args: string[]): Promise<boolean> {
  const child = spawn(process.execPath, [cli, '--tap', ...args, ...process.argv.slice(2)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const parser = new Parser();
  parser.on('assert', ({ ok, skip, name }) => {
    if (skip) counts.skipped += 1;
    else if (ok) counts.passed += 1;
    else {
      counts.failed += 1;
      failures.push(name);
    }
  });
  child.stdout.pipe(process.stdout, { end: false });
  child.stdout.pipe(parser);
  const [code] = await once(child, 'close');
  return code === 0;
}

const quick = await ava([]);
const slow = await ava(['--config', 'ava.slow.config.js']);
if (!(quick && slow) && counts.failed === 0) counts.failed = 1;
const mustNotSkip = process.env.HAIRPIN_NO_SKIP === '1' && counts.skipped > 0;
if (mustNotSkip) console.error('Nothing may be skipped here.');
for (const name of failures) console.log(`\nFailed: ${name}`);
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`\n${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = counts.failed > 0 || mustNotSkip || counts.passed === 0 ? 1 : 0;
