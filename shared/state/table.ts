/** One Azure table, and rows of one kind in it. */
import type { TableClient } from '@azure/data-tables';
import { StateError } from '../errors.ts';
import type { ListOptions, PassingRows, Versioned } from '../model/store.ts';
import { type Columns, type Entity, fromEntity, toEntity, whereIs } from './entities.ts';
import { type StorageAccount, storageCredential } from './storage.ts';
import type { RowKind } from './upgrades.ts';

export interface Table {
  kind: RowKind;
  name: string;
  /** Opened, and made, at the first call. */
  client(): Promise<TableClient>;
  /** Opens, and makes, it anew at the next call: somebody deleted it under us. */
  reopen(): void;
}

/** A table of one kind of row. The SDK is loaded, and the table made, at the first call of `client()`. */
export function table(account: StorageAccount, kind: RowKind, name: string): Table {
  let client: Promise<TableClient> | undefined;
  return {
    kind,
    name,
    client() {
      client ??= openTable(account, name).catch((error: unknown) => {
        client = undefined; // the next call tries again
        throw error;
      });
      return client;
    },
    reopen() {
      client = undefined;
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

/** Rows of one kind, one entity each. `filters` are what may be listed besides all of them. */
export function tableRows<T, F extends string = never>(
  table: Table,
  columns: (row: T) => Columns,
  filters: Record<F | 'all', string>,
): PassingRows<T, F> {
  return {
    get: (partition, key) => getRow<T>(table, partition, key),
    async list(partition, filter = 'all', options = {}) {
      const { odata } = await import('@azure/data-tables');
      return listRows<T>(table, odata`PartitionKey eq ${partition}` + filters[filter], options);
    },
    async put(partition, key, row, etag) {
      const entity = toEntity(partition, key, row, columns(row));
      try {
        const client = await table.client();
        const answer =
          etag === undefined
            ? await client.createEntity(entity)
            : await client.updateEntity(entity, 'Replace', { etag });
        return answer.etag ?? '';
      } catch (error) {
        throw stateError(table, error);
      }
    },
    remove: (partition, key, { etag }) => removeEntity(table, partition, key, etag),
  };
}

/** One row; undefined when it is not there. */
export async function getRow<T>(table: Table, partition: string, key: string): Promise<Versioned<T> | undefined> {
  try {
    const entity = await (await table.client()).getEntity<Entity>(partition, key);
    return read(table, entity as Entity & { etag: string });
  } catch (error) {
    if (statusOf(error) === 404 && !isTableGone(error)) return undefined;
    throw stateError(table, error);
  }
}

/** The rows that a filter lets through, in the order of their keys. */
export async function listRows<T>(
  table: Table,
  filter: string,
  { limit = Infinity, unreadable }: ListOptions = {},
): Promise<Versioned<T>[]> {
  const rows: Versioned<T>[] = [];
  const take = (entity: Entity & { etag: string }) => {
    try {
      rows.push(read(table, entity));
    } catch (error) {
      if (!unreadable || !(error instanceof StateError)) throw error;
      unreadable({ key: entity.rowKey, where: whereIs(table, entity), error });
    }
  };
  try {
    // 1,000 is the most that Azure answers with at once.
    const pages = (await table.client())
      .listEntities<Entity>({ queryOptions: { filter } })
      .byPage({ maxPageSize: Math.min(limit, 1000) });
    for await (const page of pages) {
      for (const entity of page) take(entity as Entity & { etag: string });
      if (rows.length >= limit) break;
    }
  } catch (error) {
    throw stateError(table, error);
  }
  return rows.length > limit ? rows.slice(0, limit) : rows;
}

/** Takes an entity away. One that is gone is no error. */
export async function removeEntity(table: Table, partition: string, key: string, etag: string): Promise<void> {
  try {
    await (await table.client()).deleteEntity(partition, key, { etag });
  } catch (error) {
    if (statusOf(error) !== 404 || isTableGone(error)) throw stateError(table, error);
  }
}

const read = <T>(table: Table, entity: Entity & { etag: string }): Versioned<T> => ({
  row: fromEntity<T>(table, entity),
  etag: entity.etag,
});

const statusOf = (error: unknown): number | undefined =>
  typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : undefined;

/**
 * A table that is not there, or not yet again: Azure takes half a minute and more to delete one (learn.microsoft.com,
 * "Delete Table"; "Table Storage error codes"). Which field holds the code depends on the kind of call.
 */
const isTableGone = (error: unknown): boolean =>
  error instanceof Error &&
  /\b(TableNotFound|TableBeingDeleted)\b/.test(`${'code' in error ? error.code : ''} ${error.message}`);

/** A row that no table takes (learn.microsoft.com, "Table Storage error codes"). */
const isTooLarge = (status: number | undefined, text: string): boolean =>
  status === 413 || /\b(EntityTooLarge|PropertyValueTooLarge|RequestBodyTooLarge)\b/.test(text);

/**
 * 409: created by another; 412: changed by another; 404: deleted by another. All mean: read it again. A table that is
 * gone has the same numbers, and must not pass for a row that is there.
 */
export function stateError(table: Pick<Table, 'name' | 'reopen'>, error: unknown): StateError {
  if (error instanceof StateError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (isTableGone(error)) {
    table.reopen();
    return new StateError('STATE_FAILED', `Table ${table.name} was deleted. It is made anew.`, { cause: error });
  }
  const status = statusOf(error);
  if (isTooLarge(status, text))
    return new StateError('STATE_ROW_TOO_LARGE', `Table ${table.name}: ${text}`, { cause: error });
  const conflict = status === 409 || status === 412 || status === 404;
  return new StateError(conflict ? 'STATE_CONFLICT' : 'STATE_FAILED', `Table ${table.name}: ${text}`, { cause: error });
}
