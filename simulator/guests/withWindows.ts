/** A lab whose Windows VMs are modelled machines that run the shipped script in a PowerShell engine. */
import type { Estate } from '../estate/estate.ts';
import type { GuestLab } from './lab.ts';
import { startWindowsGuests } from './windows/guests.ts';
import { wrapLab } from './wrap.ts';

/**
 * Takes over the estate's Windows VMs from a lab that only has their addresses and instances; a lab without any is
 * given back as it is. Stopped with it. Stops the lab and throws Error when no PowerShell engine can be had.
 */
export async function withWindows(lab: GuestLab, estate: Estate): Promise<GuestLab> {
  if (!estate.vms.some((vm) => vm.os === 'windows')) return lab;
  const primaries = new Map(estate.mirrors.map((mirror) => [mirror.name, mirror.primary]));
  const guests = await startWindowsGuests(estate, (mirror) => primaries.get(mirror)).catch(async (error: unknown) => {
    await lab.stop();
    throw error;
  });
  const isWindows = (vm: string): boolean => estate.vms.some((item) => item.name === vm && item.os === 'windows');
  return wrapLab(lab, {
    runScript: (vm, ...rest) => (isWindows(vm) ? guests.runScript(vm, rest[0], rest[1]) : lab.runScript(vm, ...rest)),
    connect: (vm, target) => (isWindows(vm) ? guests.connect(vm, target) : lab.connect(vm, target)),
    setPrimary: (mirror, vm) => {
      primaries.set(mirror, vm);
      return lab.setPrimary(mirror, vm);
    },
    reset: async () => {
      guests.reset();
      for (const mirror of estate.mirrors) primaries.set(mirror.name, mirror.primary);
      await lab.reset();
    },
    stop: async () => {
      await Promise.all([guests.stop(), lab.stop()]);
    },
  });
}
