/**
 * What one hour costs in counted things, while all is well: the real loop over Azurite, with the timers' bells, a sweep,
 * and rule health that answers as Azure does, a question first and its answer ten seconds later. Of the VMs' looks one in
 * 24 comes of age in the hour, as with the settings that the app has by itself.
 */
import { survey } from '../../shared/evaluate/survey.ts';
import { inBatches } from '../../shared/model/batches.ts';
import { idKey } from '../../shared/model/ids.ts';
import { bellMessage, type ReconcileMessage, signalMessage } from '../../shared/model/messages.ts';
import { runIdOf } from '../../shared/model/runId.ts';
import { rowKey, type Store } from '../../shared/model/store.ts';
import type { BackendHealth } from '../../shared/model/topology.ts';
import { reconcile } from '../../shared/reconcile/loop.ts';
import { openTables } from '../../shared/state/tables.ts';
import { startAzurite } from '../../simulator/storage/azurite.ts';
import { trafficOf } from '../../simulator/storage/traffic.ts';
import { HOUR_MS, NOW, numbers, pairs, SETTINGS, SUBSCRIPTION, vmId } from '../estate.ts';
import { ScriptedAzure } from '../scale/azure.ts';
import { knownFrontends, knownVm } from '../scale/known.ts';

/** What was counted in one hour, one subscription. */
export interface Hour {
  vms: number;
  /** Times that a function ran: two timers, and one for each message of the queue. */
  executions: number;
  /** Messages of the queue. Each is put, fetched and deleted. */
  messages: number;
  tableCalls: number;
  /** Requests to Azure Resource Manager, pages and answers of long questions among them. */
  armCalls: number;
  /** How often the whole estate was read: its lists from Azure, its rows from tables. */
  readings: number;
  commands: number;
  /** Bytes of the log's lines. */
  logBytes: number;
}

const MINUTE_MS = 60_000;
const COMMAND_MS = 25_000;
const RETRY_AFTER_SECONDS = 10;
/** Lists of VMs, of their status, of NICs and of load balancers. */
const LISTS = 4;
/** What a page of a list holds; Azure sets it, and says so nowhere. */
const PAGE = 100;
const SWEEP_MINUTE = 7;

/** Pages of the lists of an estate of so many VMs, with two NICs each. */
export const pagesOf = (vms: number): number => LISTS * Math.ceil(vms / PAGE) + Math.ceil(vms / PAGE);
const WRITES = 32;

/** Counts one hour of an estate of so many VMs, an even number, in pairs with two mirrors each. */
export async function countHour(vms: number): Promise<Hour> {
  const azurite = await startAzurite();
  try {
    const store = openTables({ kind: 'connectionString', connectionString: azurite.connectionString });
    await fill(store, vms);
    return await new Counted(store, azurite.tableUrl, vms).hour();
  } finally {
    await azurite.stop();
  }
}

/** Everything known and right. Looks are spread over the day. */
async function fill(store: Store, vms: number): Promise<void> {
  const estate = survey(pairs(vms), SETTINGS.scope);
  await Promise.all([store.vms.list('none'), store.frontends.list('none'), store.leases.list('none')]);
  await Promise.all([store.runs.list('none'), store.outcomes.list('none'), store.news.list('none')]);
  await inBatches(numbers(vms), WRITES, async (i) => {
    const known = knownVm(estate, idKey(vmId(i)));
    // The sweep before this hour's was 60 minutes before it, and left none that had come of age by then.
    const at = NOW - (HOUR_MS - SWEEP_MINUTE * MINUTE_MS) - Math.round((i / vms) * SETTINGS.proofAgeMs);
    const proofs = Object.fromEntries(Object.entries(known.proofs).map(([vip, proof]) => [vip, { ...proof, at }]));
    const { look, last } = known;
    await store.vms.put(SUBSCRIPTION, rowKey(known.vmId), {
      ...known,
      proofs,
      ...(look ? { look: { ...look, at, report: { ...look.report, heals: true as const } } } : {}),
      ...(last ? { last: { ...last, endedAt: at } } : {}),
    });
    const paths = (estate.waysOfVm.get(idKey(known.vmId)) ?? []).map(({ frontend: { frontend, vip } }) => ({
      frontendId: frontend.id,
      vip,
      proof: 'remote' as const,
    }));
    await store.news.put(SUBSCRIPTION, rowKey(known.vmId), {
      subject: known.vmId,
      facts: paths.length,
      paths,
      pending: [],
    });
  });
  await inBatches(knownFrontends(vms, NOW), WRITES, async (frontend) => {
    await store.frontends.put(SUBSCRIPTION, rowKey(frontend.frontendId), frontend);
  });
}

