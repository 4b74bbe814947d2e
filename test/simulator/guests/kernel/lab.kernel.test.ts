/** A lab's life: who may start it, how fast, and that nothing of it is left however its parent ends. */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import { startKernelLab } from '../../../../simulator/guests/kernel/lab.ts';
import { KERNEL, testNeeding } from '../../../needs.ts';
import { articleEstate } from '../estates.ts';
import { connectTo, until } from '../steps.ts';

const HOLDER = join(import.meta.dirname, 'hold-lab.ts');
const kernelTest = testNeeding(KERNEL);
const rootTest = testNeeding([...KERNEL, 'root']);

/** What is left of a lab on the machine: processes that carry its mark, and processes in its network namespaces. */
function leftovers(mark: string, namespaces: Set<string>): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const marked = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark);
      return marked || namespaces.has(readlinkSync(`/proc/${pid}/ns/net`)) ? [pid] : [];
    } catch {
      return []; // ended while we looked, or a kernel thread
    }
  });
}

const netNamespaces = (pids: string[]): Set<string> =>
  new Set(
    pids.map((pid) => readlinkSync(`/proc/${pid}/ns/net`)).filter((it) => it !== readlinkSync('/proc/self/ns/net')),
  );

/** Starts a process that holds a lab, as the given user, and kills it as soon as the lab is up. */
async function killHolder(
  prefix: string[],
): Promise<{ during: number; namespaces: number; goneMs: number; said: string }> {
  const mark = `HAIRPIN_LAB_MARK=${process.pid}-${Math.random()}`;
  const [program = '', ...args] = [...prefix, process.execPath, HOLDER];
  const [name = '', value = ''] = mark.split('=');
  const holder = spawn(program, args, { env: { ...process.env, [name]: value }, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const line of createInterface(holder.stdout)) {
    said = line;
    break;
  }
  const pids = leftovers(mark, new Set());
  const namespaces = netNamespaces(pids.filter((pid) => pid !== String(holder.pid)));
  holder.kill('SIGKILL');
  const goneMs = await until('the lab to be gone', async () => leftovers(mark, namespaces).length === 0);
  return { during: pids.length, namespaces: namespaces.size, goneMs, said };
}

kernelTest('a lab is up, and gone after stop', async (t) => {
  const start = performance.now();
  const lab = await startKernelLab({ estate: articleEstate() });
  const took = performance.now() - start;
  await lab.stop();
  t.log(`up in ${Math.round(took)} ms`);
  await t.throwsAsync(connectTo(lab, 'vm-a', '10.0.1.100'), { message: /the kernel lab ended/ });
});

kernelTest('SIGKILL of the parent leaves no process and no namespace', async (t) => {
  const { during, namespaces, goneMs, said } = await killHolder([]);
  t.is(said, 'ok root');
  t.true(during >= 7, `${during} processes carried the mark`);
  t.is(namespaces, 3, 'fabric and two guests');
  t.log(`gone after ${Math.round(goneMs)} ms`);
});

rootTest('an ordinary user’s lab works the same and is gone the same', async (t) => {
  const user = [
    'setpriv',
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    '--inh-caps=-all',
    '--bounding-set=-all',
  ];
  const { namespaces, said } = await killHolder(user);
  t.is(said, 'ok root');
  t.is(namespaces, 3);
});

kernelTest('nothing of the lab is on the machine while it runs', (t) => {
  const asUser = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const own = [...asUser, '--mount', '--net', process.execPath, join(import.meta.dirname, 'quiet-machine.ts')];
  const { stdout, stderr } = spawnSync('unshare', own, { encoding: 'utf8' });
  t.not(stdout, '', stderr);
  const { before, during } = JSON.parse(stdout);
  t.regex(before.join(), /\/proc/);
  t.deepEqual(during, before);
});

kernelTest('a guest’s root changes nothing of the machine', async (t) => {
  const lab = await startKernelLab({ estate: articleEstate() });
  try {
    for (const [deed, refusal] of [
      ['touch /usr/bin/hairpin-lab-was-here', /Read-only file system/],
      ['echo 1 >/proc/sys/kernel/panic', /Read-only file system/],
      ['date -s @0', /Operation not permitted/],
      ['mknod /tmp/disk b 254 0', /Operation not permitted/],
    ] as const) {
      const { stderr, exitCode } = await lab.runScript('vm-a', deed, 60);
      t.not(exitCode, 0, deed);
      t.regex(stderr, refusal, deed);
    }
    const { stdout } = await lab.exec('vm-a', [
      '/bin/bash',
      '-c',
      'ls /dev | xargs; echo 1 >/proc/sys/net/ipv4/ip_forward; echo $?',
    ]);
    t.is(stdout, 'fd full null random shm stderr stdin stdout tty urandom zero\n0\n');
  } finally {
    await lab.stop();
  }
});

kernelTest('VMs that do not run or run Windows have no guest to use, and Windows still serves', async (t) => {
  const lab = await startKernelLab({
    estate: articleEstate((estate) => {
      const [a, b] = estate.vms;
      if (a) a.os = 'windows';
      if (b) estate.vms.push({ ...structuredClone(b), name: 'vm-off', power: 'deallocated', nics: [] });
    }),
  });
  try {
    t.regex((await connectTo(lab, 'vm-b', '10.0.1.100')).answer ?? '', /^vm-a\/UCR/);
    await t.throwsAsync(lab.runScript('vm-a', 'true', 5), { message: /VM vm-a runs Windows/ });
    await t.throwsAsync(connectTo(lab, 'vm-a', '10.0.1.100'), { message: /VM vm-a runs Windows/ });
    await t.throwsAsync(lab.exec('vm-off', ['true']), { message: /VM is "vm-off": it is not running/ });
    await t.throwsAsync(lab.exec('vm-x', ['true']), { message: /VM is "vm-x": the estate has no such VM/ });
  } finally {
    await lab.stop();
  }
});

test('an estate that contradicts itself is refused before anything starts', async (t) => {
  const estate = articleEstate((it) => {
    const [balancer] = it.loadBalancers;
    if (balancer?.rules[1]) balancer.rules[1].backendPort = 1972;
  });
  await t.throwsAsync(startKernelLab({ estate }), {
    message: /mirrors UCR and PI both want 10\.0\.1\.10:1972 on vm-a/,
  });
});
