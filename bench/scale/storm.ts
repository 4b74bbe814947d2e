/**
 * A storm: 10,000 failover events, each with an id of its own, about 200 VMs, all on the queue at once. The real loop
 * over Azurite; queue and Azure are scripts in memory. Times are by the clock and hold the work of Azurite, which is one
 * process and on this machine. The settings are the quickest that the app takes, so that what is measured is the loop's
 * own pace and not its ceilings. As many messages are handled side by side as the host does with this host.json: a batch
 * of 16, and the next one fetched when 8 of it are left.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { bellMessage, type ReconcileMessage, signalMessage } from '../../shared/model/messages.ts';
import { runIdOf } from '../../shared/model/runId.ts';
import type { Signal } from '../../shared/model/signal.ts';
import type { Log } from '../../shared/model/steps.ts';
import type { Store } from '../../shared/model/store.ts';
import { reconcile } from '../../shared/reconcile/loop.ts';
import { numbers, SETTINGS, SUBSCRIPTION, vipOf, vmId } from '../estate.ts';
import { type BenchRow, cpuMs, row } from '../rows.ts';
import { withStore } from '../store.ts';
import { ScriptedAzure } from './azure.ts';

const EVENTS = 10_000;
const VMS = 200;
const COMMAND_MS = 300;
const HANDLERS = 24;
const MINUTE_MS = 60_000;
const LIMIT_MS = 20 * MINUTE_MS;
/** The host tries a message again after its visibility timeout, five times in all. */
const RETRY_MS = 30_000;
const TRIES = 5;

const settings = { ...SETTINGS, bellSeconds: 1, maxCommands: 100, healthPerMinute: 600 };

export const storm = (): Promise<BenchRow[]> => withStore((store) => new Storm(store).measure());

interface Waiting {
  message: ReconcileMessage;
  at: number;
  tries: number;
}

class Storm {
  readonly #store: Store;
  readonly #azure = new ScriptedAzure(VMS, COMMAND_MS, Date.now);
  readonly #passes: { ms: number; writes: number }[] = [];
  readonly #ended = new Set<string>();
  readonly #queue: Waiting[] = [];
  #passBegan: number | undefined;
  /** Rows that the pass at hand has written, its lease apart. */
  #writes = 0;
  #recorded = 0;
  #lastRecordedAt = 0;
  #readings = 0;
  #holders = 0;
  #given = 0;
  #over = false;

  constructor(store: Store) {
    this.#store = this.#watched(store);
  }

