/**
 * Random estates and random histories over them: what may happen, and how it is played.
 * Long: one small language for tests, read as a whole.
 */
import fc from 'fast-check';
import { cancelMessages } from '../../shared/decide/cancelRun.ts';
import { retrySignals } from '../../shared/decide/retry.ts';
import { bellMessage, type ReconcileMessage, type SignalMessage } from '../../shared/model/messages.ts';
import type { RunRow } from '../../shared/model/rows.ts';
import { runIdOf } from '../../shared/model/runId.ts';
import { type Trouble, type Turn, UnrulyWorld } from '../reliability/unruly.ts';
import { OTHER, refusal, SETTINGS, SUBSCRIPTION } from './world.ts';

const VMS = ['vm0', 'vm1', 'vm2', 'vm3'];
const vm = fc.constantFrom(...VMS);
const mirror = fc.nat(3);
const words = <const T extends string>(...given: T[]) => fc.constantFrom(...given);
const when = words('before', 'after');

/** Signals, and what happens to messages. */
const messages = fc.oneof(
  fc.record({ do: words('sweep', 'bell', 'doubleBell', 'loseBells', 'swap') }),
  fc.record({ do: words('failover'), mirror, to: vm }),
  fc.record({ do: words('falseNotice'), mirror, vm }),
  fc.record({ do: words('manual'), mode: words('check', 'apply', 'remove'), vm, dryRun: fc.boolean() }),
  fc.record({ do: words('manualAll'), mode: words('check', 'apply') }),
  fc.record({ do: words('change'), vm }),
  fc.record({ do: words('retry', 'cancel'), which: fc.nat(30) }),
  // The last signal is delivered so much later; one of the earlier ones is delivered once more.
  fc.record({ do: words('late'), ms: fc.integer({ min: 1000, max: 1_200_000 }) }),
  fc.record({ do: words('again'), which: fc.nat(30), ms: fc.nat(1_200_000) }),
  fc.record({ do: words('wait'), ms: fc.nat(200_000) }),
);

/** What the loop's own ground does. */
const ground = fc.oneof(
  fc.record({
    do: words('trouble'),
    in: fc.nat(80),
    trouble: fc.oneof<fc.Arbitrary<Trouble>[]>(
      fc.record({ what: words('kill', 'fail'), when }),
      fc.record({ what: words('stall'), when, ms: fc.integer({ min: 1000, max: 200_000 }) }),
      fc.constant({ what: 'conflict' as const }),
    ),
  }),
  fc.record({
    do: words('race'),
    signal: fc.option(vm, { nil: undefined }),
    turns: fc.array(fc.record({ pick: fc.nat(40), ms: fc.constantFrom(0, 0, 0, 0, 0, 0, 200, 5000, 61_000) }), {
      maxLength: 60,
    }),
  }),
);

/** What happens to guests, to Azure and to the clock. */
const mishaps = fc.oneof(
  fc.record({ do: words('drift', 'stop', 'start', 'agentGone', 'agentBack', 'optOut'), vm }),
  fc.record({ do: words('guest'), vm, state: words('broken', 'silent', 'wrong') }),
  fc.record({ do: words('refuse'), vm, status: fc.constantFrom(0, 403, 404, 409, 429, 500, 503) }),
  fc.record({ do: words('pace'), ms: fc.constantFrom(2000, 20_000, 200_000, 36_000_000) }),
  fc.record({ do: words('clock'), ms: fc.integer({ min: -1_800_000, max: 7_200_000 }) }),
);

type Of<T> = T extends fc.Arbitrary<infer V> ? V : never;
export type Act = Of<typeof messages> | Of<typeof ground> | Of<typeof mishaps>;

/** Everything. */
export const anything: fc.Arbitrary<Act> = fc.oneof(messages, messages, ground, mishaps);
/** Guests and Azure are well: only messages and the loop's own ground make trouble. */
export const healthy: fc.Arbitrary<Act> = fc.oneof(messages, ground);

