/** A short storm as people run it: its last line, its exit code, and that a breach is not passed over. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const LONG_MS = 900_000;
const LINE =
  /^accepted (\d+), settled (\d+), failed with reason (\d+), lost (\d+), doubled (\d+), commands per VM ([\d.]+) \(most (\d+)\), poison (\d+)$/;

interface Ended {
  code: number | null;
  lines: string[];
  errors: string;
}

async function run(file: string, args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [printed, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, lines: printed.trim().split('\n'), errors };
}

const CHAOS = '../../../simulator/chaos/chaos.ts';

test.serial('25 seconds of storm, two loops, one killed: nothing lost, doubled or given up', async (t) => {
  t.timeout(LONG_MS);
  const { code, lines, errors } = await run(CHAOS, ['--minutes', '0.42', '--seed', '7', '--pairs', '6']);
  t.log(...lines.slice(-2));
  t.is(errors, '');
  t.regex(lines.at(-2) ?? '', /the storm is over \([1-9]\d* loops were killed\)/);
  const figures = LINE.exec(lines.at(-1) ?? '')
    ?.slice(1)
    .map(Number);
  if (!figures) return t.fail(lines.join('\n'));
  const [accepted = 0, settled = 0, failed = 0, lost, doubled, perVm = 0, , poison] = figures;
  t.true(accepted >= 20);
  t.is(settled + failed, accepted);
  t.deepEqual({ lost, doubled, poison }, { lost: 0, doubled: 0, poison: 0 });
  t.true(perVm > 0);
  t.is(code, 0);
});

test.serial('guests that run a command twice: told, and exit code 1', async (t) => {
  t.timeout(LONG_MS);
  const { code, lines, errors } = await run('twice.ts', ['--minutes', '0.1', '--seed', '7', '--pairs', '3']);
  const figures = LINE.exec(lines.at(-1) ?? '')
    ?.slice(1)
    .map(Number);
  t.is(figures?.[3], 0, 'nothing lost');
  t.true((figures?.[4] ?? 0) > 0, 'doubled');
  t.regex(errors, /^breach: command [0-9a-f]{32} reached pair-\d+-[ab] 2 times$/m);
  t.is(code, 1);
});

test.serial('an option that makes no sense is refused', async (t) => {
  const { code, errors } = await run(CHAOS, ['--minutes', 'soon']);
  t.is(code, 1);
  t.regex(errors, /--minutes takes a number above 0/);
});
