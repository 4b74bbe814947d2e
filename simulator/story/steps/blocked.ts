/** What no program can repair is said, with what a person must do. */
import { vmId } from '../../estate/ids.ts';
import type { Claims } from '../step.ts';
import { RUN_MS, type Story } from '../story.ts';

export async function blocked(story: Story, claims: Claims): Promise<void> {
  const { stack } = story;
  const bare = stack.estate.vms.filter((vm) => vm.nics.length === 1).map((vm) => vm.name);
  const scope = bare.map((name) => vmId(stack.estate, name));
  const run = await stack.run({ scope, mode: 'apply' }, RUN_MS);
  story.take(run);
  claims.claim(bare.length > 0, 'the estate has no VM with one NIC');
  for (const name of bare) {
    const vm = run.vms.find((item) => item.vm === name);
    const finding = vm?.paths.flatMap((path) => path.findings).find((item) => item.code === 'NO_SECONDARY_NIC');
    claims.claim(vm?.result === 'blocked' && finding !== undefined, `${name} is not reported as blocked`);
    if (finding) claims.note(`${name} is blocked, ${finding.code}: ${finding.text}`);
  }
}
