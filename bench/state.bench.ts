/**
 * The state at scale: 1,000 VM rows and 10,000 run rows, with outcomes, in Azurite. Azurite is one process that keeps
 * its tables in memory and looks through all of a table for most filters; Azure keeps rows by partition and key, and
 * answers over a network. So a figure tells how the work grows, not how long Azure takes.
 */
import { performance } from 'node:perf_hooks';
import { decide } from '../shared/decide/decide.ts';
import { survey } from '../shared/evaluate/survey.ts';
import { acceptedRun, type OutcomeRow, type RunRow, type VmRow } from '../shared/model/rows.ts';
import { runIdOf } from '../shared/model/runId.ts';
import { rowKey, type Store } from '../shared/model/store.ts';
import { inBatches } from '../shared/reconcile/batches.ts';
import { takeLease } from '../shared/reconcile/lease.ts';
import { observe } from '../shared/reconcile/observe.ts';
import { TIDY_BATCH, tidy } from '../shared/reconcile/tidy.ts';
import { openTables } from '../shared/state/tables.ts';
import { readRunView } from '../shared/views/run.ts';
import { readRunList } from '../shared/views/runs.ts';
import { startAzurite } from '../simulator/storage/azurite.ts';
import { SETTINGS, SUBSCRIPTION, vmId, World } from '../test/helpers/world.ts';
import type { Figure } from './main.ts';

const VMS = 1000;
const RUNS = 10_000;
const OUTCOMES = 2;
const OPEN = 1000;
const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 5, 10);

export async function bench(): Promise<Figure[]> {
  const azurite = await startAzurite();
  try {
    return await measure(openTables({ kind: 'connectionString', connectionString: azurite.connectionString }));
  } finally {
    await azurite.stop();
  }
}

async function measure(store: Store): Promise<Figure[]> {
  const figures: Figure[] = [];
  const time = async (what: string, work: () => Promise<string>, times = 10): Promise<void> => {
    const took: number[] = [];
    let answer = '';
    for (let i = 0; i < times; i += 1) {
      const began = performance.now();
      answer = await work();
      took.push(performance.now() - began);
    }
    const median = took.sort((a, b) => a - b)[took.length >> 1] ?? 0;
    figures.push({ what, value: `${median.toFixed(0)} ms (${answer})` });
  };
  const list = async (query: object): Promise<string> => {
    const { runs, next } = await readRunList(store, [SUBSCRIPTION], { limit: 50, ...query });
    return `${runs.length} runs${next ? ', more follow' : ''}`;
  };

  await time('1,000 VM rows and 10,000 runs with 2 outcomes each written', () => fill(store), 1);
  await time('list: the newest 50 runs', () => list({}));
  await time('list: 50 runs in the middle', () => list({ before: NOW - 5000 * 60_000 }));
  await time('list: the newest 50 that failed (1 in 100)', () => list({ state: 'failed' }));
  await time('list: all that failed, 1 page of 200', () => list({ state: 'failed', limit: 200 }));
  await time('list: by a VM that 1 run in 1,000 names', () => list({ scope: vmId('vm7'), limit: 10 }), 3);
  await time('one run with its outcomes', async () => {
    const run = await readRunView(store, [SUBSCRIPTION], idOf(5));
    return `${run?.vms.length} VMs`;
  });
  await time('the loop reads: 1 open run among 10,000', () => readAll(store));
  await openRuns(store, OPEN);
  await time(`the loop reads: ${OPEN} open runs among 10,000, with their outcomes`, () => readAll(store), 3);
  await time(`the loop decides over ${OPEN} open runs`, () => decideOnce(store), 3);
  await time(`a batch of ${TIDY_BATCH} old runs removed`, () => removeBatch(store), 3);
  return figures;
}

const idOf = (i: number): string => runIdOf('bench', String(i));

const run = (i: number, more: Partial<RunRow> = {}): RunRow => ({
  ...acceptedRun({
    subscriptionId: SUBSCRIPTION,
    runId: idOf(i),
    signal: i % 10 === 0 ? 'sweep' : 'resourceChange',
    scope: [{ kind: 'vm', id: vmId(`vm${i % VMS}`) }],
    mode: 'apply',
    dryRun: false,
    observedAt: NOW - i * 60_000,
  }),
  state: i % 100 === 99 ? 'failed' : 'settled',
  settledAt: NOW - i * 60_000 + 30_000,
  ...more,
});

