/** A VIP that left the plan and stays: two load balancers on one VM, and what is said of the second may be anything. */
import type { PlannedFrontend } from '../../../shared/model/guest.ts';
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { labOf } from '../../simulator/guests/labOf.ts';
import { connectTo, guard, PI, planOf, shell, snapshot, UCR } from './guests.ts';

const kernelTest = testNeeding(KERNEL);
const fresh = labOf(startKernelLab);
const kept = (frontend: PlannedFrontend | undefined): PlannedFrontend => ({
  ...(frontend as PlannedFrontend),
  kept: true,
});

kernelTest('an apply leaves its route as it is, and it works; without the word it would go', async (t) => {
  const lab = await fresh();
  const [ucr, pi] = planOf('vm-a', [UCR, PI]);
  if (!ucr) throw new Error('no frontend');
  await guard(lab, 'vm-a', 'apply', planOf('vm-a', [UCR, PI]));
  const before = await snapshot(lab, 'vm-a');
  const { report } = await guard(lab, 'vm-a', 'apply', [ucr, kept(pi)]);
  t.deepEqual([report.errorCode, report.paths.map((path) => path.after)], [undefined, [[], []]]);
  t.is((await connectTo(lab, 'vm-a', PI)).outcome, 'ok');
  t.regex(await shell(lab, 'vm-a', 'cat /etc/ilb-hairpin-guard/plan'), new RegExp(`^${PI} .* kept$`, 'm'));
  t.is((await snapshot(lab, 'vm-a')).replaceAll(' kept\n', '\n'), before, 'nothing else is different in the guest');
  await guard(lab, 'vm-a', 'apply', [ucr]);
  t.is((await connectTo(lab, 'vm-a', PI)).outcome, 'timeout');
});

kernelTest(
  'what would stop a planned path stops nothing here: its NIC is gone, the VIP is the machine’s own',
  async (t) => {
    const lab = await fresh();
    const [ucr, pi] = planOf('vm-a', [UCR, PI]);
    if (!ucr || !pi) throw new Error('no frontend');
    await guard(lab, 'vm-a', 'apply', [ucr, pi]);
    const replaced = kept({ ...pi, via: { ip: '10.0.1.12', mac: '00:0d:3a:00:0a:03' } });
    const gone = await guard(lab, 'vm-a', 'apply', [ucr, replaced]);
    t.deepEqual([gone.report.errorCode, gone.exitCode], [undefined, 0]);
    t.is((await connectTo(lab, 'vm-a', UCR)).outcome, 'ok');
    t.is((await connectTo(lab, 'vm-a', PI)).outcome, 'ok', 'its route is there still');
    await shell(lab, 'vm-a', `ip addr add ${PI}/32 dev lo`);
    const local = await guard(lab, 'vm-a', 'check', [ucr, kept(pi)]);
    t.deepEqual([local.report.errorCode, local.exitCode], [undefined, 0]);
    await shell(lab, 'vm-a', `ip addr del ${PI}/32 dev lo`);
  },
);

kernelTest('a plan of nothing else is for another machine', async (t) => {
  const lab = await fresh();
  const [ucr, pi] = planOf('vm-a', [UCR, PI]);
  const there = planOf('vm-b', [UCR])[0];
  if (!ucr || !there) throw new Error('no frontend');
  const { report } = await guard(lab, 'vm-a', 'apply', [there, kept(pi)]);
  t.is(report.errorCode, 'WRONG_MACHINE');
});
