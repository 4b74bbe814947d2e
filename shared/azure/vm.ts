/** Virtual machines: from Azure's JSON to this program's. Pure. */
import { GUEST_OSES } from '../model/guest.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { Power, Vm } from '../model/topology.ts';
import { type Item, itemsOf, type Notes } from './notes.ts';

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
export function mapVms(list: readonly unknown[], status: readonly unknown[], notes: Notes): Vm[] {
  const powers = new Map<IdKey, Power>();
  for (const item of itemsOf(status, 'list of VM status', notes)) powers.set(idKey(item.id), powerOf(item));
  return itemsOf(list, 'list of VMs', notes).map((item) => mapVm(item, powers.get(idKey(item.id)) ?? 'unknown'));
}

/** A VM has one of them. */
const OS_CONFIGURATIONS = ['linuxConfiguration', 'windowsConfiguration'] as const;

function mapVm(item: Item, power: Power): Vm {
  const properties = item.within('properties');
  const profile = properties.within('osProfile');
  const withoutAgent = OS_CONFIGURATIONS.some((name) => profile.within(name).isFalse('provisionVMAgent'));
  return {
    id: item.id,
    location: item.text('location') ?? '',
    os: properties.within('storageProfile').within('osDisk').word('osType', GUEST_OSES),
    power,
    nicIds: properties.within('networkProfile').references('networkInterfaces'),
    tags: item.tags(),
    ...defined({
      size: properties.within('hardwareProfile').text('vmSize'),
      scaleSetId: properties.reference('virtualMachineScaleSet'),
    }),
    ...(profile.isFalse('allowExtensionOperations') ? { extensionsForbidden: true } : {}),
    ...(withoutAgent ? { madeWithoutAgent: true } : {}),
  };
}

/** The power state among the instance view's statuses, `PowerState/running`. */
function powerOf(item: Item): Power {
  for (const status of item.within('properties').within('instanceView').objects('statuses')) {
    const power = /^PowerState\/(.*)$/i.exec(status.text('code') ?? '')?.[1];
    if (power !== undefined) return item.known('PowerState', power, POWERS);
  }
  return 'unknown';
}
