/** The load balancer of the kernel lab: probes, failover, several healthy members, lies, counters, reset. */
import test from 'ava';
import { startKernelLab } from '../../../../simulator/guests/kernel/lab.ts';
import type { PowerLab } from '../../../../simulator/guests/lab.ts';
import { KERNEL, testNeeding } from '../../../needs.ts';
import { articleEstate } from '../estates.ts';
import { connectTo, ip, ON_A, PI_VIP, recipe, UCR_VIP, until } from '../steps.ts';

const kernelTest = testNeeding(KERNEL);
let lab: PowerLab | undefined;
const freshLab = async (): Promise<PowerLab> => {
  if (lab) await lab.reset();
  lab ??= await startKernelLab({ estate: articleEstate() });
  return lab;
};
test.after.always(() => lab?.stop());

const upMembers = async (lab: PowerLab): Promise<string[]> =>
  (await lab.health('lb', 'ucr')).filter((it) => it.up).map((it) => it.address);

kernelTest('a failover moves the backend within the probe window, and only that mirror’s', async (t) => {
  const lab = await freshLab();
  t.deepEqual(await upMembers(lab), ['10.0.1.10']);
  await lab.setPrimary('UCR', 'vm-b');
  const [a] = await lab.health('lb', 'ucr');
  t.true(a?.up, 'the probe turns later than the mirror');
  const took = await until(async () => (await upMembers(lab)).join() === '10.0.1.20', 4000);
  // Interval 1 s, threshold 2: between one and two intervals, and what the probe itself takes.
  t.true(took !== undefined && took > 500 && took < 2500, `took ${took} ms`);
  t.deepEqual(
    (await lab.health('lb', 'ucr')).map((it) => [it.member, it.reason]),
    [
      ['vm-a/pool/ipconfig', 'Down_Probe_HttpStatusCodeError'],
      ['vm-b/pool/ipconfig', 'Up_Probe_Success'],
    ],
  );
  t.regex((await connectTo(lab, 'vm-a', UCR_VIP)).answer ?? '', /^vm-b\/UCR/);
  t.is((await connectTo(lab, 'vm-b', UCR_VIP)).outcome, 'timeout', 'now vm-b is the one that cannot');
  t.regex((await connectTo(lab, 'vm-b', PI_VIP)).answer ?? '', /^vm-a\/PI/, 'PI stayed');
});

kernelTest('a flow keeps its backend over a failover', async (t) => {
  const lab = await freshLab();
  const client = `exec 3<>/dev/tcp/${UCR_VIP}/1972; read -r first <&3; echo "$first"; sleep 3; ss -Htn state established dst ${UCR_VIP} | wc -l`;
  const flow = lab.exec('vm-b', ['/bin/bash', '-c', client]);
  await lab.setPrimary('UCR', 'vm-b');
  await until(async () => (await upMembers(lab)).join() === '10.0.1.20', 4000);
  const { stdout } = await flow;
  t.regex(stdout, /^vm-a\/UCR .*\n1\n$/);
});

kernelTest('with nobody primary nobody answers', async (t) => {
  const lab = await freshLab();
  await lab.setPrimary('UCR', undefined);
  t.truthy(await until(async () => (await upMembers(lab)).length === 0, 4000));
  t.is((await connectTo(lab, 'vm-b', UCR_VIP)).outcome, 'timeout');
  await t.throwsAsync(lab.setPrimary('UCR', 'vm-x'), {
    message: /primary of UCR is "vm-x": running members are vm-a, vm-b/,
  });
  await t.throwsAsync(lab.setPrimary('HSX', 'vm-a'), { message: /mirror is "HSX"/ });
});

kernelTest('a lie about health leaves the translation alone; no translation leaves health alone', async (t) => {
  const lab = await freshLab();
  await lab.lie({ probeSays: 'vm-b/pool/ipconfig' });
  t.deepEqual(await upMembers(lab), ['10.0.1.20']);
  t.regex((await connectTo(lab, 'vm-b', UCR_VIP)).answer ?? '', /^vm-a/);
  await lab.lie({ noTranslation: true });
  t.deepEqual(await upMembers(lab), ['10.0.1.10']);
  t.is((await connectTo(lab, 'vm-b', UCR_VIP)).outcome, 'timeout');
  await lab.lie({});
  t.is((await connectTo(lab, 'vm-b', UCR_VIP)).outcome, 'ok');
});

