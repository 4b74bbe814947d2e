/**
 * The state at scale: 1,000 VM rows and 10,000 run rows, with outcomes, in Azurite. Azurite is one process that keeps
 * its tables in memory and looks through all of a table for most filters; Azure keeps rows by partition and key, and
 * answers over a network. So a figure tells how the work grows, not how long Azure takes.
 */
import { decide } from '../shared/decide/decide.ts';
import type { Observed } from '../shared/decide/pass.ts';
import { survey } from '../shared/evaluate/survey.ts';
import { inBatches } from '../shared/model/batches.ts';
import { dayOf, type HistoryRow } from '../shared/model/history.ts';
import { acceptedRun, type OutcomeRow, type RunRow, type VmRow } from '../shared/model/rows.ts';
import { runIdOf } from '../shared/model/runId.ts';
import { rowKey, type Store } from '../shared/model/store.ts';
import { takeLease } from '../shared/reconcile/lease.ts';
import { observe } from '../shared/reconcile/observe.ts';
import { TIDY_BATCH, tidy } from '../shared/reconcile/tidy.ts';
import { readRunView } from '../shared/views/run.ts';
import { readRunList } from '../shared/views/runs.ts';
import { HOUR_MS, NOW, numbers, pairs, SETTINGS, SUBSCRIPTION, vmId } from './estate.ts';
import { type BenchRow, medianTime, row } from './rows.ts';
import { ScriptedAzure } from './scale/azure.ts';
import { withStore } from './store.ts';

const VMS = 1000;
const RUNS = 10_000;
const OUTCOMES = 2;
const OPEN = 1000;

export const bench = (): Promise<BenchRow[]> => withStore(measure);

async function measure(store: Store): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const time = async (what: string, work: () => Promise<string>, times = 10): Promise<void> => {
    const { ms, answer } = await medianTime(times, work);
    rows.push(row(`${what} (${answer})`, ms, 'ms'));
  };
  const list = async (query: object): Promise<string> => {
    const { runs, next } = await readRunList(store, [SUBSCRIPTION], { limit: 50, ...query });
    return `${runs.length} runs${next ? ', more follow' : ''}`;
  };

  await time('1,000 VMs with 2 rows and 10,000 runs with 2 outcomes each written', () => fill(store), 1);
  await time('list: the newest 50 runs', () => list({}));
  await time('list: 50 runs in the middle', () => list({ before: NOW - 5000 * 60_000 }));
  await time('list: the newest 50 that failed (1 in 100)', () => list({ state: 'failed' }));
  await time('list: all that failed, 1 page of 200', () => list({ state: 'failed', limit: 200 }));
  await time('list: by a VM that 1 run in 1,000 names', () => list({ scope: vmId(7), limit: 10 }), 3);
  await time('one run with its outcomes', async () => {
    const run = await readRunView(store, [SUBSCRIPTION], idOf(5));
    return `${run?.vms.length} VMs`;
  });
  await time('what compliance reads: 1,000 VMs, and since when their 3 paths each stand so', async () => {
    const [vms, standing] = await Promise.all([store.vms.list(SUBSCRIPTION), store.history.list(SUBSCRIPTION)]);
    return `${vms.length + standing.length} rows`;
  });
  await time('the loop reads: 1 open run among 10,000', () => readAll(store));
  await openRuns(store, OPEN);
  await time(`the loop reads: ${OPEN} open runs among 10,000, with their outcomes`, () => readAll(store), 3);
  const seen = await look(store);
  await time(`the loop decides over ${OPEN} open runs`, () => decideOnce(seen), 3);
  await time(`a batch of ${TIDY_BATCH} old runs removed`, () => removeBatch(store), 3);
  return rows;
}

const idOf = (i: number): string => runIdOf('bench', String(i));

