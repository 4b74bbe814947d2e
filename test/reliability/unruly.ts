/**
 * A world in which the ground shakes: at chosen calls over an interface the process dies, stands still, or the call
 * fails (before it took effect or after), somebody else writes the row first, and two loops work at once, their calls
 * in any order. What is thrown out of a loop is tried again as the Functions host does, and put aside after five tries.
 */
import { isDeepStrictEqual } from 'node:util';
import { StateError } from '../../shared/errors.ts';
import type { ReconcileMessage } from '../../shared/model/messages.ts';
import { isOpen, type OutcomeRow, type RunRow, type VmRow } from '../../shared/model/rows.ts';
import { subscriptionOf } from '../../shared/model/scope.ts';
import { CALL_SECONDS } from '../../shared/model/settings.ts';
import type { Rows } from '../../shared/model/store.ts';
import { markFailed } from '../../shared/reconcile/deadLetter.ts';
import { type LoopPorts, reconcile } from '../../shared/reconcile/loop.ts';
import { refusal, World } from '../helpers/world.ts';

/** What happens at a call. `kill` and `fail`: before the call took effect, or after. */
export type Trouble =
  | { what: 'kill'; when: 'before' | 'after' }
  | { what: 'fail'; when: 'before' | 'after' }
  /** Stands still for so long, while the queue is worked on by others. */
  | { what: 'stall'; when: 'before' | 'after'; ms: number }
  /** Somebody else writes the row between this loop's read and its write. */
  | { what: 'conflict' };

/** While two loops work at once: whose call is next, and how much time passes before it. */
export interface Turn {
  pick: number;
  ms: number;
}

const AZURE = ['topology', 'health', 'commands', 'agents', 'bell'] as const;
const TABLES = ['runs', 'outcomes', 'vms', 'frontends', 'news', 'leases'] as const;

/** How long the host hides a message of a process that died, and how often it delivers one that fails. */
const HIDDEN_MS = 600_000;
const MOST_TRIES = 5;

interface Life {
  dead: boolean;
  died: PromiseWithResolvers<void>;
}

export class UnrulyWorld extends World {
  /** Calls made so far. */
  calls = 0;
  /** By the number of the call. */
  readonly troubles = new Map<number, Trouble>();
  /** What happened, in words: `kill before commands.send`. */
  readonly happened: string[] = [];
  /** Rows of ended runs that were written again. */
  readonly rewritten: string[] = [];
  /**
   * Outcomes that were first written after their run had ended. A loop that stands still between its last look at the
   * clock and the write itself, for longer than its lease, can do that: nothing reads such a line but a person.
   */
  readonly strays = new Set<string>();
  /** The numbers of the commands that were kept for a run on a VM, by `run vm`. */
  readonly commandsFor = new Map<string, Set<number>>();
  readonly #tries = new Map<ReconcileMessage, number>();
  #waiting: (() => void)[] | undefined;

  constructor(...given: ConstructorParameters<typeof World>) {
    super(...given);
    this.#watchEnds();
    this.#watchCommands();
  }

