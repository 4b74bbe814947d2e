/** The list of runs: pages over several subscriptions, filters, and the request for the next page. */
import test from 'ava';
import { acceptedRun, noCounts, type RunRow } from '../../shared/model/rows.ts';
import { runIdOf } from '../../shared/model/runId.ts';
import { readRunQuery } from '../../shared/requests/runQuery.ts';
import { type RunListQuery, type RunListView, readRunList } from '../../shared/views/runs.ts';
import { memoryStore } from '../helpers/memoryStore.ts';

const [ONE, TWO] = ['00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002'] as const;
const BOTH = [ONE, TWO];
const group = (subscription: string) => `/subscriptions/${subscription}/resourceGroups/hs`;
const vmId = (subscription: string, vm: string) =>
  `${group(subscription)}/providers/Microsoft.Compute/virtualMachines/${vm}`;

type Given = Partial<RunRow> & { name: string };
async function storeOf(rows: Given[]) {
  const store = memoryStore();
  for (const { name, ...row } of rows) {
    const subscriptionId = row.subscriptionId ?? ONE;
    const full: RunRow = {
      ...acceptedRun({
        subscriptionId,
        runId: runIdOf(name),
        signal: 'sweep',
        scope: [{ kind: 'subscription', id: `/subscriptions/${subscriptionId}` }],
        mode: 'apply',
        dryRun: false,
        observedAt: 0,
      }),
      state: 'settled',
      ...row,
    };
    await store.runs.put(subscriptionId, full.runId, full);
  }
  return store;
}

/** Follows `next` to the end. */
async function pagesOf(store: Awaited<ReturnType<typeof storeOf>>, query: RunListQuery): Promise<RunListView[]> {
  const pages: RunListView[] = [];
  for (let at: RunListQuery | undefined = query; at; ) {
    const page = await readRunList(store, BOTH, at);
    pages.push(page);
    if (pages.length > 100) throw new Error('it never ends');
    at = page.next === undefined ? undefined : readRunQuery(new URL(page.next, 'http://x').searchParams);
  }
  return pages;
}
const names = (pages: RunListView[], rows: Given[]) =>
  pages.map((page) => page.runs.map((run) => rows.find((row) => runIdOf(row.name) === run.runId)?.name).join(' '));

test('an empty list has no next page', async (t) => {
  t.deepEqual(await readRunList(memoryStore(), BOTH, { limit: 5 }), { runs: [] });
});

test('pages over two subscriptions: the newest first, each run once, none left out', async (t) => {
  const rows: Given[] = Array.from({ length: 23 }, (_, i) => ({
    name: `r${i}`,
    observedAt: 1000 - Math.floor(i / 2),
    subscriptionId: i % 3 === 0 ? TWO : ONE,
  }));
  const store = await storeOf(rows);
  for (const limit of [1, 4, 22, 23, 24, 100]) {
    const pages = await pagesOf(store, { limit });
    const runs = pages.flatMap((page) => page.runs);
    t.is(pages.length, Math.ceil(23 / limit), `limit ${limit}`);
    t.is(new Set(runs.map((run) => run.runId)).size, 23);
    t.deepEqual(
      runs.map((run) => run.acceptedAt),
      runs
        .map((run) => run.acceptedAt)
        .toSorted()
        .toReversed(),
    );
  }
});

test('a run over two subscriptions is one line, whichever of its rows fits the filter', async (t) => {
  const both: Given = { name: 'both', signal: 'manual', observedAt: 5 };
  const store = await storeOf([
    { ...both, subscriptionId: ONE, counts: { ...noCounts(), vms: 2, compliant: 2 }, settledAt: 6 },
    { ...both, subscriptionId: TWO, state: 'failed', settledAt: 7, reason: { code: 'DEAD_LETTER', text: 'x', at: 7 } },
    { name: 'other', observedAt: 4 },
  ]);
  for (const query of [{ limit: 1 }, { limit: 9, state: 'failed' as const }, { limit: 9, signal: 'manual' as const }]) {
    const { runs } = await readRunList(store, BOTH, query);
    t.is(runs.length, 1);
    t.like(runs[0], { state: 'failed', counts: { vms: 2 }, reason: { code: 'DEAD_LETTER', text: 'x' } });
    t.false('vms' in (runs[0] ?? {}), 'a summary');
  }
});

test('filters: by state, signal, time, and by what the run’s own scope names', async (t) => {
  const rows: Given[] = [
    { name: 'sweep', observedAt: 50 },
    { name: 'a', observedAt: 40, signal: 'manual', scope: [{ kind: 'vm', id: vmId(ONE, 'hs-a') }] },
    { name: 'b', observedAt: 30, signal: 'failover', scope: [{ kind: 'vm', id: vmId(ONE, 'HS-B') }], state: 'failed' },
    { name: 'c', observedAt: 20, subscriptionId: TWO, scope: [{ kind: 'resourceGroup', id: group(TWO) }] },
  ];
  const store = await storeOf(rows);
  const list = async (query: Omit<RunListQuery, 'limit'>) => names(await pagesOf(store, { ...query, limit: 9 }), rows);
  t.deepEqual(await list({ state: 'failed' }), ['b']);
  t.deepEqual(await list({ signal: 'manual' }), ['a']);
  t.deepEqual(await list({ since: 40 }), ['sweep a']);
  t.deepEqual(await list({ scope: vmId(ONE, 'hs-b') }), ['b'], 'in any letter case');
  t.deepEqual(await list({ scope: group(ONE) }), ['a b']);
  t.deepEqual(await list({ scope: `/subscriptions/${ONE}` }), ['sweep a b']);
  t.deepEqual(await list({ scope: vmId(ONE, 'hs') }), [''], 'no part of a name');
});

test('a scope that fits few runs: short pages with a next one, and in the end all of them', async (t) => {
  const rows: Given[] = Array.from({ length: 4500 }, (_, i) => ({
    name: `r${i}`,
    observedAt: 10_000 - i,
    ...(i % 1000 === 999 ? { scope: [{ kind: 'vm' as const, id: vmId(ONE, 'hs-a') }] } : {}),
  }));
  const pages = await pagesOf(await storeOf(rows), { scope: vmId(ONE, 'hs-a'), limit: 10 });
  t.deepEqual(names(pages, rows), ['r999 r1999', 'r2999 r3999', '']);
});

test('the request for the next page carries what was asked for', async (t) => {
  const store = await storeOf([
    { name: 'a', observedAt: 9000, state: 'failed' },
    { name: 'b', observedAt: 8000, state: 'failed' },
  ]);
  const { next } = await readRunList(store, BOTH, { state: 'failed', since: 5000, limit: 1 });
  const asked = readRunQuery(new URL(next ?? '', 'http://x').searchParams);
  t.like(asked, { state: 'failed', since: 5000, limit: 1 });
  t.truthy(asked.after);
});
