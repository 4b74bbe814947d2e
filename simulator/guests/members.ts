/** VMs and mirror members by name, with refusals that say what there is. */
import type { Layout, LayoutGuest } from './layout.ts';

/** The guest of that name. Throws when there is none. */
export function findGuest(layout: Layout, vm: string): LayoutGuest {
  const guest = layout.guests.find((it) => it.vm === vm);
  if (!guest) throw new Error(`VM is ${JSON.stringify(vm)}: the estate has no such VM`);
  return guest;
}

/** A guest that programs can run in. Throws for a Windows VM, which has addresses and instances here and no more. */
export function linuxGuest(layout: Layout, vm: string): LayoutGuest {
  const guest = findGuest(layout, vm);
  if (guest.os === 'linux') return guest;
  throw new Error(
    `VM ${vm} runs Windows: the lab has its addresses and instances, but no guest that could run or connect`,
  );
}

/** The running members of a mirror but the one that becomes primary. Throws when that one is no running member. */
export function otherMembers(
  layout: Layout,
  isRunning: (vm: string) => boolean,
  mirror: string,
  primary: string | undefined,
): string[] {
  const members = layout.guests
    .filter((guest) => isRunning(guest.vm) && guest.instances.some((it) => it.mirror === mirror))
    .map((guest) => guest.vm);
  if (members.length === 0)
    throw new Error(`mirror is ${JSON.stringify(mirror)}: no running member has such an instance`);
  if (primary !== undefined && !members.includes(primary))
    throw new Error(`primary of ${mirror} is ${JSON.stringify(primary)}: running members are ${members.join(', ')}`);
  return members.filter((vm) => vm !== primary);
}