kernelTest('reset takes back routes, rules, settings, files, processes, lies, primaries and counters', async (t) => {
  const lab = await freshLab();
  const look = async () => {
    const what =
      'ip rule; ip route show table all; ip -o address show scope global; sysctl -n net.ipv4.conf.all.rp_filter; find /etc/systemd /usr/local/sbin /var/lib/waagent /tmp; ps -eo args | wc -l';
    return (await lab.exec('vm-a', ['/bin/bash', '-c', what])).stdout;
  };
  const booted = await look();
  await ip(lab, 'vm-a', ...recipe(ON_A), 'link set eth1 down', 'address add 10.0.1.99/24 dev eth0');
  await lab.runScript(
    'vm-a',
    'touch /etc/systemd/system/x.service /usr/local/sbin/x /tmp/x; echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter; setsid sleep 99 &',
    5,
  );
  await lab.setPrimary('UCR', 'vm-b');
  await lab.lie({ noTranslation: true });
  t.not(await look(), booted);
  await lab.reset();
  t.is(await look(), booted);
  t.deepEqual(await upMembers(lab), ['10.0.1.10']);
  t.deepEqual(await lab.counters(), [
    { vip: UCR_VIP, flows: 0, packetsTo: 0, packetsFrom: 0 },
    { vip: PI_VIP, flows: 0, packetsTo: 0, packetsFrom: 0 },
  ]);
  t.is((await connectTo(lab, 'vm-b', UCR_VIP)).outcome, 'ok');
  await ip(lab, 'vm-a', ...recipe(ON_A));
  t.is((await connectTo(lab, 'vm-a', UCR_VIP)).outcome, 'ok', 'and it can be repaired again');
});

kernelTest('a VM that is off is dead on the wire and boots afresh with backup instances', async (t) => {
  const lab = await freshLab();
  await ip(lab, 'vm-a', ...recipe(ON_A));
  await lab.setPower('vm-a', 'off');
  await lab.setPower('vm-a', 'off');
  await t.throwsAsync(lab.exec('vm-a', ['true']), { message: /it is not running/ });
  t.truthy(await until(async () => (await upMembers(lab)).length === 0, 5000));
  const [a] = await lab.health('lb', 'ucr');
  t.is(a?.reason, 'Down_Probe_HttpEndpointUnreachable');
  t.is((await connectTo(lab, 'vm-b', '10.0.1.10')).outcome, 'timeout');
  await t.throwsAsync(lab.setPrimary('UCR', 'vm-a'), { message: /running members are vm-b/ });
  await lab.setPower('vm-a', 'on');
  t.is((await connectTo(lab, 'vm-b', '10.0.1.10')).outcome, 'ok');
  t.notRegex(await ip(lab, 'vm-a', 'rule show'), /proto 201/, 'nothing of the recipe survived');
  await lab.setPrimary('UCR', 'vm-a');
  t.truthy(await until(async () => (await upMembers(lab)).join() === '10.0.1.10', 5000));
});

kernelTest('a TCP probe sees the primary by its open port', async (t) => {
  const lab = await startKernelLab({
    estate: articleEstate((estate) => {
      Object.assign(estate.loadBalancers[0]?.probes[0] ?? {}, { protocol: 'Tcp', port: 1972 });
    }),
  });
  try {
    t.deepEqual(
      (await lab.health('lb', 'ucr')).map((it) => it.reason),
      ['Up_Probe_Success', 'Down_Probe_TcpConnectError'],
    );
    await lab.setPrimary('UCR', 'vm-b');
    t.truthy(await until(async () => (await upMembers(lab)).join() === '10.0.1.20', 4000));
  } finally {
    await lab.stop();
  }
});

kernelTest('several healthy members share the flows; a member without a probe is always up', async (t) => {
  const lab = await startKernelLab({
    estate: articleEstate((estate) => {
      for (const rule of estate.loadBalancers[0]?.rules ?? []) delete rule.probe;
    }),
  });
  try {
    t.deepEqual([...new Set((await lab.health('lb', 'ucr')).map((it) => it.reason))], ['Up_Admin']);
    await ip(lab, 'vm-a', ...recipe(ON_A));
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => connectTo(lab, 'vm-a', UCR_VIP, { timeoutMs: 2000 })),
    );
    const byVm = Map.groupBy(answers, (it) => it.answer?.split('/')[0] ?? it.outcome);
    t.deepEqual([...byVm.keys()].sort(), ['vm-a', 'vm-b'], 'each of 40 flows was answered, by both members');
    const [counted] = await lab.counters();
    t.is(counted?.flows, 40);
  } finally {
    await lab.stop();
  }
});

kernelTest('a rule for all ports keeps the port', async (t) => {
  const lab = await startKernelLab({
    estate: articleEstate((estate) => {
      const [rule] = estate.loadBalancers[0]?.rules ?? [];
      if (rule) Object.assign(rule, { protocol: 'All', frontendPort: 0, backendPort: 0 });
    }),
  });
  try {
    t.regex((await connectTo(lab, 'vm-b', UCR_VIP)).answer ?? '', /^vm-a\/UCR/);
    t.regex((await connectTo(lab, 'vm-b', UCR_VIP, { port: 51773 })).answer ?? '', /^vm-a\/PI/);
    t.is((await connectTo(lab, 'vm-b', UCR_VIP, { port: 9 })).outcome, 'refused');
  } finally {
    await lab.stop();
  }
});
