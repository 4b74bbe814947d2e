/**
 * The time of others: what somebody waits who installs, starts, tests or proves this repository. By name alone: together
 * it takes more than half an hour. Everything else on the machine should rest.
 */
import { spawn } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { stripVTControlCharacters } from 'node:util';
import { inTemporary } from './app/run.ts';
import { type BenchRow, row } from './rows.ts';

export const byName = true;

const ROOT = join(import.meta.dirname, '..');
const SLOWEST = 10;

export async function bench(): Promise<BenchRow[]> {
  const install = await inTemporary(async (folder) => {
    for (const file of ['package.json', 'package-lock.json', '.npmrc']) await cp(join(ROOT, file), join(folder, file));
    return timed(['npm', 'ci', '--no-audit', '--no-fund'], folder);
  });
  const once = await timed(['npm', 'start', '--', '--once']);
  const tests = await timed(['npm', 'test']);
  const ci = await timed(['.ci/run']);
  const compared = (what: string) => ({ compared: `${what}, by the clock` });
  return [
    row('npm ci', install.seconds, 's', undefined, compared('an empty folder, npm’s cache as it is')),
    row('npm start -- --once', once.seconds, 's', 60, compared('built, started, played and ended')),
    row('npm test', tests.seconds, 's', 300, compared('quick and short tests')),
    row('.ci/run', ci.seconds, 's', 1500, compared('everything, with nothing skipped')),
    ...slowest('npm test', tests.printed),
    ...slowest('.ci/run', ci.printed),
  ];
}

/** Runs a command, shows nothing of it, and throws with its last lines when it fails. */
async function timed([command = '', ...args]: string[], cwd = ROOT): Promise<{ seconds: number; printed: string }> {
  const began = performance.now();
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  const seconds = (performance.now() - began) / 1000;
  if (code !== 0) {
    const last = printed.split('\n').slice(-30).join('\n');
    throw new Error(`${[command, ...args].join(' ')} ended with ${code} after ${Math.round(seconds)} s:\n${last}`);
  }
  return { seconds, printed: stripVTControlCharacters(printed) };
}

/** The slowest tests, as test/run.ts lists them. */
function slowest(of: string, printed: string): BenchRow[] {
  const [, list = ''] = printed.split('\nThe slowest:\n');
  return [...list.matchAll(/^\s*([\d.]+) s {2}(.*)$/gm)]
    .slice(0, SLOWEST)
    .map(([, seconds, title]) =>
      row(`${of}: ${title}`, Number(seconds), 's', undefined, { compared: `one of the ${SLOWEST} slowest` }),
    );
}
