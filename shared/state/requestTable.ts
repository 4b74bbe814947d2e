/** Requests with a key, each under the key's hash. */
import type { RequestRow } from '../model/rows.ts';
import { REQUESTS, type RequestRows, timeMark } from '../model/store.ts';
import { listRows, type Table, tableRows } from './table.ts';

/** The store's requests. */
export function tableRequestRows(table: Table): RequestRows {
  return {
    ...tableRows<RequestRow>(table, ({ runId, at }) => ({ id: runId, mark: timeMark(at) }), { all: '' }),
    // The earlier, the greater its mark.
    before: (time, limit, options = {}) =>
      listRows(table, `PartitionKey eq '${REQUESTS}' and mark gt '${timeMark(time)}'`, { ...options, limit }),
  };
}
