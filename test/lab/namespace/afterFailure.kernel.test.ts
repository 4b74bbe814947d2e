/** A case that fails spoils no other: here some fail on purpose, each in the middle of what it does. */
import assert from 'node:assert/strict';
import test from 'ava';
import { tryCase } from '../../../lab/case.ts';
import { guard, planOf, shell } from '../../../lab/guests.ts';
import { freshLab, stopLabs } from '../../../lab/labs.ts';
import { stateOf } from '../../../lab/namespace/recover.ts';
import { routingCases } from '../../../lab/namespace/routing.ts';
import { articleLab, VM, withService } from '../../../lab/namespace/watcher.ts';
import type { KernelLab } from '../../../simulator/guests/kernel/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';

const kernelTest = testNeeding(KERNEL);
test.after.always(stopLabs);

/** What a case did when it failed, on a guest whose service runs. */
const FAILURES: Record<string, (lab: KernelLab) => Promise<unknown>> = {
  'a NIC is in another namespace': (lab) => shell(lab, VM, 'ip netns add aside; ip link set eth1 netns aside'),
  'a NIC has another name, and its cable another address': async (lab) => {
    await shell(lab, VM, 'ip link set eth1 down; ip link set eth1 name ens5');
    await lab.fabric(['neighbour replace 10.0.1.11 lladdr 00:0d:3a:00:0a:99 dev v1 nud permanent']);
  },
  'a cable is gone': (lab) => lab.fabric(['link delete v1']),
  'no rule is left, a child runs on, and the disk is full': (lab) =>
    shell(lab, VM, 'ip rule flush; setsid sleep 1000 >/dev/null 2>&1 & mount -t tmpfs -o size=4k tmpfs /etc'),
  'its lab has ended': (lab) => lab.stop(),
};

/** A guest as a case that was the first would meet it. */
async function freshState(): Promise<string> {
  const lab = await freshLab(articleLab);
  const before = await stateOf(lab);
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.equal(report.errorCode, undefined);
  return before;
}

for (const [name, breaks] of Object.entries(FAILURES)) {
  kernelTest(`the cases after one that fails while ${name}`, async (t) => {
    const before = await freshState();
    const failed = await tryCase({
      name,
      manager: 'none',
      run: () =>
        withService(async (lab) => {
          await breaks(lab);
          throw new Error('it fails on purpose');
        }),
    });
    t.like(failed, { ok: false, detail: 'it fails on purpose' });
    const [next] = routingCases();
    assert(next);
    const { ok, detail } = await tryCase(next);
    t.true(ok, detail);
    t.is(await freshState(), before);
  });
}

kernelTest('the cases after one whose lab does not start', async (t) => {
  let starts = 0;
  const estate = () => {
    starts += 1;
    const made = articleLab();
    return starts === 1 ? { ...made, vms: [...made.vms, ...made.vms] } : made;
  };
  await t.throwsAsync(freshLab(estate));
  const lab = await freshLab(estate);
  t.is((await shell(lab, VM, 'echo up')).trim(), 'up');
  t.is(starts, 2);
});
