/** Virtual machines: from the SDK's models to this program's. Pure. */
import type { VirtualMachine } from '@azure/arm-compute';
import { GUEST_OSES } from '../model/guest.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { Power, Vm } from '../model/topology.ts';
import { idsOf, type Notes, withId } from './notes.ts';

const POWERS = [
  'running',
  'starting',
  'stopping',
  'stopped',
  'deallocating',
  'deallocated',
] as const satisfies readonly Power[];

/**
 * Joins the plain list with the one of run time status (`statusOnly=true`), which names the same VM in other letter
 * case. A VM that is in one list only was made or deleted between the two: without status its power is `unknown`.
 */
export function mapVms(list: readonly VirtualMachine[], status: readonly VirtualMachine[], notes: Notes): Vm[] {
  const powers = new Map<IdKey, Power>();
  for (const item of withId(status, 'list of VM status', notes))
    powers.set(idKey(item.id), powerOf(item, item.id, notes));
  return withId(list, 'list of VMs', notes).map((item) => mapVm(item, powers.get(idKey(item.id)) ?? 'unknown', notes));
}

function mapVm(item: VirtualMachine & { id: string }, power: Power, notes: Notes): Vm {
  const { id } = item;
  return {
    id,
    location: item.location ?? '',
    os: notes.word(id, 'osDisk.osType', item.storageProfile?.osDisk?.osType, GUEST_OSES),
    power,
    nicIds: idsOf(item.networkProfile?.networkInterfaces, id, notes),
    tags: item.tags ?? {},
    ...defined({
      size: item.hardwareProfile?.vmSize || undefined,
      scaleSetId: item.virtualMachineScaleSet?.id || undefined,
    }),
  };
}

/** The power state among the instance view's statuses, `PowerState/running`. */
function powerOf(item: VirtualMachine, id: string, notes: Notes): Power {
  const codes = (item.instanceView?.statuses ?? []).map((status) => /^PowerState\/(.*)$/i.exec(status.code ?? '')?.[1]);
  return notes.word(
    id,
    'PowerState',
    codes.find((code) => code !== undefined),
    POWERS,
  );
}
