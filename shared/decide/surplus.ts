/**
 * Intents that came in beside others. A loop that stood still past its lease may write one after the next loop wrote its
 * own: together they could change two members of a mirror, or be more than may run. Pure.
 */
import { compareText } from '../model/address.ts';
import { type CommandRow, hasPlace } from '../model/rows.ts';
import type { Pass } from './pass.ts';

/**
 * Ids of the VMs whose intent is to be taken back: what was sent comes first, then intents in the order of their times, as
 * far as there is a place and no other member of their mirrors is changed.
 */
export function surplusIntents({ vms, settings }: Pass): Set<string> {
  const taken = new Set<string>();
  const intents: { vmId: string; command: Readonly<CommandRow> }[] = [];
  let places = settings.maxCommands;
  for (const { vmId, command } of vms.readAll()) {
    if (!command) continue;
    if (command.phase === 'intended') {
      intents.push({ vmId, command });
      continue;
    }
    if (command.mode !== 'check') for (const vip of command.vips) taken.add(vip);
    if (hasPlace(command)) places -= 1;
  }
  const surplus = new Set<string>();
  intents.sort((a, b) => a.command.intendedAt - b.command.intendedAt || compareText(a.vmId, b.vmId));
  for (const { vmId, command } of intents) {
    const isChange = command.mode !== 'check';
    if (places <= 0 || (isChange && command.vips.some((vip) => taken.has(vip)))) {
      surplus.add(vmId);
      continue;
    }
    places -= 1;
    if (isChange) for (const vip of command.vips) taken.add(vip);
  }
  return surplus;
}
