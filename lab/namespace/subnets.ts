/** Addresses without a subnet of their own in the guest: the gateway is known all the same, or an error of its own says that it is not. */
import assert from 'node:assert/strict';
import type { LabCase } from '../case.ts';
import { guard, planOf, shell, snapshot } from '../guests.ts';
import { freshLab } from '../labs.ts';
import { prove, recover } from './recover.ts';
import { articleLab, startService, stopService, VM } from './watcher.ts';

/** keepalived's and `ip addr add X`: a /32 beside the machine's own address. */
const BACKEND =
  'ip addr flush dev eth0; ip addr add 10.0.1.9/24 dev eth0; ip addr add 10.0.1.10/32 dev eth0; ip route replace default via 10.0.1.1 dev eth0 src 10.0.1.10 metric 100; ip route replace 10.0.1.0/24 dev eth0 src 10.0.1.10';
const VIA = 'ip addr flush dev eth1; ip addr add 10.0.1.11/32 dev eth1; ';

const SUBNETS: Record<string, string> = {
  'the backend address is a /32 beside another address of its NIC': BACKEND,
  'the via address is a /32, its gateway on the link, and a default route by it': `${VIA} ip route add 10.0.1.1 dev eth1 scope link metric 200; ip route add default via 10.0.1.1 dev eth1 metric 200`,
  'the via address is a /32, and its gateway said to be on the link': `${VIA} ip route add default via 10.0.1.1 dev eth1 onlink metric 200`,
  'the via address is a /32, and a route to another network tells its gateway': `${VIA} ip route add 10.7.0.0/16 via 10.0.1.1 dev eth1 onlink`,
  'the via address is a /32, and its default route in a table of its own': `${VIA} ip route add default via 10.0.1.1 dev eth1 onlink table 100; ip rule add pref 1000 from 10.0.1.11 lookup 100`,
  'the via address is a /32 in a subnet that a route tells': `${VIA} ip route add 10.0.1.0/24 dev eth1 scope link metric 300`,
  'both addresses are /32': `${BACKEND}; ${VIA} ip route add default via 10.0.1.1 dev eth1 onlink metric 200`,
};

const found =
  (setUp: string): LabCase['run'] =>
  async () => {
    const lab = await freshLab(articleLab);
    await shell(lab, VM, setUp);
    const before = await snapshot(lab, VM);
    const { report } = await guard(lab, VM, 'apply', planOf(VM));
    assert.deepEqual(
      [report.errorCode, ...report.paths.map((path) => path.after.join() + path.connectAfter.outcome + path.proof)],
      [undefined, 'okself', 'okself'],
      report.errorDetail,
    );
    const again = await guard(lab, VM, 'apply', planOf(VM));
    assert.equal(again.report.changed, 0);
    await startService(lab);
    const { recoveredMs } = await recover(lab, ['ip route flush table all proto 201']);
    await stopService(lab);
    const proof = await prove(lab);
    await guard(lab, VM, 'remove', planOf(VM));
    assert.equal(await snapshot(lab, VM), before, 'removed byte for byte');
    return { ok: true, recoveredMs, detail: `all our routes flushed; ${proof}; removed byte for byte` };
  };

/** Nothing tells it: that is said, and the machine is left as it was. */
const unknown: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  await shell(lab, VM, VIA);
  const before = await snapshot(lab, VM);
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.deepEqual([report.errorCode, report.errorDetail], ['NO_GATEWAY', '00:0d:3a:00:0a:02']);
  for (const path of report.paths) assert.deepEqual(path.after, ['nic-missing']);
  await shell(lab, VM, 'ip route add 10.0.1.0/24 dev eth1 metric 300');
  assert.equal((await guard(lab, VM, 'apply', planOf(VM))).report.errorCode, undefined);
  const proof = await prove(lab);
  await guard(lab, VM, 'remove', planOf(VM));
  await shell(lab, VM, 'ip route del 10.0.1.0/24 dev eth1 metric 300');
  assert.equal(await snapshot(lab, VM), before);
  return { ok: true, detail: `NO_GATEWAY, nothing changed; with a route to its subnet ${proof}` };
};

export const subnetCases = (): LabCase[] => [
  ...Object.entries(SUBNETS).map(([name, setUp]): LabCase => ({ name, manager: 'none', run: found(setUp) })),
  { name: 'the via address is a /32, and nothing tells its gateway', manager: 'none', run: unknown },
];
