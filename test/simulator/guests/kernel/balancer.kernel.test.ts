import { startKernelLab } from '../../../../simulator/guests/kernel/lab.ts';
import { KERNEL, testNeeding } from '../../../needs.ts';
import { balancerFacts } from '../balancerFacts.ts';
import { labOf } from '../labOf.ts';
import { connectTo, ip, ON_A, PI_VIP, recipe, UCR_VIP, until, upMembers } from '../steps.ts';

const kernelTest = testNeeding(KERNEL);
const fresh = labOf(startKernelLab);

balancerFacts(kernelTest, fresh, startKernelLab);

kernelTest('a flow keeps its backend over a failover', async (t) => {
  const lab = await fresh();
  const client = `exec 3<>/dev/tcp/${UCR_VIP}/1972; read -r first <&3; echo "$first"; until [ -e /tmp/over ]; do sleep 0.1; done; ss -Htn state established dst ${UCR_VIP} | wc -l`;
  const flow = lab.exec('vm-b', ['/bin/bash', '-c', client]);
  const flows = async () => (await lab.exec('vm-b', ['ss', '-Htn', 'state', 'established', 'dst', UCR_VIP])).stdout;
  await until('the flow', async () => (await flows()) !== '');
  await lab.setPrimary('UCR', 'vm-b');
  await until('the probes to see vm-b', async () => (await upMembers(lab)).join() === '10.0.1.20');
  await lab.exec('vm-b', ['touch', '/tmp/over']);
  const { stdout } = await flow;
  t.regex(stdout, /^vm-a\/UCR .*\n1\n$/);
});

kernelTest('reset takes back routes, rules, settings, files, processes, lies, primaries and counters', async (t) => {
  const lab = await fresh();
  const look = async () => {
    // Of IPv4, as all the lab is: the kernel takes its own time to give an interface its link-local IPv6 address.
    const what =
      'ip -4 rule; ip -4 route show table all; ip -4 -o address show; sysctl -n net.ipv4.conf.all.rp_filter; find /etc/systemd /usr/local/sbin /var/lib/waagent; ls -A /tmp; ps -eo args | wc -l';
    return (await lab.exec('vm-a', ['/bin/bash', '-c', what])).stdout;
  };
  const booted = await look();
  await ip(lab, 'vm-a', ...recipe(ON_A), 'link set eth1 down', 'address add 10.0.1.99/24 dev eth0');
  await lab.runScript(
    'vm-a',
    'touch /etc/systemd/system/x.service /usr/local/sbin/x /tmp/x; echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter; setsid sleep 99 &',
    60,
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
