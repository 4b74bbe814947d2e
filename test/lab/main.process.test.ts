/** The command: its exit codes, its last line, and that it leaves nothing when it is stopped. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'ava';
import { until } from '../../lab/guests.ts';
import { KERNEL, testNeeding } from '../needs.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'lab', 'main.ts');
const lab = (...args: string[]) => spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });

test('a wrong argument is told', (t) => {
  const part = lab('--part', 'nothing');
  t.is(part.status, 2);
  t.is(part.stderr, 'There is no part nothing; there are namespaces, booted, compare.\n');
  t.is(lab('--jsn').status, 2);
  for (const args of [[], ['--part', 'namespaces'], ['--part', 'booted', '--only', 'remove']]) {
    const write = lab('--write', ...args);
    t.is(write.status, 2);
    t.is(write.stderr, '--write takes a whole part that has a place in the docs: booted or compare.\n');
  }
});

const kernelTest = testNeeding(KERNEL);

kernelTest('a case that is chosen by its name, and the last line as JSON', (t) => {
  const { status, stdout } = lab('--part', 'namespaces', '--json', '--only', 'the VIP table flushed');
  t.is(status, 0, stdout);
  const lines = stdout.trim().split('\n');
  t.regex(
    lines[0] ?? '',
    /^ok {6}the VIP table flushed: \d+ ms; (?:state after \d+ ms, connects after \d+ ms; )?2 of 2 VIPs proved self; load balancer: 2 flows, /,
  );
  const { ok, cases } = JSON.parse(lines.at(-1) ?? '');
  t.true(ok);
  t.deepEqual(Object.keys(cases[0]).sort(), ['case', 'detail', 'manager', 'ok', 'recoveredMs']);
});

kernelTest('no such case is not ok', (t) => {
  t.is(lab('--part', 'namespaces', '--only', 'no such case').status, 1);
});

kernelTest('Ctrl-C ends it and all that it started', async (t) => {
  const child = spawn(process.execPath, [MAIN, '--part', 'namespaces'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data'); // the first case is done, the second has begun
  const started = descendantsOf(child.pid);
  t.true(started.length > 3, 'a lab runs');
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  t.is(code, 130);
  const left = () => spawnSync('ps', ['-o', 'pid=,args=', '-p', started.join(',')], { encoding: 'utf8' }).stdout;
  await until('what it started to be gone', async () => left() === '');
});

/** The process ids below one, however deep. */
function descendantsOf(pid: number | undefined): number[] {
  const pairs = spawnSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number | undefined): number[] =>
    pairs.flatMap(([id, of]) => (of === parent && id !== undefined ? [id, ...below(id)] : []));
  return below(pid);
}
