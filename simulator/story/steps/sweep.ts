/** The sweep repairs what can be repaired; every repaired path is then tried from inside the guest. */
import { isProved, vmLine } from '../lines.ts';
import { packets } from '../probing.ts';
import type { Claims } from '../step.ts';
import { RUN_MS, type Story } from '../story.ts';

export async function sweep(story: Story, claims: Claims): Promise<void> {
  const { stack } = story;
  const run = await stack.sweep(RUN_MS);
  story.take(run);
  for (const vm of run.vms) claims.note(vmLine(vm));
  const twoNics = stack.sites.flatMap(({ estate }) =>
    estate.vms.filter((vm) => vm.nics.length > 1).map((vm) => vm.name),
  );
  const repairable = run.vms.filter((vm) => twoNics.includes(vm.vm));
  claims.claim(
    repairable.length === twoNics.length,
    `only ${repairable.length} of ${twoNics.length} VMs were looked at`,
  );
  for (const vm of repairable) {
    claims.claim(vm.result === 'repaired', `${vm.vm} was not repaired`);
    claims.claim(isProved(vm), `a path of ${vm.vm} is not proved`);
  }
  for (const site of stack.sites) {
    await story.tryAll(site, claims, twoNics);
    const counters = await site.lab.counters();
    const bothWays = counters.every((vip) => vip.flows > 0 && vip.packetsTo > 0 && vip.packetsFrom > 0);
    claims.claim(bothWays, 'packets did not pass both ways');
    claims.note(await packets(site.lab));
  }
}
