/** The list of runs, newest first: a page of summaries, and where the next one begins. */
import type { ListFormat } from '../model/formats.ts';
import { isWithin } from '../model/ids.ts';
import { iso } from '../model/iso.ts';
import { defined } from '../model/optional.ts';
import type { RunRow } from '../model/rows.ts';
import { type RunQuery, runMark, type Store, type UnreadableRow } from '../model/store.ts';
import { type CodeView, type RunSummary, readRunRows, runSummary, unreadableView } from './run.ts';

export interface RunListView {
  runs: RunSummary[];
  /** The request for older runs; not there when there are none. A page may be short and still have one. */
  next?: string;
  /** Messages that the app could not read and that wait in the poison queue; not there when there are none. */
  unreadableMessages?: number;
  /** Rows of runs that cannot be read, and why; not there when there are none. */
  unreadable?: CodeView[];
}

/** Which runs: those of the store's query, narrowed to runs whose own scope names a resource or something in it. */
export interface RunListQuery extends RunQuery {
  scope?: string;
  /** What they are shown as: `next` asks for the same. */
  format?: ListFormat;
}

/** Rows looked at for one page when few of them fit the scope. */
const MOST_LOOKED_AT = 2000;
const LOOK = 200;

/** Reads one page over all subscriptions. */
export async function readRunList(
  store: Pick<Store, 'runs'>,
  subscriptionIds: readonly string[],
  query: RunListQuery,
): Promise<RunListView> {
  const { scope, limit } = query;
  const found: RunRow[] = [];
  const unread = new Map<string, CodeView>();
  let after = query.after;
  let isMore = true;
  for (let looked = 0; isMore && found.length < limit && looked < MOST_LOOKED_AT; ) {
    const page = await nextRuns(
      store,
      subscriptionIds,
      {
        ...query,
        ...defined({ after }),
        limit: scope === undefined ? limit : LOOK,
      },
      (row) => unread.set(row.where, unreadableView(row)),
    );
    isMore = page.isMore;
    looked += page.runs.length;
    for (const [index, rows] of page.runs.entries()) {
      const first = rows[0] as RunRow;
      after = runMark(first);
      if (scope !== undefined && !rows.some((run) => run.scope.some((item) => isWithin(item.id, scope)))) continue;
      found.push(first);
      if (found.length < limit) continue;
      isMore ||= index < page.runs.length - 1;
      break;
    }
  }
  const runs = await Promise.all(found.map(async (run) => runSummary(await allRows(store, subscriptionIds, run))));
  const next = isMore && after !== undefined ? requestFor({ ...query, after }) : undefined;
  const unreadable = unread.size > 0 ? [...unread.values()] : undefined;
  return { runs, ...defined({ next, unreadable }) };
}

/** The next runs of all subscriptions, each with those of its rows that fit: marks order them alike everywhere. */
async function nextRuns(
  { runs }: Pick<Store, 'runs'>,
  subscriptionIds: readonly string[],
  { scope: _scope, format: _format, ...query }: RunListQuery,
  unreadable: (row: UnreadableRow) => void,
): Promise<{ runs: RunRow[][]; isMore: boolean }> {
  const pages = await Promise.all(
    subscriptionIds.map((id) => runs.page(id, { ...query, limit: query.limit + 1 }, { unreadable })),
  );
  const rows = pages.flat().toSorted((a, b) => (runMark(a) < runMark(b) ? -1 : 1));
  const groups = [...Map.groupBy(rows, runMark).values()];
  return { runs: groups.slice(0, query.limit), isMore: groups.length > query.limit };
}

/** Only a manual run may cover several subscriptions, and not all of its rows need fit the query. */
async function allRows(store: Pick<Store, 'runs'>, subscriptionIds: readonly string[], run: RunRow): Promise<RunRow[]> {
  if (run.signal !== 'manual' || subscriptionIds.length === 1) return [run];
  const rows = await readRunRows(store, subscriptionIds, run.runId);
  return rows.length === 0 ? [run] : rows;
}

function requestFor({ since, limit, ...words }: RunListQuery): string {
  const parameters = new URLSearchParams({ ...(words as Record<string, string>), limit: String(limit) });
  if (since !== undefined) parameters.set('since', iso(since));
  return `/api/runs?${parameters}`;
}
