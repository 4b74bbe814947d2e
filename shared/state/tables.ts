/** The store in Azure Tables. Every update carries its ETag: data-tables 13 writes unconditionally unless told. */

import type { Store } from '../model/store.ts';
import { tableRequestRows } from './requestTable.ts';
import { tableRunRows } from './runTable.ts';
import type { StorageAccount } from './storage.ts';
import { table, tableRows } from './table.ts';

/** Table names, one per kind of row. */
export const TABLES = {
  runs: 'hairpinRuns',
  outcomes: 'hairpinOutcomes',
  vms: 'hairpinVms',
  frontends: 'hairpinFrontends',
  requests: 'hairpinRequests',
  news: 'hairpinNews',
  leases: 'hairpinLeases',
} as const;

/** The version of rows since which outcomes and VMs have the columns that they are filtered by. */
const COLUMNS_SINCE = 4;

/** Opens the store; the SDK is loaded and the tables are made at the first call of each. */
export function openTables(account: StorageAccount): Store {
  const open = (kind: keyof typeof TABLES) => table(account, kind, TABLES[kind]);
  return {
    runs: tableRunRows(open('runs')),
    outcomes: tableRows(open('outcomes'), ({ vmId, state }) => ({ id: vmId, open: state !== 'settled' }), {
      all: '',
      open: ` and (open eq true or v lt ${COLUMNS_SINCE})`,
    }),
    vms: tableRows(open('vms'), ({ vmId, command }) => ({ id: vmId, commanded: command !== undefined }), {
      all: '',
      commanded: ` and (commanded eq true or v lt ${COLUMNS_SINCE})`,
    }),
    frontends: tableRows(open('frontends'), (frontend) => ({ id: frontend.frontendId }), { all: '' }),
    requests: tableRequestRows(open('requests')),
    news: tableRows(open('news'), ({ subject, pending }) => ({ id: subject, pending: pending.length > 0 }), {
      all: '',
      pending: ' and pending eq true',
    }),
    leases: tableRows(open('leases'), (lease) => ({ id: lease.subscriptionId }), { all: '' }),
  };
}
