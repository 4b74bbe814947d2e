/**
 * Runs, each as two entities of its partition: one under its id, by which a repeated signal finds it, and a copy under
 * its mark, by which the newest come first. Both are written by one transaction, so that neither is ever without the
 * other (learn.microsoft.com, "Azure storage table design patterns": intra-partition secondary index, log tail).
 */

import { isOpen, type RunRow } from '../model/rows.ts';
import { type RunFilter, type RunQuery, type RunRows, runMark, timeMark } from '../model/store.ts';
import { toEntity } from './entities.ts';
import { getRow, listRows, removeEntity, stateError, type Table } from './table.ts';
import { ROW_VERSION } from './upgrades.ts';

/** Copies sort behind all run ids, which are hex digits. */
const COPY = 't';

const FILTERS: Record<RunFilter | 'all', string> = {
  all: '',
  open: ' and open eq true',
  urgent: ` and open eq true and (state eq 'running' or signal eq 'manual')`,
  arrived: ` and open eq true and state eq 'accepted' and signal ne 'manual'`,
  outdated: ` and v lt ${ROW_VERSION}`,
};

/** The store's runs. A row that an older program wrote has no copy before it is written anew. */
export function tableRunRows(table: Table): RunRows {
  return {
    get: (partition, key) => getRow<RunRow>(table, partition, key),
    async list(partition, filter = 'all', options = {}) {
      const { odata } = await import('@azure/data-tables');
      const mine = odata`PartitionKey eq ${partition} and RowKey lt ${COPY}`;
      return listRows<RunRow>(table, mine + FILTERS[filter], options);
    },
    async put(partition, key, row, etag) {
      const columns = { id: row.runId, open: isOpen(row), state: row.state, signal: row.signal };
      const entity = toEntity(partition, key, row, columns);
      try {
        const answer = await (await table.client()).submitTransaction([
          etag === undefined ? ['create', entity] : ['update', entity, 'Replace', { etag }],
          ['upsert', { ...entity, rowKey: `${COPY}${runMark(row)}` }, 'Replace'],
        ]);
        return answer.subResponses[0]?.etag ?? '';
      } catch (error) {
        throw stateError(table, error);
      }
    },
    async page(partition, query, options = {}) {
      const { odata } = await import('@azure/data-tables');
      const filter =
        odata`PartitionKey eq ${partition}` + [...conditions(query)].map((text) => ` and ${text}`).join('');
      return (await listRows<RunRow>(table, filter, { ...options, limit: query.limit })).map(({ row }) => row);
    },
    // The copy last: it is what a run to be removed is found by.
    async remove(partition, key, { row, etag }) {
      await removeEntity(table, partition, key, etag);
      await removeEntity(table, partition, `${COPY}${runMark(row)}`, '*');
    },
  };
}

/** Only marks, times and words of ours: nothing in here needs quoting. */
function* conditions({ state, signal, after, since, before }: RunQuery): Generator<string> {
  yield after === undefined ? `RowKey ge '${COPY}'` : `RowKey gt '${COPY}${after}'`;
  yield since === undefined ? `RowKey lt 'u'` : `RowKey lt '${COPY}${timeMark(since)}~'`;
  if (before !== undefined) yield `RowKey gt '${COPY}${timeMark(before)}~'`;
  if (state !== undefined) yield `state eq '${state}'`;
  if (signal !== undefined) yield `signal eq '${signal}'`;
}
