/**
 * Whole passes of the loop over Azurite while one command runs and the rest of its run waits for it: lease, reads, decide,
 * writes. Counted are the calls to tables and all bytes of their connections, headers included; the bell is none of them.
 */

import { survey } from '../../shared/evaluate/survey.ts';
import { inBatches } from '../../shared/model/batches.ts';
import { idKey } from '../../shared/model/ids.ts';
import { bellMessage } from '../../shared/model/messages.ts';
import type { OutcomeRow } from '../../shared/model/rows.ts';
import { runIdOf } from '../../shared/model/runId.ts';
import { rowKey, type Store } from '../../shared/model/store.ts';
import { reconcile } from '../../shared/reconcile/loop.ts';
import { openTables } from '../../shared/state/tables.ts';
import { startAzurite } from '../../simulator/storage/azurite.ts';
import { type Traffic, trafficOf } from '../../simulator/storage/traffic.ts';
import { NOW, numbers, pairs, SETTINGS, SUBSCRIPTION, vmId } from '../estate.ts';
import { type BenchRow, cpuMs, median, row } from '../rows.ts';
import { ScriptedAzure } from './azure.ts';
import { commanded, knownFrontends, knownVm, runningView, sweepRun, waiting, withCommand } from './known.ts';

const SIZES = [1000, 10_000] as const;
const SETTLED = 2000;
const ROUNDS = 5;
/** Outcomes that wait for the one command. */
const WAITING = 20;
/** Times and ETags are not always of one length. */
const SLACK = 1.02;

/** One command at a time, so that one that runs is what all others wait for. */
const settings = { ...SETTINGS, maxCommands: 1 };
const run = sweepRun('open', { state: 'running', startedAt: NOW - 60_000 });

interface Measured extends Traffic {
  cpu: number;
}

export async function passes(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const measured: Measured[] = [];
  const add = (what: string, figures: Measured) => {
    measured.push(figures);
    rows.push(row(`a pass, nothing due, ${what}: calls to tables`, figures.calls, 'calls'));
    rows.push(row(`a pass, nothing due, ${what}: bytes`, figures.bytes, 'bytes'));
    rows.push(row(`a pass, nothing due, ${what}: processor time without Azurite's`, figures.cpu, 'ms'));
  };
  for (const vms of SIZES) {
    const azurite = await startAzurite();
    try {
      const store = openTables({ kind: 'connectionString', connectionString: azurite.connectionString });
      const pass = quietPass(store, vms, azurite.tableUrl);
      await fill(store, vms);
      const size = `${vms.toLocaleString('en')} VM rows`;
      add(size, await medianOf(pass));
      if (vms !== SIZES[0]) continue;
      await fillSettled(store);
      add(
        `${size}, ${SETTLED.toLocaleString('en')} settled runs and as many outcomes in the open one`,
        await medianOf(pass),
      );
    } finally {
      await azurite.stop();
    }
  }
  const [few, settled, many] = measured as [Measured, Measured, Measured];
  for (const [what, more] of [
    ['what is settled', settled],
    ['VM rows', many],
  ] as const) {
    rows.push(row(`calls of a pass in which nothing is due, by ${what}`, more.calls / few.calls, 'x', 1));
    rows.push(row(`bytes of a pass in which nothing is due, by ${what}`, more.bytes / few.bytes, 'x', SLACK));
  }
  return rows;
}

/** A pass at each call, a second after the one before: no mirror is due to be watched meanwhile. */
function quietPass(store: Store, vms: number, tableUrl: string): () => Promise<Measured> {
  let now = NOW;
  let passes = 0;
  const azure = new ScriptedAzure(vms, 0, () => now);
  azure.shown.set(idKey(vmId(0)), runningView(vmId(0)));
  return async () => {
    now += 1000;
    passes += 1;
    const ports = {
      ...azure.ports(),
      topology: {
        read: () => {
          throw new Error('the estate was read though nothing is due');
        },
      },
      store,
      clock: { now: () => now },
      bell: { ring: async () => undefined },
      log: () => undefined,
      holder: `bench-${passes}`,
    };
    const began = cpuMs();
    const traffic = await trafficOf(tableUrl, () => reconcile(bellMessage(SUBSCRIPTION), ports, settings));
    return { ...traffic, cpu: cpuMs() - began };
  };
}

async function medianOf(pass: () => Promise<Measured>): Promise<Measured> {
  // This one loads the SDK, reads the frontends and looks for old runs.
  await pass();
  const all: Measured[] = [];
  for (let round = 0; round < ROUNDS; round += 1) all.push(await pass());
  return {
    calls: median(all.map((one) => one.calls)),
    bytes: median(all.map((one) => one.bytes)),
    cpu: median(all.map((one) => one.cpu)),
  };
}

const WRITES = 32;

/** Everything known and right, and the open run. */
async function fill(store: Store, vms: number): Promise<void> {
  const estate = survey(pairs(vms), settings.scope);
  // The tables are made by the first call of each.
  await store.vms.list('none');
  await store.outcomes.list('none');
  await store.frontends.list('none');
  await inBatches(numbers(vms), WRITES, async (i) => {
    const key = idKey(vmId(i));
    const known = knownVm(estate, key);
    const vm = i === 0 ? withCommand(known, estate, key, run.runId) : known;
    await store.vms.put(SUBSCRIPTION, rowKey(vm.vmId), vm);
  });
  await inBatches(knownFrontends(vms, NOW), WRITES, async (frontend) => {
    await store.frontends.put(SUBSCRIPTION, rowKey(frontend.frontendId), frontend);
  });
  await putOutcome(store, commanded(run.runId, vmId(0)));
  for (let i = 2; i < 2 + WAITING; i += 1) await putOutcome(store, waiting(run.runId, vmId(i), 'COMMAND_LIMIT'));
  await store.runs.put(SUBSCRIPTION, run.runId, run);
}

async function putOutcome(store: Store, outcome: OutcomeRow): Promise<void> {
  await store.outcomes.put(outcome.runId, rowKey(outcome.vmId), outcome);
}

/** Runs that have ended, each with an outcome, and as many outcomes of the open run. */
async function fillSettled(store: Store): Promise<void> {
  await inBatches(numbers(SETTLED), WRITES, async (i) => {
    const runId = runIdOf('bench', 'settled', String(i));
    const ended = { state: 'settled' as const, settledAt: NOW - 1000 };
    await store.runs.put(SUBSCRIPTION, runId, { ...run, runId, ...ended });
    for (const id of [runId, run.runId]) {
      const { waitingFor: _, ...outcome } = waiting(id, vmId(100_000 + i), '');
      await putOutcome(store, { ...outcome, ...ended, result: 'compliant' });
    }
  });
}