class Counted {
  readonly #store: Store;
  readonly #tableUrl: string;
  readonly #azure: ScriptedAzure;
  readonly #queue: { at: number; message: ReconcileMessage }[] = [];
  #now = NOW;
  #holders = 0;
  readonly #hour: Hour;

  constructor(store: Store, tableUrl: string, vms: number) {
    this.#store = store;
    this.#tableUrl = tableUrl;
    this.#azure = new ScriptedAzure(vms, COMMAND_MS, () => this.#now);
    this.#hour = { vms, executions: 0, messages: 0, tableCalls: 0, armCalls: 0, readings: 0, commands: 0, logBytes: 0 };
  }

  async hour(): Promise<Hour> {
    for (let minute = 0; minute < HOUR_MS / MINUTE_MS; minute += 1) {
      const at = NOW + minute * MINUTE_MS;
      this.#hour.executions += 1;
      this.#queue.push({ at, message: bellMessage(SUBSCRIPTION) });
    }
    this.#hour.executions += 1;
    this.#queue.push({ at: NOW + SWEEP_MINUTE * MINUTE_MS, message: sweep() });
    while (this.#queue.length > 0) {
      this.#queue.sort((a, b) => a.at - b.at);
      const next = this.#queue.shift();
      // What an hour leaves open is the next one's.
      if (!next || next.at >= NOW + HOUR_MS) break;
      this.#now = Math.max(this.#now, next.at);
      this.#hour.executions += 1;
      this.#hour.messages += 1;
      const traffic = await trafficOf(this.#tableUrl, () => this.#handle(next.message));
      this.#hour.tableCalls += traffic.calls;
    }
    return this.#hour;
  }

  async #handle(message: ReconcileMessage): Promise<void> {
    this.#holders += 1;
    const { topology, health, commands, agents } = this.#azure.ports();
    const count = this.#hour;
    const call = <T>(work: Promise<T>, calls = 1): Promise<T> => {
      count.armCalls += calls;
      return work;
    };
    await reconcile(
      message,
      {
        store: this.#store,
        clock: { now: () => this.#now },
        holder: `count-${this.#holders}`,
        log: (step, fields) => {
          count.logBytes += Buffer.byteLength(JSON.stringify({ step, ...fields }));
        },
        topic: { publish: () => Promise.reject(new Error('nothing is to be published')) },
        bell: {
          ring: async (subscriptionId, seconds) => {
            this.#queue.push({ at: this.#now + seconds * 1000, message: bellMessage(subscriptionId) });
          },
        },
        topology: {
          read: (id, signal) => {
            count.readings += 1;
            return call(topology.read(id, signal), pagesOf(count.vms));
          },
        },
        health: { read: (rule, location) => call(later(health.read(rule), rule, location)) },
        agents: { read: (vm) => call(agents.read(vm)) },
        commands: {
          look: (vm, slot) => call(commands.look(vm, slot)),
          send: (command) => {
            count.commands += 1;
            return call(commands.send(command));
          },
          cancel: (vm, slot) => call(commands.cancel(vm, slot)),
        },
      },
      SETTINGS,
    );
  }
}

/** The first answer is where the second one will be. */
async function later(
  answer: ReturnType<ReturnType<ScriptedAzure['ports']>['health']['read']>,
  rule: string,
  location: string | undefined,
): Promise<BackendHealth[] | { location: string; retryAfterSeconds: number }> {
  if (location === undefined)
    return { location: `https://management.azure.com${rule}/later`, retryAfterSeconds: RETRY_AFTER_SECONDS };
  return (await answer) as BackendHealth[];
}

const sweep = (): ReconcileMessage =>
  signalMessage({
    subscriptionId: SUBSCRIPTION,
    runId: runIdOf('bench', 'hour'),
    signal: 'sweep',
    scope: [{ kind: 'subscription', id: `/subscriptions/${SUBSCRIPTION}` }],
    mode: 'apply',
    dryRun: false,
    observedAt: NOW + SWEEP_MINUTE * MINUTE_MS,
  });
