/** Three mirrors on three VMs: all three primaries come to one VM, and every VM still reaches every VIP. */
import { isProved, vmLine } from '../lines.ts';
import { packets } from '../probing.ts';
import type { Claims } from '../step.ts';
import type { Story } from '../story.ts';

export async function threeMirrors(story: Story, claims: Claims): Promise<void> {
  const site = story.stack.sites[1];
  if (!site) return claims.claim(false, 'there is no second estate');
  const { estate, lab } = site;
  const vms = estate.vms.map((vm) => vm.name);
  await lab.resetCounters();
  // Every primary comes to the VM that had none.
  const to = vms.find((vm) => ![...story.primaries.values()].includes(vm));
  if (to === undefined) return claims.claim(false, 'every VM is primary for something');
  const runs = await Promise.all(estate.mirrors.map((mirror) => story.failOver(mirror.name, to)));
  for (const run of runs) {
    story.take(run);
    claims.claim(run.confirmation?.state === 'confirmed', `run ${run.runId} was not confirmed by the probes`);
    claims.claim(
      run.vms.every((item) => item.changed === 0),
      'something was changed',
    );
  }
  const outcome = runs.at(-1)?.vms.find((item) => item.vm === to);
  claims.claim(outcome !== undefined && isProved(outcome), `${to} is not proved through itself`);
  if (outcome) claims.note(vmLine(outcome));
  await story.tryAll(site, claims, vms);
  claims.note(await packets(lab));
}
