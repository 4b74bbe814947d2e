/** The facts the program stands on: what a guest can and cannot reach through a VIP of its own. For either kind of lab. */
import type { ExecutionContext } from 'ava';
import type { PowerLab } from '../../../simulator/guests/lab.ts';
import { articleRoute, connectTo, ip, ON_A, ON_B, PI_VIP, recipe, setRpFilter, UCR_VIP } from './steps.ts';

export type Declare = (title: string, run: (t: ExecutionContext) => Promise<void>) => void;

/** Declares the tests. `fresh` gives a lab of the article's estate as it booted. */
export function hairpinFacts(declare: Declare, fresh: () => Promise<PowerLab>): void {
  declare('without a fix the primary cannot reach its own VIP, and everybody else can', async (t) => {
    const lab = await fresh();
    t.is((await connectTo(lab, 'vm-a', UCR_VIP)).outcome, 'timeout');
    t.is((await connectTo(lab, 'vm-a', PI_VIP)).outcome, 'timeout');
    const fromB = await connectTo(lab, 'vm-b', UCR_VIP);
    t.is(fromB.outcome, 'ok');
    t.is(fromB.answer, `vm-a/UCR ${fromB.local}`);
    t.regex((await connectTo(lab, 'vm-b', PI_VIP)).answer ?? '', /^vm-a\/PI 10\.0\.1\.20:/);
  });

  for (const rpFilter of [0, 1, 2])
    declare(`the route alone fails, route and steered reply work, with rp_filter ${rpFilter}`, async (t) => {
      const lab = await fresh();
      await setRpFilter(lab, 'vm-a', rpFilter);
      await ip(lab, 'vm-a', articleRoute(ON_A));
      t.regex(await ip(lab, 'vm-a', `route get ${UCR_VIP}`), /dev eth1 src 10\.0\.1\.11/, 'it looks right');
      t.is((await connectTo(lab, 'vm-a', UCR_VIP)).outcome, 'timeout', 'and is not');

      await ip(lab, 'vm-a', `route del ${UCR_VIP}/32`, ...recipe(ON_A));
      await lab.resetCounters();
      const fixed = await connectTo(lab, 'vm-a', UCR_VIP);
      t.is(fixed.outcome, 'ok');
      t.is(fixed.answer, `vm-a/UCR ${fixed.local}`, 'the accepted peer is the via address and port');
      t.regex(fixed.local ?? '', /^10\.0\.1\.11:/);
      const [ucr, pi] = await lab.counters();
      t.is(ucr?.flows, 1, 'the flow went through the load balancer');
      t.true((ucr?.packetsTo ?? 0) >= 3 && (ucr?.packetsFrom ?? 0) >= 2, JSON.stringify(ucr));
      t.deepEqual(pi, { vip: PI_VIP, flows: 0, packetsTo: 0, packetsFrom: 0 });
    });

  declare('the recipe also works while the primary is remote, and changes nothing else', async (t) => {
    const lab = await fresh();
    await ip(lab, 'vm-b', ...recipe(ON_B));
    const remote = await connectTo(lab, 'vm-b', UCR_VIP);
    t.regex(remote.answer ?? '', /^vm-a\/UCR 10\.0\.1\.21:/);
    const bound = await connectTo(lab, 'vm-b', UCR_VIP, { source: '10.0.1.20' });
    t.regex(bound.answer ?? '', /^vm-a\/UCR 10\.0\.1\.20:/, 'bound to the backend address it leaves by eth0 as before');
    for (const own of ['10.0.1.20', '10.0.1.21', '127.0.0.1'])
      t.is((await connectTo(lab, 'vm-b', own)).outcome, 'ok', own);
    t.is((await connectTo(lab, 'vm-a', '10.0.1.20')).outcome, 'ok', 'other VMs still reach it');
  });

  declare('the fabric drops what leaves a NIC with another NIC’s address', async (t) => {
    const lab = await fresh();
    await ip(lab, 'vm-b', articleRoute(ON_B));
    t.is((await connectTo(lab, 'vm-b', UCR_VIP)).outcome, 'ok');
    t.is((await connectTo(lab, 'vm-b', UCR_VIP, { source: '10.0.1.20' })).outcome, 'timeout');
  });

  declare('nobody answers at the gateway, at an unused address, or at a VIP’s port without a rule', async (t) => {
    const lab = await fresh();
    t.is((await connectTo(lab, 'vm-b', '10.0.1.1')).outcome, 'timeout');
    t.is((await connectTo(lab, 'vm-b', '10.0.1.77')).outcome, 'timeout');
    t.is((await connectTo(lab, 'vm-b', UCR_VIP, { port: 1973 })).outcome, 'timeout');
    t.is((await connectTo(lab, 'vm-b', '10.0.1.10', { port: 1973 })).outcome, 'refused', 'a VM itself refuses');
    t.is((await connectTo(lab, 'vm-b', '10.0.1.10', { source: '10.9.9.9' })).outcome, 'error', 'not its address');
  });
}