const outcome = (i: number, vm: number, more: Partial<OutcomeRow> = {}): OutcomeRow => ({
  runId: idOf(i),
  vmId: vmId(`vm${vm % VMS}`),
  state: 'settled',
  result: 'compliant',
  findings: [],
  paths: [],
  changed: 0,
  warnings: [],
  ...more,
});

async function fill(store: Store): Promise<string> {
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  // The tables are made by the first call of each.
  await Promise.all(
    [store.runs, store.outcomes, store.vms, store.frontends, store.leases].map((rows) => rows.list('x')),
  );
  await inBatches(numbers(VMS), 32, async (i) => {
    const row: VmRow = {
      vmId: vmId(`vm${i}`),
      location: 'westeurope',
      os: 'linux',
      seq: 1,
      slot: 'A',
      proofs: { '10.0.1.100': { kind: 'self', at: NOW } },
      findings: [],
    };
    await store.vms.put(SUBSCRIPTION, rowKey(row.vmId), row);
  });
  await inBatches(numbers(RUNS), 32, async (i) => {
    const row = run(i, i === 0 ? { state: 'running' } : {});
    await store.runs.put(SUBSCRIPTION, row.runId, row);
    for (let n = 0; n < OUTCOMES; n += 1) {
      const of = outcome(i, i + n);
      await store.outcomes.put(row.runId, rowKey(of.vmId), of);
    }
  });
  return `${VMS + RUNS * (1 + OUTCOMES)} rows`;
}

/** Opens the newest runs again, each with one outcome that waits. */
async function openRuns(store: Store, count: number): Promise<void> {
  await inBatches(
    Array.from({ length: count }, (_, i) => i),
    32,
    async (i) => {
      const found = await store.runs.get(SUBSCRIPTION, idOf(i));
      await store.runs.put(SUBSCRIPTION, idOf(i), run(i, { state: 'running' }), found?.etag);
      const of = outcome(i, i, { state: 'waiting', waitingFor: 'VM_BUSY', notBefore: NOW + HOUR });
      delete of.result;
      await store.outcomes.put(
        of.runId,
        rowKey(of.vmId),
        of,
        (await store.outcomes.get(of.runId, rowKey(of.vmId)))?.etag,
      );
    },
  );
}

/** What a pass reads from the store; Azure's part is a world in memory. */
async function look(store: Store) {
  const world = new World([], []);
  world.now = NOW;
  const { seen } = await observe({ ...world.ports(), store }, SUBSCRIPTION, { healthAsks: [] }, new Map(), SETTINGS);
  return { world, observed: seen };
}

async function readAll(store: Store): Promise<string> {
  const { observed } = await look(store);
  return `${observed.runs.length} runs, ${observed.outcomes.length} outcomes, ${observed.vms.length} VMs`;
}

let lastLook: Awaited<ReturnType<typeof look>> | undefined;
async function decideOnce(store: Store): Promise<string> {
  lastLook ??= await look(store);
  const { observed, world } = lastLook;
  const { writes } = decide({ ...observed, survey: survey(world.topology(), SETTINGS.scope) }, SETTINGS);
  return `${writes.length} writes`;
}

async function removeBatch(store: Store): Promise<string> {
  const clock = { now: () => NOW };
  const lease = await takeLease(store.leases, SUBSCRIPTION, `bench-${performance.now()}`, clock);
  if (!lease) throw new Error('somebody else holds the lease');
  await lease.renew({ tidyAt: 0 });
  let removed: unknown;
  const broom = {
    store,
    clock,
    log: (_level: string, _step: string, fields: Record<string, unknown>) => {
      removed = fields.removed;
    },
  };
  await tidy(lease, broom, { ...SETTINGS, runAgeMs: 5 * 24 * HOUR });
  await lease.release(() => undefined);
  return `${removed} runs, ${Number(removed) * OUTCOMES} outcomes`;
}
