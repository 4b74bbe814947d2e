/** Scripts and programs in a guest, against what the Run Command handler for Linux does. */
import test from 'ava';
import { startKernelLab } from '../../../../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../../../../simulator/guests/lab.ts';
import { until } from '../../../../simulator/until.ts';
import { KERNEL, testNeeding } from '../../../needs.ts';
import { articleEstate } from '../estates.ts';

const kernelTest = testNeeding(KERNEL);
let lab: GuestLab | undefined;
const theLab = async (): Promise<GuestLab> => {
  lab ??= await startKernelLab({ estate: articleEstate() });
  return lab;
};
test.after.always(() => lab?.stop());

kernelTest('a script runs as root in a folder of its own, with next to no environment', async (t) => {
  const lab = await theLab();
  const script =
    'id -u; pwd; basename "$0"; stat -c %a . "$0"; env | cut -d= -f1 | sort | xargs; [ -t 0 ] || echo no terminal';
  const first = await lab.runScript('vm-a', script, 5);
  const second = await lab.runScript('vm-a', 'pwd', 5);
  const [uid, folder, ...rest] = first.stdout.split('\n');
  t.is(uid, '0');
  t.deepEqual(rest, ['script.sh', '700', '500', 'PATH PWD SHLVL _', 'no terminal', '']);
  t.not(second.stdout.trim(), folder);
});

kernelTest('BOM and CRLF are taken out, exit code and both outputs come back whole', async (t) => {
  const lab = await theLab();
  const { exitCode, stdout, stderr, timedOut } = await lab.runScript(
    'vm-a',
    '\uFEFF#!/bin/bash\r\nseq 20000\r\necho no >&2\r\nexit 7\r\n',
    5,
  );
  t.is(exitCode, 7);
  t.false(timedOut);
  t.is(stdout.length, Array.from({ length: 20000 }, (_, i) => `${i + 1}\n`).join('').length);
  t.is(stderr, 'no\n');
});

kernelTest('a script of more than 256 KiB is refused', async (t) => {
  const lab = await theLab();
  await t.throwsAsync(lab.runScript('vm-a', '#'.repeat(256 * 1024 + 1), 5), {
    message: /262145 bytes.*at most 262144/,
  });
  t.is((await lab.runScript('vm-a', `exit 4\n${'#'.repeat(256 * 1024 - 7)}`, 5)).exitCode, 4);
});

kernelTest('on time-out the direct child is killed and its children live on', async (t) => {
  const lab = await theLab();
  const start = performance.now();
  const result = await lab.runScript('vm-a', 'echo begun; sleep 4321 & wait', 0.4);
  t.deepEqual(result, { timedOut: true, stdout: 'begun\n', stderr: '' });
  t.true(performance.now() - start < 2000);
  const { stdout } = await lab.exec('vm-a', ['/bin/bash', '-c', 'ps -eo ppid,stat,args | grep "[s]leep 4321"']);
  t.regex(stdout, /^ +1 S +sleep 4321\n$/, 'alive, and a child of process 1 now');
});

kernelTest('an aborted script is killed at once, one aborted before never runs', async (t) => {
  const lab = await theLab();
  const stop = new AbortController();
  const start = performance.now();
  const run = lab.runScript('vm-a', 'echo begun >/tmp/begun; sleep 4322; echo never', 30, stop.signal);
  await until('the script to begin', async () => (await lab.exec('vm-a', ['test', '-s', '/tmp/begun'])).exitCode === 0);
  stop.abort();
  const { stdout, timedOut, exitCode } = await run;
  t.deepEqual({ stdout, timedOut, exitCode }, { stdout: '', timedOut: false, exitCode: 137 });
  t.true(performance.now() - start < 3000);
  await lab.runScript('vm-a', 'touch /tmp/must-not-be', 5, stop.signal);
  t.is((await lab.exec('vm-a', ['test', '-e', '/tmp/must-not-be'])).exitCode, 1);
});

kernelTest('a grandchild that holds the output keeps nobody waiting', async (t) => {
  const lab = await theLab();
  const start = performance.now();
  const { stdout, exitCode } = await lab.runScript('vm-a', 'sleep 60 & echo done', 30);
  t.is(stdout, 'done\n');
  t.is(exitCode, 0);
  t.true(performance.now() - start < 2000);
});

kernelTest('process 1 reaps what daemons leave', async (t) => {
  const lab = await theLab();
  await lab.runScript('vm-b', 'for i in 1 2 3; do (sleep 0.1 &) ; done', 5);
  await new Promise((resolve) => setTimeout(resolve, 400));
  t.is((await lab.exec('vm-b', ['/bin/bash', '-c', 'ps -eo stat | grep -c Z'])).stdout, '0\n');
});

kernelTest(
  'exec runs any program; one that is not there ends with 127, a signal with 128 and its number',
  async (t) => {
    const lab = await theLab();
    t.is((await lab.exec('vm-b', ['ip', '-br', 'address', 'show', 'eth1'])).stdout.split(/\s+/)[2], '10.0.1.21/24');
    const absent = await lab.exec('vm-b', ['no-such-program']);
    t.is(absent.exitCode, 127);
    t.regex(absent.stderr, /no-such-program/);
    t.is((await lab.exec('vm-b', ['/bin/bash', '-c', 'kill -TERM $$'])).exitCode, 143);
  },
);

kernelTest('a connect every 50 ms is answered every 50 ms', async (t) => {
  const lab = await theLab();
  const gaps: number[] = [];
  let last = performance.now();
  for (let i = 0; i < 40; i++) {
    const [{ outcome }] = await Promise.all([
      lab.connect('vm-b', { address: '10.0.1.100', port: 1972, timeoutMs: 1000 }),
      new Promise((resolve) => setTimeout(resolve, 50)),
    ]);
    t.is(outcome, 'ok');
    gaps.push(performance.now() - last);
    last = performance.now();
  }
  gaps.sort((a, b) => a - b);
  t.log(`median ${Math.round(gaps[20] ?? 0)} ms`);
  t.true((gaps[20] ?? 999) < 150, `median ${gaps[20]} ms`);
});