  async measure(): Promise<BenchRow[]> {
    await Promise.all([this.#store.leases.list('x'), this.#store.vms.list('x'), this.#store.outcomes.list('x')]);
    await Promise.all([this.#store.runs.list('x'), this.#store.frontends.list('x')]);
    const began = Date.now();
    const cpu = cpuMs();
    for (const i of numbers(EVENTS)) this.#queue.push({ message: signalMessage(eventOf(i)), at: began, tries: 0 });
    const bells = setInterval(
      () => this.#push({ message: bellMessage(SUBSCRIPTION), at: Date.now(), tries: 0 }),
      MINUTE_MS,
    );
    try {
      await Promise.all(numbers(HANDLERS).map(() => this.#handle(began + LIMIT_MS)));
    } finally {
      clearInterval(bells);
    }
    const open = (await this.#store.runs.list(SUBSCRIPTION, 'open')).length;
    const longest = this.#passes.toSorted((a, b) => b.ms - a.ms)[0] ?? { ms: Number.NaN, writes: 0 };
    const firstCommand = (this.#azure.sentAt[0] ?? Number.POSITIVE_INFINITY) - this.#lastRecordedAt;
    const about = (what: string, value: number, unit: string, target?: number) =>
      row(`${EVENTS.toLocaleString('en')} events about ${VMS} VMs: ${what}`, value, unit, target);
    return [
      about('all recorded after', (this.#lastRecordedAt - began) / 1000, 's'),
      about('first command, after the last event was recorded', firstCommand / 1000, 's', 10),
      about('all settled after', (Date.now() - began) / 1000, 's'),
      about('not settled', EVENTS - this.#ended.size + open, 'runs', 0),
      about('messages given up by the host', this.#given, 'messages', 0),
      about(`the longest of ${this.#passes.length} passes`, longest.ms / 1000, 's', 5),
      about('rows written in that pass', longest.writes, 'rows'),
      about('commands sent', this.#azure.sentAt.length, 'commands'),
      about('readings of the estate', this.#readings, 'readings'),
      about("processor time without Azurite's", (cpuMs() - cpu) / 1000, 's'),
    ];
  }

  /** One of the host's handlers: takes messages that are due, the earliest first, until all runs have ended. */
  async #handle(until: number): Promise<void> {
    while (!this.#over && Date.now() < until) {
      const next = this.#queue[0];
      if (!next || next.at > Date.now()) {
        await sleep(20);
        continue;
      }
      this.#queue.shift();
      try {
        await reconcile(next.message, this.#ports(), settings);
      } catch (error) {
        this.#again(next, error);
      }
      this.#over ||= this.#ended.size >= EVENTS;
    }
  }

  #again({ message, tries }: Waiting, error: unknown): void {
    if (tries + 1 < TRIES) return this.#push({ message, at: Date.now() + RETRY_MS, tries: tries + 1 });
    this.#given += 1;
    console.error(error);
  }

  /** Keeps the queue in order of time. */
  #push(one: Waiting): void {
    const at = this.#queue.findLastIndex((other) => other.at <= one.at);
    this.#queue.splice(at + 1, 0, one);
  }

  #ports(): Parameters<typeof reconcile>[1] {
    this.#holders += 1;
    const ports = this.#azure.ports();
    return {
      ...ports,
      topology: {
        read: (subscriptionId) => {
          this.#readings += 1;
          return ports.topology.read(subscriptionId);
        },
      },
      store: this.#store,
      clock: { now: Date.now },
      bell: {
        ring: async (subscriptionId, delaySeconds) =>
          this.#push({ message: bellMessage(subscriptionId), at: Date.now() + 1000 * delaySeconds, tries: 0 }),
      },
      log: this.#log,
      holder: `bench-${this.#holders}`,
    };
  }

  readonly #log: Log = (step, fields) => {
    if (step === 'accepted') {
      this.#recorded += 1;
      if (this.#recorded === EVENTS) this.#lastRecordedAt = Date.now();
    }
    if (['joined', 'run-settled', 'run-failed'].includes(step)) this.#ended.add(String({ runId: '', ...fields }.runId));
  };

  /** A pass begins with the reading of the urgent runs, and ends where the next one begins or the lease is given back. */
  #watched(store: Store): Store {
    const ends = () => {
      if (this.#passBegan !== undefined) {
        this.#passes.push({ ms: performance.now() - this.#passBegan, writes: this.#writes });
      }
      this.#passBegan = undefined;
      this.#writes = 0;
    };
    const counted = <T extends Pick<Store['vms' | 'outcomes' | 'frontends'], 'put'>>(rows: T): T => ({
      ...rows,
      put: (...args: Parameters<T['put']>) => {
        this.#writes += 1;
        return (rows.put as (...given: Parameters<T['put']>) => Promise<string>)(...args);
      },
    });
    return {
      ...store,
      vms: counted(store.vms),
      outcomes: counted(store.outcomes),
      frontends: counted(store.frontends),
      runs: {
        ...store.runs,
        put: (partition, key, run, etag) => {
          // Without an ETag it is an event that is recorded, by whatever handler.
          if (etag !== undefined) this.#writes += 1;
          return store.runs.put(partition, key, run, etag);
        },
        list: (partition, filter, options) => {
          if (filter === 'urgent') {
            ends();
            this.#passBegan = performance.now();
          }
          return store.runs.list(partition, filter, options);
        },
      },
      leases: {
        ...store.leases,
        put: (partition, key, lease, etag) => {
          if (lease.holder === '') ends();
          return store.leases.put(partition, key, lease, etag);
        },
      },
    };
  }
}

/** Event i: the VM says that it became primary for one of its pair's frontends. Of each pair, one says what is so. */
const eventOf = (i: number): Signal => {
  const vm = i % VMS;
  return {
    subscriptionId: SUBSCRIPTION,
    runId: runIdOf('bench', 'event', String(i)),
    signal: 'failover',
    scope: [
      { kind: 'vm', id: vmId(vm) },
      { kind: 'vip', id: vipOf(vm >> 1, vm % 2) },
    ],
    mode: 'apply',
    dryRun: false,
    observedAt: Date.now(),
  };
};