const runOf = (i: number, more: Partial<RunRow> = {}): RunRow => ({
  ...acceptedRun({
    subscriptionId: SUBSCRIPTION,
    runId: idOf(i),
    signal: i % 10 === 0 ? 'sweep' : 'resourceChange',
    scope: [{ kind: 'vm', id: vmId(i % VMS) }],
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
  vmId: vmId(vm % VMS),
  state: 'settled',
  result: 'compliant',
  findings: [],
  paths: [],
  changed: 0,
  warnings: [],
  ...more,
});

const standing = (vm: string): HistoryRow => ({
  vmId: vm,
  day: dayOf(NOW),
  paths: numbers(3).map((i) => ({
    frontendId: `${vm}/frontendIPConfigurations/mirror-${i}`,
    vip: `10.0.1.${i}`,
    now: { exposure: 'latent', verdict: 'compliant', proof: 'remote', provedAt: NOW, since: NOW, held: NOW },
    spans: [],
  })),
});

async function fill(store: Store): Promise<string> {
  // The tables are made by the first call of each.
  await Promise.all(
    [store.runs, store.outcomes, store.vms, store.frontends, store.leases, store.history].map((rows) => rows.list('x')),
  );
  await inBatches(numbers(VMS), 32, async (i) => {
    const vm: VmRow = {
      vmId: vmId(i),
      location: 'westeurope',
      os: 'linux',
      seq: 1,
      slot: 'A',
      proofs: { '10.0.1.100': { kind: 'self', at: NOW } },
      findings: [],
    };
    await store.vms.put(SUBSCRIPTION, rowKey(vm.vmId), vm);
    await store.history.put(SUBSCRIPTION, rowKey(vm.vmId), standing(vm.vmId));
  });
  await inBatches(numbers(RUNS), 32, async (i) => {
    const accepted = runOf(i, i === 0 ? { state: 'running' } : {});
    await store.runs.put(SUBSCRIPTION, accepted.runId, accepted);
    for (let n = 0; n < OUTCOMES; n += 1) {
      const of = outcome(i, i + n);
      await store.outcomes.put(of.runId, rowKey(of.vmId), of);
    }
  });
  return `${2 * VMS + RUNS * (1 + OUTCOMES)} rows`;
}

/** Opens the newest runs again, each with one outcome that waits. */
async function openRuns(store: Store, count: number): Promise<void> {
  await inBatches(numbers(count), 32, async (i) => {
    const found = await store.runs.get(SUBSCRIPTION, idOf(i));
    await store.runs.put(SUBSCRIPTION, idOf(i), runOf(i, { state: 'running' }), found?.etag);
    const of = outcome(i, i, { state: 'waiting', waitingFor: 'VM_BUSY', notBefore: NOW + HOUR_MS });
    delete of.result;
    await store.outcomes.put(
      of.runId,
      rowKey(of.vmId),
      of,
      (await store.outcomes.get(of.runId, rowKey(of.vmId)))?.etag,
    );
  });
}

/** What a pass reads from the store; Azure is a script in memory, and its estate is empty. */
async function look(store: Store): Promise<Observed> {
  const readers = { ...new ScriptedAzure(0, 0, () => NOW).ports(), store, clock: { now: () => NOW } };
  return (await observe(readers, SUBSCRIPTION, { healthAsks: [] }, new Map(), SETTINGS)).seen;
}

async function readAll(store: Store): Promise<string> {
  const { runs, outcomes, vms } = await look(store);
  return `${runs.length} runs, ${outcomes.length} outcomes, ${vms.length} VMs`;
}

async function decideOnce(seen: Observed): Promise<string> {
  const { writes } = decide({ ...seen, survey: survey(pairs(0), SETTINGS.scope) }, SETTINGS);
  return `${writes.length} writes`;
}

async function removeBatch(store: Store): Promise<string> {
  const clock = { now: () => NOW };
  const lease = await takeLease(store.leases, SUBSCRIPTION, `bench-${process.hrtime.bigint()}`, clock);
  if (!lease) throw new Error('somebody else holds the lease');
  await lease.renew({ tidyAt: 0 });
  let removed: unknown;
  const ports = {
    store,
    clock,
    log: (_step: string, fields: { removed?: unknown }) => {
      removed = fields.removed;
    },
  };
  await tidy(lease, ports, { ...SETTINGS, runAgeMs: 5 * 24 * HOUR_MS });
  await lease.release(() => undefined);
  return `${removed} runs, ${Number(removed) * OUTCOMES} outcomes`;
}