  override async handle(message: ReconcileMessage): Promise<void> {
    const life: Life = { dead: false, died: Promise.withResolvers() };
    try {
      await Promise.race([reconcile(message, this.#mortal(super.ports(), life), this.settings), life.died.promise]);
    } catch (error) {
      this.happened.push(`thrown: ${(error as Error).message}`);
      await this.#deliverAgain(message);
      return;
    }
    // A dead process' message comes back once the host's hold on it has run out.
    if (life.dead) this.queue.push({ at: this.now + HIDDEN_MS, message });
  }

  async #deliverAgain(message: ReconcileMessage): Promise<void> {
    const tries = (this.#tries.get(message) ?? 0) + 1;
    this.#tries.set(message, tries);
    if (tries < MOST_TRIES) this.queue.push({ at: this.now + 1000, message });
    else if (message.kind === 'signal') {
      await markFailed(this.store, message, 'failed five times', this.now + this.aheadMs);
    }
  }

  /** Two loops at once, each with a message, their calls in the order of the turns; then one after the other. */
  async race(messages: ReconcileMessage[], turns: readonly Turn[]): Promise<void> {
    const waiting: (() => void)[] = [];
    this.#waiting = waiting;
    let done = false;
    const all = Promise.all(messages.map((message) => this.handle(message))).finally(() => {
      done = true;
    });
    for (let at = 0; !done; ) {
      await new Promise((resolve) => setImmediate(resolve));
      if (waiting.length === 0) continue;
      const turn = turns[at++] ?? { pick: 0, ms: 0 };
      this.now += turn.ms;
      waiting.splice(turn.pick % waiting.length, 1)[0]?.();
    }
    this.#waiting = undefined;
    await all;
  }

  #mortal(ports: LoopPorts, life: Life): LoopPorts {
    const wrapped = { ...ports, store: { ...ports.store } };
    for (const name of AZURE) Object.assign(wrapped, { [name]: this.#wrap(name, ports[name], life) });
    for (const name of TABLES) {
      Object.assign(wrapped.store, { [name]: this.#wrap(`store.${name}`, ports.store[name], life) });
    }
    return wrapped;
  }

  #wrap<T extends object>(name: string, target: T, life: Life): T {
    return new Proxy(target, {
      get: (_, property) => {
        const method = Reflect.get(target, property);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) =>
          this.#call(`${name}.${String(property)}`, life, () => method.apply(target, args), args);
      },
    });
  }

  async #call(name: string, life: Life, act: () => Promise<unknown>, args: unknown[]): Promise<unknown> {
    const never = new Promise<never>(() => {});
    if (this.#waiting) await new Promise<void>((resolve) => this.#waiting?.push(resolve));
    if (life.dead) return never;
    const trouble = this.troubles.get(this.calls++);
    if (!trouble) return this.#unlessDead(act, life);
    this.happened.push(`${trouble.what} ${'when' in trouble ? trouble.when : 'before'} ${name}`);
    if (trouble.what === 'conflict') {
      await this.#writeFirst(name, args);
      return this.#unlessDead(act, life);
    }
    const answer = trouble.when === 'after' ? await act() : undefined;
    if (trouble.what === 'kill') {
      life.dead = true;
      life.died.resolve();
      return never;
    }
    if (trouble.what !== 'stall') {
      throw name.startsWith('store.') || name.startsWith('bell.')
        ? new StateError('STATE_FAILED', `${name} failed`)
        : refusal(503);
    }
    await this.#standStill(name, trouble.ms);
    return trouble.when === 'after' ? answer : this.#unlessDead(act, life);
  }

  /** Neither an answer nor a refusal reaches the dead. */
  async #unlessDead(act: () => Promise<unknown>, life: Life): Promise<unknown> {
    try {
      return await act();
    } finally {
      if (life.dead) await new Promise<never>(() => {});
    }
  }

  /** Others go on meanwhile: the minutes' bells too, unless two loops are at work anyway. */
  async #standStill(name: string, ms: number): Promise<void> {
    // A request that is on its way does not take longer than its time limit.
    const until = this.now + (name.startsWith('commands.') ? Math.min(ms, CALL_SECONDS * 1000) : ms);
    if (this.#waiting) {
      this.now = until;
      return;
    }
    while (this.now < until) {
      this.bell();
      await this.run(Math.min(60_000, until - this.now));
      this.now = Math.max(this.now, Math.min(until, Math.floor(this.now / 60_000) * 60_000 + 60_000));
    }
  }

  /** The same row under a new ETag. */
  async #writeFirst(name: string, [partition, key]: unknown[]): Promise<void> {
    const [, table, method] = name.split('.');
    if (method !== 'put') return;
    const rows = this.store[table as (typeof TABLES)[number]] as Rows<unknown>;
    const found = await rows.get(String(partition), String(key));
    if (found) await rows.put(String(partition), String(key), found.row, found.etag);
  }

  #watchCommands(): void {
    const { vms } = this.store;
    const put = vms.put.bind(vms);
    vms.put = async (partition, key, row, etag) => {
      const answer = await put(partition, key, row, etag);
      const { vmId, command } = row as VmRow;
      for (const runId of command?.runIds ?? []) {
        const name = `${runId} ${vmId}`;
        this.commandsFor.set(name, (this.commandsFor.get(name) ?? new Set()).add(command?.seq ?? 0));
      }
      return answer;
    };
  }

  /** What a run said when it ended, it says for ever. */
  #watchEnds(): void {
    const { runs, outcomes } = this.store;
    const ended = new Map<string, unknown>();
    const said = new Map<string, unknown>();
    const put = runs.put.bind(runs);
    runs.put = async (partition, key, row, etag) => {
      const answer = await put(partition, key, row, etag);
      const run = `${partition} ${key}`;
      if (ended.has(run) && !isDeepStrictEqual(ended.get(run), row)) this.rewritten.push(`run ${key}`);
      if (!isOpen(row as RunRow)) ended.set(run, structuredClone(row));
      return answer;
    };
    const putOutcome = outcomes.put.bind(outcomes);
    outcomes.put = async (partition, key, row, etag) => {
      const answer = await putOutcome(partition, key, row, etag);
      const before = said.get(`${partition} ${key}`);
      const { vmId } = row as OutcomeRow;
      const name = `outcome of ${partition} on ${vmId}`;
      // A run in several subscriptions ends in each for itself.
      const hasEnded = ended.has(`${subscriptionOf(vmId)} ${partition}`);
      if (hasEnded && before === undefined) this.strays.add(name);
      else if (hasEnded && !isDeepStrictEqual(before, row)) this.rewritten.push(name);
      said.set(`${partition} ${key}`, structuredClone(row));
      return answer;
    };
  }
}
