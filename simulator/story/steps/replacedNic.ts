/**
 * A secondary NIC is replaced: Azure tells of the writes, the plan changes, the guest gets it. In the guest the new
 * NIC has been there from the start, unused: a lab's guests have their NICs when they boot.
 */
import type { Estate, EstateNic } from '../../estate/estate.ts';
import { vmLine } from '../lines.ts';
import { packets } from '../probing.ts';
import type { Claims } from '../step.ts';
import { RUN_MS, type Story } from '../story.ts';

/** The NIC that waits in the guest. */
const SPARE: { vm: string; nic: EstateNic } = {
  vm: 'hs-b',
  nic: { name: 'hs-b-nic3', mac: '00-0D-3A-00-0B-03', ips: [{ name: 'ipconfig1', address: '10.0.1.22' }] },
};

/** The estate as its guests are built: with the NIC that Azure does not list yet. */
export const withSpare = (estate: Estate): Estate => ({
  ...estate,
  vms: estate.vms.map((vm) => (vm.name === SPARE.vm ? { ...vm, nics: [...vm.nics, SPARE.nic] } : vm)),
});

export async function replacedNic(story: Story, claims: Claims): Promise<void> {
  const { stack } = story;
  const [site] = stack.sites;
  const vm = site?.estate.vms.find((item) => item.name === SPARE.vm);
  const old = vm?.nics[1];
  if (!site || !vm || !old) return claims.claim(false, 'the estate has no second NIC to replace');
  const since = stack.steps.length;
  await site.lab.exec(vm.name, ['ip', 'link', 'set', 'eth1', 'down']);
  stack.arm.changes.replaceNic(vm.name, old.name, SPARE.nic);

  const settled = await stack.step(
    (step) =>
      stack.steps.indexOf(step) >= since &&
      step.step === 'settled' &&
      step.result === 'repaired' &&
      String(step.vmId).endsWith(`/${vm.name}`),
    RUN_MS,
  );
  const run = await stack.ended(String(settled.runId), RUN_MS);
  story.take(run);
  claims.claim(run.signal === 'resourceChange', `it was a ${run.signal} run`);
  const outcome = run.vms.find((item) => item.vm === vm.name);
  if (outcome) claims.note(vmLine(outcome));
  const addresses = await site.lab.exec(vm.name, ['ip', '-4', 'route', 'show', 'table', '7201']);
  const [address] = SPARE.nic.ips.map((ip) => ip.address);
  claims.claim(addresses.stdout.includes(`src ${address}`), 'the VIP routes do not lead through the new NIC');
  claims.claim(!addresses.stdout.includes(`src ${old.ips[0]?.address}`), 'a route of the old NIC is left');
  await site.lab.resetCounters();
  await story.tryAll(site, claims, [vm.name]);
  claims.note(await packets(site.lab));
}
