import { startKernelLab } from '../../../../simulator/guests/kernel/lab.ts';
import { KERNEL, testNeeding } from '../../../needs.ts';
import { hairpinFacts } from '../hairpinFacts.ts';
import { labOf } from '../labOf.ts';
import { ip } from '../steps.ts';

const kernelTest = testNeeding(KERNEL);
const fresh = labOf(startKernelLab);

hairpinFacts(kernelTest, fresh);

kernelTest('a guest boots with the estate’s MACs, addresses, metrics and rp_filter', async (t) => {
  const lab = await fresh();
  const routes = await ip(lab, 'vm-a', 'route show table main');
  t.deepEqual(routes.trim().split(/ *\n/), [
    'default via 10.0.1.1 dev eth0 proto dhcp src 10.0.1.10 metric 100',
    '10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.10 metric 100',
    '10.0.1.0/24 dev eth1 proto kernel scope link src 10.0.1.11 metric 101',
  ]);
  const look = 'cat /sys/class/net/eth1/address /proc/sys/net/ipv4/conf/{all,eth1}/rp_filter; ls -d /sys/class/net/*';
  const { stdout } = await lab.exec('vm-a', ['/bin/bash', '-c', look]);
  t.is(stdout, '00:0d:3a:00:0a:02\n1\n1\n/sys/class/net/eth0\n/sys/class/net/eth1\n/sys/class/net/lo\n');
});
