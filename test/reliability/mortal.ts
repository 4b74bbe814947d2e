/**
 * A process that can be killed: the loop's ports with every call counted, and an end at a chosen call, before it took
 * effect or after. The dead make no further call and see no error: their promises never resolve.
 */

import type { LeaseRow } from '../../shared/model/lease.ts';
import { bellMessage, type ReconcileMessage } from '../../shared/model/messages.ts';
import type { LoopPorts } from '../../shared/reconcile/loop.ts';
import { MemoryRows } from '../helpers/memoryStore.ts';
import { SUBSCRIPTION, World } from '../helpers/world.ts';
import { TABLES, wrapPorts } from './calls.ts';

/** Where the process is killed: at the n-th call of the scenario, counted from 0. */
export interface KillPoint {
  call: number;
  when: 'before' | 'after';
  /** Not killed: it stands still while the clock moves so far (back too), and another loop does its work. */
  stallMs?: number;
}

/** How long the host hides a message from others while it works on it (Azure WebJobs SDK, queue extension: 10 minutes). */
const HIDDEN_MS = 600_000;

/** A world whose process dies once; the next one starts with the next message. */
export class MortalWorld extends World {
  /** Every call made, in order. */
  readonly calls: string[] = [];
  kill: KillPoint | undefined;
  killed: string | undefined;
  #dead = Promise.withResolvers<'dead'>();

  override async handle(message: ReconcileMessage): Promise<void> {
    const before = this.killed;
    const end = await Promise.race([super.handle(message), this.#dead.promise]);
    if (end !== 'dead' || this.killed === before) return;
    // A new process; the dead one's message comes back once the host's hold on it has run out.
    this.#dead = Promise.withResolvers();
    this.queue.push({ at: this.now + HIDDEN_MS, message });
  }

  override ports(): LoopPorts {
    const life = { dead: false };
    return wrapPorts(super.ports(), (name, act) => this.#around(name, act, life));
  }

  async #around(name: string, act: () => Promise<unknown>, life: { dead: boolean }): Promise<unknown> {
    const never = new Promise<never>(() => {});
    if (life.dead) return never;
    const at = this.calls.push(name) - 1;
    const mine = this.kill?.call === at;
    const die = () => {
      life.dead = true;
      this.killed = this.calls[at];
      this.#dead.resolve('dead');
      return never;
    };
    if (mine && this.kill?.stallMs !== undefined) return this.#stall(this.kill, act);
    if (mine && this.kill?.when === 'before') return die();
    try {
      return await act();
    } finally {
      if (mine) die();
      // Neither an answer nor a refusal reaches the dead.
      if (life.dead) await never;
    }
  }

  async #stall({ call, when, stallMs = 0 }: KillPoint, act: () => Promise<unknown>): Promise<unknown> {
    const answer = when === 'after' ? await act() : undefined;
    this.killed = this.calls[call];
    this.now += stallMs;
    await super.handle(bellMessage(SUBSCRIPTION));
    return when === 'after' ? answer : act();
  }

  /** A world in the same state, whose process and calls are its own. */
  fork(): MortalWorld {
    const twin = new MortalWorld([...this.vms], structuredClone(this.mirrors), structuredClone(this.settings));
    twin.now = this.now;
    twin.signals = this.signals;
    twin.commandMs = this.commandMs;
    for (const [vm, state] of this.guests) twin.guests.set(vm, state);
    twin.executions.push(...structuredClone(this.executions));
    twin.queue.push(...structuredClone(this.queue));
    twin.log.push(...this.log);
    twin.published.push(...this.published);
    for (const name of TABLES) {
      MemoryRows.copy<never>(this.store[name] as never, twin.store[name] as never);
    }
    return twin;
  }

  /** False while old runs are to be looked for within the next minutes. */
  async #isTidy(): Promise<boolean> {
    const lease = (await this.store.leases.get('lease', SUBSCRIPTION))?.row as LeaseRow | undefined;
    return lease !== undefined && lease.tidyAt > this.now + 120_000;
  }

  /**
   * Rings each minute, as the timer does, until nothing has been open for two minutes, in which health
   * is asked again; throws when that takes longer than so many minutes.
   */
  async untilQuiet(minutes = 240): Promise<void> {
    let quiet = 0;
    for (let minute = 0; minute < minutes; minute += 1) {
      this.bell();
      await this.run(60_000);
      this.now = Math.max(this.now, Math.ceil((this.now + 1) / 60_000) * 60_000);
      const open = await this.store.runs.list(SUBSCRIPTION, 'open');
      const vms = await this.store.vms.list(SUBSCRIPTION);
      const inFlight = vms.some(({ row }) => (row as { command?: unknown }).command);
      const news = await this.store.news.list(SUBSCRIPTION, 'pending');
      const isTidy = (await this.#isTidy()) && news.length === 0;
      const isQuiet =
        isTidy && open.length === 0 && !inFlight && !this.queue.some(({ message }) => message.kind === 'signal');
      quiet = isQuiet ? quiet + 1 : 0;
      if (quiet === 2) return;
    }
    throw new Error(`still open after ${minutes} minutes`);
  }
}
