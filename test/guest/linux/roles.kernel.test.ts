/** A guest whose two NICs are each backend for one frontend and via for the other. */
import test from 'ava';
import type { PlannedFrontend } from '../../../shared/model/guest.ts';
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../../../simulator/guests/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { articleEstate } from '../../simulator/guests/estates.ts';
import { setRpFilter, until } from '../../simulator/guests/steps.ts';
import { connectTo, guard, NICS, PI, said, snapshot, UCR } from './guests.ts';

const kernelTest = testNeeding(KERNEL);
/** PI's pool holds the second NICs. */
const estate = articleEstate((it) => {
  const [balancer] = it.loadBalancers;
  if (!balancer) throw new Error('the article has a load balancer');
  balancer.pools.push({ name: 'others', members: ['vm-a/via/ipconfig', 'vm-b/via/ipconfig'] });
  for (const rule of balancer.rules) if (rule.name === 'pi') rule.pool = 'others';
});
let lab: GuestLab | undefined;
const freshLab = async (): Promise<GuestLab> => {
  if (lab) await lab.reset();
  lab ??= await startKernelLab({ estate });
  return lab;
};
test.after.always(() => lab?.stop());

const { backend, via } = NICS['vm-a'];
const plan: PlannedFrontend[] = [
  { vip: UCR, port: 1972, backend, via },
  { vip: PI, port: 1972, backend: via, via: backend },
];
const SOURCES = [undefined, backend.ip, via.ip];

const matrix = async (lab: GuestLab): Promise<string[]> => {
  const results: string[] = [];
  for (const vip of [UCR, PI])
    for (const source of SOURCES) results.push(said(await connectTo(lab, 'vm-a', vip, source ? { source } : {})));
  return results;
};

const PRIMARIES = [
  ['vm-a', 'vm-a'],
  ['vm-b', 'vm-a'],
  ['vm-a', 'vm-b'],
  ['vm-b', 'vm-b'],
] as const;

for (const rpFilter of [0, 1, 2]) {
  kernelTest(`both roles on one guest, every primary, with rp_filter ${rpFilter}`, async (t) => {
    for (const [ucr, pi] of PRIMARIES) {
      const lab = await freshLab();
      await setRpFilter(lab, 'vm-a', rpFilter);
      for (const [mirror, vm] of [
        ['UCR', ucr],
        ['PI', pi],
      ] as const) {
        await lab.setPrimary(mirror, vm);
      }
      const up = async (rule: string, vm: string) =>
        (await lab.health('lb', rule)).filter((it) => it.up).every((it) => it.member?.startsWith(`${vm}/`));
      await until(async () => (await up('ucr', ucr)) && (await up('pi', pi)), 5000);

      const asBooted = await snapshot(lab, 'vm-a');
      const before = await matrix(lab);
      t.deepEqual([before[0], before[3]], [ucr === 'vm-a' ? 'fails' : 'vm-b', pi === 'vm-a' ? 'fails' : 'vm-b']);
      const { report } = await guard(lab, 'vm-a', 'apply', plan);
      t.deepEqual(
        report.paths.map((path) => [path.after, path.connectAfter.outcome]),
        [
          [[], 'ok'],
          [[], 'ok'],
        ],
      );
      t.deepEqual(
        report.paths.map((path) => [path.source, path.proof]),
        [
          [via.ip, ucr === 'vm-a' ? 'self' : 'remote'],
          [backend.ip, pi === 'vm-a' ? 'self' : 'remote'],
        ],
      );
      const after = await matrix(lab);
      t.deepEqual([after[0], after[3]], [ucr, pi], 'unbound');
      before.forEach((result, index) => {
        if (result !== 'fails') t.is(after[index], result, `what connected still does: ${index}`);
      });
      await guard(lab, 'vm-a', 'remove', plan);
      t.is(await snapshot(lab, 'vm-a'), asBooted);
    }
  });
}
