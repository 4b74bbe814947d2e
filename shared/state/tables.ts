/** The store in Azure Tables. Every update carries its ETag: data-tables 13 writes unconditionally unless told. */

import type { Store } from '../model/store.ts';
import { tableRunRows } from './runTable.ts';
import type { StorageAccount } from './storage.ts';
import { table, tableRows } from './table.ts';

/** Table names, one per kind of row. */
export const TABLES = {
  runs: 'hairpinRuns',
  outcomes: 'hairpinOutcomes',
  vms: 'hairpinVms',
  frontends: 'hairpinFrontends',
  leases: 'hairpinLeases',
} as const;

/** Opens the store; the SDK is loaded and the tables are made at the first call of each. */
export function openTables(account: StorageAccount): Store {
  const open = (kind: keyof typeof TABLES) => table(account, kind, TABLES[kind]);
  return {
    runs: tableRunRows(open('runs')),
    outcomes: tableRows(open('outcomes'), (outcome) => ({ id: outcome.vmId })),
    vms: tableRows(open('vms'), (vm) => ({ id: vm.vmId })),
    frontends: tableRows(open('frontends'), (frontend) => ({ id: frontend.frontendId })),
    leases: tableRows(open('leases'), (lease) => ({ id: lease.subscriptionId })),
  };
}
