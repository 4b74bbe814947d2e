/** The store in Azure Tables. Every update carries its ETag: data-tables 13 writes unconditionally unless told. */
import type { TableClient } from '@azure/data-tables';
import { StateError } from '../errors.ts';
import { type Columns, type Entity, fromEntity, toEntity } from './entities.ts';
import { isOpen } from './rows.ts';
import { type StorageAccount, storageCredential } from './storage.ts';
import type { Rows, Store, Versioned } from './store.ts';

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
  return {
    runs: tableRows(account, TABLES.runs, (run) => ({ id: run.runId, open: isOpen(run) })),
    outcomes: tableRows(account, TABLES.outcomes, (outcome) => ({ id: outcome.vmId })),
    vms: tableRows(account, TABLES.vms, (vm) => ({ id: vm.vmId })),
    frontends: tableRows(account, TABLES.frontends, (frontend) => ({ id: frontend.frontendId })),
    leases: tableRows(account, TABLES.leases, (lease) => ({ id: lease.subscriptionId })),
  };
}

function tableRows<T>(account: StorageAccount, name: string, columns: (row: T) => Columns): Rows<T> {
  let client: Promise<TableClient> | undefined;
  const table = () => {
    client ??= openTable(account, name).catch((error: unknown) => {
      client = undefined; // the next call tries again
      throw error;
    });
    return client;
  };
  const read = (entity: Entity, etag: string | undefined): Versioned<T> => ({
    row: fromEntity<T>(name, entity),
    etag: etag ?? '',
  });
  return {
    async get(partition, key) {
      try {
        const entity = await (await table()).getEntity<Entity>(partition, key);
        return read(entity as Entity, entity.etag);
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw stateError(name, error);
      }
    },
    async list(partition, filter) {
      const { odata } = await import('@azure/data-tables');
      const mine = odata`PartitionKey eq ${partition}`;
      const rows: Versioned<T>[] = [];
      try {
        const pages = (await table()).listEntities<Entity>({
          queryOptions: { filter: filter === 'open' ? `${mine} and open eq true` : mine },
        });
        for await (const entity of pages) rows.push(read(entity as Entity, entity.etag));
      } catch (error) {
        throw stateError(name, error);
      }
      return rows;
    },
    async put(partition, key, row, etag) {
      const entity = toEntity(partition, key, row, columns(row));
      try {
        const answer =
          etag === undefined
            ? await (await table()).createEntity(entity)
            : await (await table()).updateEntity(entity, 'Replace', { etag });
        return answer.etag ?? '';
      } catch (error) {
        throw stateError(name, error);
      }
    },
  };
}

async function openTable(account: StorageAccount, name: string): Promise<TableClient> {
  const { TableClient } = await import('@azure/data-tables');
  const client =
    account.kind === 'connectionString'
      ? // Azurite speaks http; a real account's connection string names https and is not changed by this.
        TableClient.fromConnectionString(account.connectionString, name, { allowInsecureConnection: true })
      : new TableClient(account.tableUrl, name, await storageCredential(account));
  await client.createTable();
  return client;
}

const statusOf = (error: unknown): number | undefined =>
  typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : undefined;

/** 409: created by another; 412: changed by another; 404: deleted by another. All mean: read it again. */
function stateError(table: string, error: unknown): StateError {
  if (error instanceof StateError) return error;
  const status = statusOf(error);
  const conflict = status === 409 || status === 412 || status === 404;
  const text = error instanceof Error ? error.message : String(error);
  return new StateError(conflict ? 'STATE_CONFLICT' : 'STATE_FAILED', `Table ${table}: ${text}`, { cause: error });
}