export const estate = fc.record({
  mirrors: fc.array(
    fc.record({
      members: fc.uniqueArray(vm, { minLength: 1, maxLength: 3 }),
      primary: fc.option(fc.nat(2), { nil: undefined, freq: 8 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  oneNic: fc.subarray(VMS, { maxLength: 1 }),
  maxCommands: fc.integer({ min: 1, max: 4 }),
});
export type Estate = Of<typeof estate> & {
  /** Where VMs and the load balancer `lb` lie, when not in the first subscription. */
  homes?: Record<string, string>;
};

/** The same, spread over two subscriptions: each mirror may have members in both. */
export const spreadEstate: fc.Arbitrary<Estate> = fc
  .tuple(estate, fc.subarray([...VMS, 'lb'], { minLength: 1 }))
  .map(([plan, there]) => ({ ...plan, homes: Object.fromEntries(there.map((name) => [name, OTHER])) }));

/** A history as it is played: the world, and what was done in it. */
export class History {
  readonly world: UnrulyWorld;
  /** Every signal that was accepted, by run id. */
  readonly posted = new Map<string, SignalMessage>();
  readonly optedOutAt = new Map<string, number>();
  /** Members of mirrors that had no primary at first. */
  readonly leaderless = new Set<string>();
  /** VMs that something was done to which excuses a failure; `*`: to all of them. */
  readonly excused = new Set<string>();

  constructor({ mirrors, oneNic, maxCommands, homes }: Estate) {
    this.world = new UnrulyWorld(
      VMS,
      mirrors.map(({ members, primary }, i) => ({
        name: `m${i}`,
        vip: `10.0.1.${100 + i}`,
        members,
        primary: primary === undefined ? undefined : members[primary % members.length],
      })),
      {
        ...SETTINGS,
        maxCommands,
        bellSeconds: 20,
        ...(homes ? { scope: { ...SETTINGS.scope, subscriptionIds: [SUBSCRIPTION, OTHER] } } : {}),
      },
    );
    for (const [name, home] of Object.entries(homes ?? {})) this.world.homes.set(name, home);
    for (const name of oneNic) this.world.oneNic.add(name);
    for (const { members, primary } of this.world.mirrors) {
      if (primary === undefined) for (const name of members) this.leaderless.add(name);
    }
  }

  async play(acts: readonly Act[]): Promise<void> {
    for (const act of acts) {
      await this.#do(act);
      this.#remember();
    }
  }

  /** Bells go lost; the minute's bell then takes up what is open. Returns when nothing is. */
  async untilQuiet(): Promise<void> {
    const { world } = this;
    for (let minute = 0; minute < 900; minute += 1) {
      world.bell();
      await world.run(60_000);
      world.now += 60_000;
      const ids = world.subscriptionIds;
      const open = (await Promise.all(ids.map((id) => world.store.runs.list(id, 'open')))).flat();
      const vms = (await Promise.all(ids.map((id) => world.store.vms.list(id)))).flat();
      const busy = vms.some(({ row }) => (row as { command?: unknown }).command);
      if (open.length === 0 && !busy && !world.queue.some(({ message }) => message.kind === 'signal')) return;
    }
  }

  #remember(): void {
    for (const { message } of this.world.queue) {
      if (message.kind === 'signal') this.posted.set(message.runId, message);
    }
  }

  async #do(act: Act): Promise<void> {
    const { world } = this;
    const { queue } = world;
    switch (act.do) {
      case 'sweep':
        for (const id of world.subscriptionIds) world.sweep(id);
        return;
      case 'bell':
        return world.bell();
      case 'doubleBell':
        queue.push(...queue.filter(({ message }) => message.kind === 'bell').map((item) => ({ ...item })));
        return;
      case 'loseBells':
        queue.splice(0, queue.length, ...queue.filter(({ message }) => message.kind !== 'bell'));
        return;
      case 'swap':
        queue.reverse();
        for (const [i, at] of queue
          .map((item) => item.at)
          .toSorted((a, b) => a - b)
          .entries()) {
          if (queue[i]) queue[i].at = at;
        }
        return;
      case 'late': {
        const last = queue.findLast(({ message }) => message.kind === 'signal');
        if (last) last.at += act.ms;
        return;
      }
      case 'again': {
        const message = [...this.posted.values()][act.which % (this.posted.size || 1)];
        if (message) queue.push({ at: world.now + act.ms, message: { ...message } });
        return;
      }
      case 'failover': {
        const of = this.#mirror(act.mirror);
        if (of?.members.includes(act.to)) world.failover(of.name, act.to);
        return;
      }
      case 'falseNotice': {
        const vip = this.#mirror(act.mirror)?.vip ?? '';
        world.post(
          world.signal(
            'failover',
            [
              { kind: 'vm', id: world.vmId(act.vm) },
              { kind: 'vip', id: vip },
            ],
            { subscriptionId: world.homeOf(act.vm) },
          ),
        );
        return;
      }
      case 'manual':
        world.manual(act.mode, act.vm, { dryRun: act.dryRun });
        return;
      case 'manualAll': {
        for (const id of world.subscriptionIds) {
          const all = { kind: 'subscription' as const, id: `/subscriptions/${id}` };
          world.post(world.signal('manual', [all], { mode: act.mode, subscriptionId: id }));
        }
        return;
      }
      case 'change':
        world.post(
          world.signal('resourceChange', [{ kind: 'vm', id: world.vmId(act.vm) }], {
            subscriptionId: world.homeOf(act.vm),
          }),
        );
        return;
      case 'retry':
        return this.#retry(act.which);
      case 'cancel':
        return this.#cancel(act.which);
      case 'wait':
        await world.run(act.ms);
        world.now += act.ms;
        return;
      case 'trouble':
        world.troubles.set(world.calls + act.in, act.trouble);
        return;
      case 'race':
        return this.#race(act.signal, act.turns);
      default:
        return this.#mishap(act);
    }
  }

  #mirror(index: number) {
    return this.world.mirrors[index % this.world.mirrors.length];
  }

  /** Any run there is. */
  async #runAt(which: number): Promise<RunRow | undefined> {
    const lists = await Promise.all(this.world.subscriptionIds.map((id) => this.world.store.runs.list(id)));
    const runs = lists.flat().map(({ row }) => row as RunRow);
    return runs[which % (runs.length || 1)];
  }

  async #cancel(which: number): Promise<void> {
    const run = await this.#runAt(which);
    if (!run) return;
    const { now, aheadMs } = this.world;
    try {
      for (const message of cancelMessages([run], 'nurse', now + aheadMs)) this.world.queue.push({ at: now, message });
    } catch (error) {
      this.world.happened.push((error as Error).message);
    }
  }

  async #retry(which: number): Promise<void> {
    const run = await this.#runAt(which);
    if (!run) return;
    const { now, aheadMs } = this.world;
    const runId = runIdOf('retry', run.runId, String(now), String(this.posted.size));
    try {
      for (const signal of retrySignals([run], this.world.settings.scope, runId, now + aheadMs))
        this.world.post(signal);
    } catch (error) {
      this.world.happened.push((error as Error).message);
    }
  }

  async #race(name: string | undefined, turns: readonly Turn[]): Promise<void> {
    const { world } = this;
    // Two loops of one subscription, or one of each.
    const [first = SUBSCRIPTION, second = first] = world.subscriptionIds;
    const both: ReconcileMessage[] = [bellMessage(first), bellMessage(second)];
    const next = world.queue.findIndex(({ message }) => message.kind === 'signal');
    if (next >= 0) both[0] = world.queue.splice(next, 1)[0]?.message ?? bellMessage(first);
    if (name !== undefined) {
      world.manual('apply', name);
      this.#remember();
      both[1] = world.queue.pop()?.message ?? bellMessage(second);
    }
    await world.race(both, turns);
  }

  #mishap(act: Of<typeof mishaps>): void {
    const { world } = this;
    const name = 'vm' in act ? act.vm : '*';
    if (act.do !== 'drift' && act.do !== 'start' && act.do !== 'agentBack') this.excused.add(name);
    switch (act.do) {
      case 'drift':
        if (world.guests.get(name) === 'right') world.guests.set(name, 'wrong');
        return;
      case 'stop':
        world.stopped.add(name);
        return;
      case 'start':
        world.stopped.delete(name);
        return;
      case 'agentGone':
        world.agents.set(name, { status: 'Not Ready' });
        return;
      case 'agentBack':
        world.agents.delete(name);
        return;
      case 'optOut':
        world.tags.set(name, { 'ilb-hairpin-guard-opt-out': 'true' });
        if (!this.optedOutAt.has(name)) this.optedOutAt.set(name, world.now);
        return;
      case 'guest':
        world.guests.set(name, act.state);
        return;
      case 'refuse': {
        const fault = refusal(act.status, act.status === 429 ? 30 : undefined);
        world.sendFaults.set(name, [...(world.sendFaults.get(name) ?? []), fault]);
        return;
      }
      case 'pace':
        world.commandMs = act.ms;
        return;
      case 'clock':
        world.aheadMs += act.ms;
        return;
    }
  }
}
