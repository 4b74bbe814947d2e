/** Plays one step in an estate of its own to its rest, with a process killed on the way, and judges what is left. */
import { bellMessage, signalMessage } from '../../../shared/model/messages.ts';
import { isOpen, type RunRow, type VmRow } from '../../../shared/model/rows.ts';
import { SETTINGS } from '../../helpers/world.ts';
import { breaches } from '../invariants.ts';
import type { Delivery } from './inbox.ts';
import type { Counts, Kill } from './orders.ts';
import type { Plant, Plot } from './plant.ts';
import { LAPSE_MS, type Step } from './steps.ts';

export interface Played {
  counts: Counts;
  /** The kill took place. */
  killed: boolean;
  /** What broke; empty when all holds. */
  broken: string[];
  /** Commands that ran in guests, `apply hs-a`, sorted. */
  commands: string[];
  runs: number;
  methods: string[];
}

export interface PlayOptions {
  kill?: Kill;
  /** Waited for before the next process starts. */
  onKilled?: () => Promise<void>;
}

/** When no message came for so long, the minute's timer rings. */
const MINUTE_MS = 1300;
const MOST_MINUTES = 40;
/** The longest calm step takes a dozen. */
const MOST_MESSAGES = 200;
/** A message whose host is gone comes back after this. */
const BACK_SECONDS = 1;

export async function play(plant: Plant, step: Step, options: PlayOptions = {}): Promise<Played> {
  const one = new Play(plant, plant.plot(), options);
  try {
    if (step.after) await one.toRest(step.after);
    return await one.toRest(step, true);
  } finally {
    one.end();
  }
}

class Play {
  readonly #plant: Plant;
  readonly #plot: Plot;
  readonly #options: PlayOptions;
  readonly #inbox: Delivery[] = [];
  /** Messages that come back. */
  readonly #back = new Set<string>();
  readonly end: () => void;
  #wake = Promise.withResolvers<void>();
  #aheadMs = 0;
  #counts: Counts = {};
  #killed = false;
  #armed = false;
  #paceMs = 0;
  #methods: string[] = [];
  readonly #posted: string[] = [];
  readonly #errors: string[] = [];

  constructor(plant: Plant, plot: Plot, options: PlayOptions) {
    this.#plant = plant;
    this.#plot = plot;
    this.#options = options;
    this.end = plant.listen(this.#subscription, (delivery) => {
      this.#inbox.push(delivery);
      this.#wake.resolve();
    });
  }

  get #subscription(): string {
    return this.#plot.estate.subscriptionId;
  }

  async toRest(step: Step, armed = false): Promise<Played> {
    this.#armed = armed;
    this.#paceMs = step.paceMs ?? 0;
    this.#counts = {};
    if (step.laterMs !== undefined) {
      this.#aheadMs += step.laterMs;
      this.#posted.length = 0;
    }
    const before = this.#plot.lab.runs.length;
    const signal = await step.begin(this.#plot, this.#plant.arm);
    if (signal) {
      this.#posted.push(signal.runId);
      await this.#plant.send(step.queue ?? 'reconcile', signalMessage(signal));
    } else {
      await this.#minute();
    }
    // At rest, and still so after one more of the minute's bells.
    let closing = false;
    for (let minutes = 0, messages = 0; minutes < MOST_MINUTES && messages < MOST_MESSAGES; ) {
      const delivery = await this.#next();
      if (!delivery) {
        minutes += 1;
        await this.#minute();
        continue;
      }
      messages += 1;
      const ended = await this.#handle(delivery);
      // Storage was there all the time: nothing may have thrown.
      if (this.#errors.length > 0) return this.#judge(before);
      if (!ended || this.#inbox.length > 0 || !(await this.#atRest())) continue;
      if (closing) return this.#judge(before);
      closing = true;
      await this.#minute();
    }
    this.#errors.push('does not come to rest');
    return this.#judge(before);
  }

  /** The next message, or undefined when none came for a minute of this run's clock. */
  async #next(): Promise<Delivery | undefined> {
    if (this.#inbox.length === 0) {
      this.#wake = Promise.withResolvers();
      const timer = setTimeout(() => this.#wake.resolve(), MINUTE_MS);
      await this.#wake.promise;
      clearTimeout(timer);
    }
    return this.#inbox.shift();
  }

  async #minute(): Promise<void> {
    this.#aheadMs += LAPSE_MS;
    await this.#plant.send('reconcile', bellMessage(this.#subscription));
  }

  /** True when the message is done. */
  async #handle(delivery: Delivery): Promise<boolean> {
    this.#back.delete(delivery.id);
    this.#aheadMs += this.#paceMs;
    const { kill } = this.#options;
    const answer = await this.#plant.processes.work({
      queue: delivery.queue,
      message: delivery.text,
      settings: { ...SETTINGS, scope: { ...SETTINGS.scope, subscriptionIds: [this.#subscription] }, bellSeconds: 1 },
      connectionString: this.#plant.connectionString,
      armEndpoint: this.#plant.arm.endpoint,
      aheadMs: this.#aheadMs,
      counts: this.#counts,
      ...(kill && this.#armed && !this.#killed ? { kill } : {}),
    });
    if (answer === 'killed') {
      this.#killed = true;
      await this.#options.onKilled?.();
      this.#back.add(delivery.id);
      await delivery.back(BACK_SECONDS);
      await this.#minute();
      return false;
    }
    this.#counts = answer.counts;
    if (answer.methods.length > 0) this.#methods = answer.methods;
    if (answer.error !== undefined) this.#errors.push(answer.error);
    else await delivery.done();
    return answer.error === undefined;
  }

  async #atRest(): Promise<boolean> {
    const { store } = this.#plant;
    if (this.#back.size > 0) return false;
    const runs = await this.#runs();
    const vms = await store.vms.list(this.#subscription);
    const known = new Set(runs.map((run) => run.runId));
    return (
      this.#posted.every((runId) => known.has(runId)) &&
      !runs.some(isOpen) &&
      !vms.some(({ row }) => (row as VmRow).command)
    );
  }

  async #runs(): Promise<RunRow[]> {
    return (await this.#plant.store.runs.list(this.#subscription)).map(({ row }) => row);
  }

  async #judge(before: number): Promise<Played> {
    const { lab } = this.#plot;
    const scene = {
      subscriptionId: this.#subscription,
      store: this.#plant.store,
      overlaps: lab.overlaps,
      mostAtOnce: lab.mostAtOnce,
      settings: SETTINGS,
      executions: lab.runs,
      now: Date.now() + this.#aheadMs,
    };
    return {
      counts: this.#counts,
      killed: this.#killed,
      broken: [...this.#errors, ...(await breaches(scene, this.#posted))],
      commands: lab.runs
        .slice(before)
        .map((run) => `${run.mode} ${run.vm}`)
        .sort(),
      runs: (await this.#runs()).length,
      methods: this.#methods,
    };
  }
}
