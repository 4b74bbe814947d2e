/** VMs that were away: what was seen in a guest before its machine stopped or its agent fell silent is no proof. Pure. */
import type { Survey } from '../evaluate/survey.ts';
import { idKey } from '../model/ids.ts';
import type { GuestLook } from '../model/path.ts';
import type { VmRow } from '../model/rows.ts';
import type { Power } from '../model/topology.ts';
import type { Pass } from './pass.ts';

/** Not `unknown`: a list that tells no power state says nothing of the VM. */
const AWAY: ReadonlySet<Power> = new Set(['starting', 'stopping', 'stopped', 'deallocating', 'deallocated']);

/** Notes on VMs' rows that they are away now, where something was seen in the guest since they last were. */
export function noteAway(pass: Pass, survey: Survey): void {
  for (const vm of pass.vms.readAll()) {
    if (!seenLook(vm) || !AWAY.has(survey.vms.get(idKey(vm.vmId))?.power ?? 'unknown')) continue;
    const row = pass.vms.get(idKey(vm.vmId));
    if (row) row.awayAt = pass.now;
  }
}

/** The last look into a VM's guest, unless the VM was away since. */
export const seenLook = ({ look, awayAt = 0 }: Readonly<VmRow>): GuestLook | undefined =>
  look && look.at > awayAt ? look : undefined;
