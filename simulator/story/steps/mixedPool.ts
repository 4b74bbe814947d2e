/** A mirror with a Windows and a Linux member moves from one to the other: above the guest both are alike. */
import { vmLine } from '../lines.ts';
import type { Claims } from '../step.ts';
import type { Story } from '../story.ts';

export async function mixedPool(story: Story, claims: Claims): Promise<void> {
  const site = story.stack.sites.find(({ estate }) => estate.vms.some((vm) => vm.os === 'windows'));
  const [mirror] = site?.estate.mirrors ?? [];
  if (!site || !mirror) return claims.claim(false, 'no estate has a Windows VM');
  const from = story.primaries.get(mirror.name);
  const to = mirror.members.find((vm) => vm !== from) ?? '';
  const run = await story.failOver(mirror.name, to);
  story.take(run);
  claims.claim(run.confirmation?.state === 'confirmed', 'the failover was not confirmed by the probes');
  for (const vm of run.vms) {
    const { os } = site.estate.vms.find((item) => item.name === vm.vm) ?? { os: 'no' };
    claims.claim(vm.changed === 0 && vm.result === 'compliant', `${vm.vm} is ${vm.result} with ${vm.changed} changes`);
    claims.note(`${os === 'windows' ? 'Windows (modelled, the real script)' : 'Linux'}: ${vmLine(vm)}`);
  }
  await story.tryAll(site, claims, mirror.members);
}
