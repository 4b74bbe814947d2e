/**
 * Intents that came in beside others. A loop that stood still past its lease may write one after the next loop wrote its
 * own: together they could change two members of a mirror, or be more than may run. Pure.
 */
import { compareText } from '../model/address.ts';
import type { CommandRow } from '../model/rows.ts';
import type { Pass } from './pass.ts';
import { emptyRoom, isTaken, occupied, occupy } from './room.ts';

/**
 * Ids of the VMs whose intent is to be taken back: what was sent comes first, then intents in the order of their times, as
 * far as there is a place and no other member of their mirrors is changed.
 */
export function surplusIntents({ vms, settings, now }: Pass): Set<string> {
  const room = emptyRoom(settings.maxCommands);
  const intents: { vmId: string; command: Readonly<CommandRow> }[] = [];
  for (const { vmId, command } of vms.readAll()) {
    if (command?.phase === 'intended') intents.push({ vmId, command });
    else if (command) occupied(room, command, now);
  }
  const surplus = new Set<string>();
  intents.sort((a, b) => a.command.intendedAt - b.command.intendedAt || compareText(a.vmId, b.vmId));
  for (const { vmId, command } of intents) {
    if (room.places <= 0 || isTaken(room, command)) surplus.add(vmId);
    else occupy(room, command);
  }
  return surplus;
}
