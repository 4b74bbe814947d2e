import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import test from 'ava';
import { startModelLab } from '../../../../simulator/guests/model/lab.ts';
import { balancerFacts } from '../balancerFacts.ts';
import { articleEstate } from '../estates.ts';
import { hairpinFacts } from '../hairpinFacts.ts';
import { labOf } from '../labOf.ts';
import { connectTo, ip, ON_A, recipe, UCR_VIP, until } from '../steps.ts';

const fresh = labOf(startModelLab);
hairpinFacts(test.serial, fresh);
balancerFacts(test.serial, fresh, startModelLab);

test.serial('a program that ran in a guest sees the guest’s ip, and its folder is gone after stop', async (t) => {
  const folders = () => readdirSync(tmpdir()).filter((it) => it.startsWith(`ilb-hairpin-guard.${process.pid}.lab-`));
  const before = new Set(folders());
  const lab = await startModelLab({ estate: articleEstate() });
  // Another file of tests may have begun a lab meanwhile, in this same process.
  const made = folders().filter((it) => !before.has(it));
  t.regex(await ip(lab, 'vm-b', '-br link show', 'rule show').catch(String), /does not know option -br/);
  t.regex(await ip(lab, 'vm-b', '-o -4 address show dev eth1'), /inet 10\.0\.1\.21\/24/);
  await lab.stop();
  t.true(
    made.some((folder) => !existsSync(`${tmpdir()}/${folder}`)),
    made.join(),
  );
});

test.serial('what a script left running ends with the guest', async (t) => {
  const lab = await fresh();
  await lab.runScript('vm-a', 'setsid sleep 4323 >/dev/null 2>&1 &', 60);
  await until('the sleeper', async () => sleepers().length === 1);
  await lab.reset();
  await until('its end', async () => sleepers().length === 0);
  t.pass();
});

const sleepers = (): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') === 'sleep\u00004323\u0000';
    } catch {
      return false; // ended meanwhile
    }
  });

test.serial('the connecting program holds its connection until it ends, and ss shows both ends', async (t) => {
  const lab = await fresh();
  await ip(lab, 'vm-a', ...recipe(ON_A));
  const script = `connect ${UCR_VIP} 1972 2 >/run/said & until [ -s /run/said ]; do sleep 0.02; done; cat /run/said; ss -Htan state established; kill $!; wait $!; until [ -z "$(ss -Htan state established)" ]; do sleep 0.02; done; echo after; ss -Htan state established`;
  const { stdout } = await lab.runScript('vm-a', script, 60);
  const [said, ...rest] = stdout.split('\n');
  const [, port] = /^o \d+ 10\.0\.1\.11:(\d+)$/.exec(said ?? '') ?? [];
  t.truthy(port, stdout);
  t.deepEqual(rest, [
    `ESTAB 0 0 10.0.1.11:${port} 10.0.1.100:1972`,
    `ESTAB 0 0 10.0.1.10:1972 10.0.1.11:${port}`,
    'after',
    '',
  ]);
});

test.serial(
  'a connect that waits is answered when the guest is repaired meanwhile, as a repeated SYN would be',
  async (t) => {
    const lab = await fresh();
    const waiting = connectTo(lab, 'vm-b', UCR_VIP, { timeoutMs: 60_000 });
    await lab.lie({ noTranslation: true });
    const late = connectTo(lab, 'vm-b', UCR_VIP, { timeoutMs: 60_000 });
    await lab.lie({});
    t.is((await waiting).outcome, 'ok');
    const { outcome, ms } = await late;
    t.is(outcome, 'ok');
    // A SYN is repeated after one second, and then after two more.
    t.true(ms >= 1000 && ms < 3000, `${ms} ms`);
  },
);

test.serial('no script of a guest can change this machine', async (t) => {
  const lab = await fresh();
  const places = [
    '/usr/local/sbin',
    '/etc/systemd/system',
    '/etc',
    '/run',
    '/var/lib',
    '/tmp',
    '/usr/bin',
    '/opt',
    '/root',
  ];
  const script = places.map((it) => `mkdir -p ${it}; touch ${it}/hairpin-model-was-here`).join('\n');
  await lab.runScript('vm-a', `${script}\necho \${EUID}`, 60);
  await lab.exec('vm-a', ['/bin/bash', '-c', script]);
  t.deepEqual(
    places.filter((it) => existsSync(`${it}/hairpin-model-was-here`)),
    [],
  );
  t.is(
    (await lab.exec('vm-a', ['cat', '/etc/systemd/system/hairpin-model-was-here'])).exitCode,
    0,
    'the guest has its own',
  );
  t.not((await lab.exec('vm-a', ['id', '-u'])).stdout, '0\n');
});

test.serial('a script that is aborted ends, and guests do not share /run', async (t) => {
  const lab = await fresh();
  const stop = new AbortController();
  const run = lab.runScript('vm-a', 'touch /run/only-on-a; sleep 4324', 4324, stop.signal);
  await until('the file', async () => (await lab.exec('vm-a', ['test', '-e', '/run/only-on-a'])).exitCode === 0);
  stop.abort();
  t.is((await run).exitCode, 137);
  t.is((await lab.runScript('vm-a', 'ls /run', 60)).stdout, 'only-on-a\n');
  t.is((await lab.runScript('vm-b', 'ls /run; echo $EUID', 5)).stdout, '0\n');
});
