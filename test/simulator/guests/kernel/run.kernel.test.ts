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
  const first = await lab.runScript('vm-a', script, 60);
  const second = await lab.runScript('vm-a', 'pwd', 60);
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
  await t.throwsAsync(lab.runScript('vm-a', '#'.repeat(256 * 1024 + 1), 60), {
    message: /262145 bytes.*at most 262144/,
  });
  t.is((await lab.runScript('vm-a', `exit 4\n${'#'.repeat(256 * 1024 - 7)}`, 60)).exitCode, 4);
});

kernelTest('on time-out the direct child is killed and its children live on', async (t) => {
  const lab = await theLab();
  const result = await lab.runScript('vm-a', 'echo begun; sleep 4321 & wait', 3);
  t.deepEqual(result, { timedOut: true, stdout: 'begun\n', stderr: '' });
  const { stdout } = await lab.exec('vm-a', ['/bin/bash', '-c', 'ps -eo ppid,stat,args | grep "[s]leep 4321"']);
  t.regex(stdout, /^ +1 S +sleep 4321\n$/, 'alive, and a child of process 1 now');
});

kernelTest('an aborted script is killed at once, one aborted before never runs', async (t) => {
  const lab = await theLab();
  const stop = new AbortController();
  const run = lab.runScript('vm-a', 'echo begun >/tmp/begun; sleep 4322; echo never', 4322, stop.signal);
  await until('the script to begin', async () => (await lab.exec('vm-a', ['test', '-s', '/tmp/begun'])).exitCode === 0);
  stop.abort();
  const { stdout, timedOut, exitCode } = await run;
  t.deepEqual({ stdout, timedOut, exitCode }, { stdout: '', timedOut: false, exitCode: 137 });
  await lab.runScript('vm-a', 'touch /tmp/must-not-be', 60, stop.signal);
  t.is((await lab.exec('vm-a', ['test', '-e', '/tmp/must-not-be'])).exitCode, 1);
});

kernelTest('a grandchild that holds the output keeps nobody waiting', async (t) => {
  const lab = await theLab();
  const { stdout, exitCode } = await lab.runScript('vm-a', 'sleep 4323 & echo done', 120);
  t.is(stdout, 'done\n');
  t.is(exitCode, 0);
});

kernelTest('process 1 reaps what daemons leave', async (t) => {
  const lab = await theLab();
  await lab.runScript('vm-b', 'for i in 1 2 3; do (sleep 0.1 &) ; done', 60);
  const left = async () => (await lab.exec('vm-b', ['/bin/bash', '-c', 'ps -eo stat,args | grep "[s]leep"'])).stdout;
  await until('the daemons to end and to be reaped', async () => (await left()) === '');
  t.pass();
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

kernelTest('connects begun every 50 ms are all answered', async (t) => {
  const lab = await theLab();
  const connects = [];
  for (let turn = 0; turn < 40; turn++) {
    connects.push(lab.connect('vm-b', { address: '10.0.1.100', port: 1972, timeoutMs: 20_000 }));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const answers = await Promise.all(connects);
  t.deepEqual([...new Set(answers.map(({ outcome, answer }) => `${outcome} ${answer?.split('/')[0]}`))], ['ok vm-a']);
});
