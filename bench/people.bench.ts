/**
 * The time of others: what somebody waits who installs, starts, tests or proves this repository. By name alone. What takes
 * long is read where its last whole run noted it, and is run where none did: `npm test` and `.ci/run` leave their times in
 * .cache/times, and without that folder this takes more than half an hour. Everything else on the machine should rest.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { inTemporary } from './app/run.ts';
import { type BenchRow, row } from './rows.ts';

export const byName = true;

const ROOT = join(import.meta.dirname, '..');

export async function bench(): Promise<BenchRow[]> {
  const install = await inTemporary(async (folder) => {
    for (const file of ['package.json', 'package-lock.json', '.npmrc']) await cp(join(ROOT, file), join(folder, file));
    return timed(['npm', 'ci', '--no-audit', '--no-fund'], folder);
  });
  const once = await timed(['npm', 'start', '--', '--once']);
  const tests = await recorded('test', ['npm', 'test']);
  const ci = await recorded('ci', ['.ci/run']);
  const all = await recorded('all', ['npm', 'test', '--', '--all']);
  return [
    row('npm ci', install, 's', undefined, { compared: 'an empty folder, npm’s cache as it is; by the clock' }),
    row('npm start -- --once', once, 's', 60, { compared: 'built, started, played and ended; by the clock' }),
    row('npm test', tests.seconds, 's', 300, { compared: `quick and short tests; ${whenOf(tests)}` }),
    row('.ci/run', ci.seconds, 's', 1500, { compared: `everything, with nothing skipped; ${whenOf(ci)}` }),
    ...slowest('npm test', tests),
    ...slowest('.ci/run', all),
  ];
}

/** What a whole run noted of itself. */
interface Recorded {
  began: string;
  seconds: number;
  /** Processes that wanted a processor when it began. */
  busy: number;
  slowest?: { seconds: number; title: string }[];
}

/** Reads what the last run of a command noted; runs it where there was none. */
async function recorded(name: string, command: string[]): Promise<Recorded> {
  const file = join(ROOT, '.cache/times', `${name}.json`);
  if (!existsSync(file)) await timed(command);
  return JSON.parse(await readFile(file, 'utf8')) as Recorded;
}

const whenOf = ({ began, busy }: Recorded): string =>
  `as its last whole run noted it, ${began.slice(0, 16).replace('T', ' ')} UTC, ${(busy / cpus().length).toFixed(1)} processes a core at its beginning`;

/** Runs a command and shows nothing of it. Resolves to its seconds; throws with its last lines when it fails. */
async function timed([command = '', ...args]: string[], cwd = ROOT): Promise<number> {
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
  return seconds;
}

const slowest = (of: string, { slowest: tests = [] }: Recorded): BenchRow[] =>
  tests.map(({ seconds, title }) =>
    row(`${of}: ${title}`, seconds, 's', undefined, { compared: `one of its ${tests.length} slowest tests` }),
  );
