/**
 * reconcile: level-triggered, one loop at a time per subscription. A message is a signal to record or just a bell;
 * losing or doubling one does no harm once it is recorded. Nothing waits for a guest in here.
 */

import type { ReconcileMessage } from '../model/messages.ts';
import type { Bell, Log } from '../model/ports.ts';
import type { LoopSettings } from '../model/settings.ts';
import { act } from './act.ts';
import { decide } from './decide.ts';
import { holding, isConflict, LEASE_MS, type Lease, takeLease } from './lease.ts';
import { type Eyes, observe } from './observe.ts';
import { record } from './record.ts';
import { tidy } from './tidy.ts';

export interface LoopPorts extends Eyes {
  bell: Bell;
  log: Log;
  /** A name for this invocation, new each time. */
  holder: string;
}

/** Passes that one invocation makes before it rings for another: a pass follows at once only when it has work. */
const MOST_PASSES = 25;
/** An invocation takes no longer than about this before it rings for another, milliseconds. */
const MOST_MS = 120_000;

/** Handles one message of the queue. Throws only when the store or the queue fails: the host then delivers it again. */
export async function reconcile(message: ReconcileMessage, ports: LoopPorts, settings: LoopSettings): Promise<void> {
  const { subscriptionId } = message;
  if (message.kind === 'signal') {
    const fresh = await record(ports.store, message);
    const { runId, signal, scope, mode } = message;
    ports.log('info', fresh ? 'accepted' : 'repeated', { runId, signal, mode, scope: scope.map((item) => item.id) });
  }
  const lease = await takeLease(ports.store.leases, subscriptionId, ports.holder, ports.clock);
  if (!lease) return;
  // What is thrown on is tried again by the host, at its own pace: a bell of ours besides that would be a storm.
  let again: number | undefined;
  try {
    again = tooSoon(lease.row.readAt, ports.clock.now()) ?? (await passes(lease, ports, settings));
    await tidy(lease, ports, settings);
  } catch (error) {
    if (!isConflict(error)) throw error;
    // The lease ran out and another loop took it: that one goes on, and `leave` says so.
    again = ports.clock.now();
  } finally {
    await leave(lease, again, ports);
  }
}

/** A storm of signals is looked at together: the estate is read this often at most by messages, milliseconds. */
const PACE_MS = 1000;

/** When to look, if the estate was read just now. A clock that was set back counts as long ago. */
function tooSoon(readAt: number | undefined, now: number): number | undefined {
  const since = now - (readAt ?? 0);
  return since >= 0 && since < PACE_MS && readAt !== undefined ? readAt + PACE_MS : undefined;
}

/** Passes until nothing more can be done at once. Returns when to look again, epoch ms. */
async function passes(lease: Lease, ports: LoopPorts, settings: LoopSettings): Promise<number | undefined> {
  const { subscriptionId } = lease.row;
  const began = ports.clock.now();
  for (let pass = 0; pass < MOST_PASSES && ports.clock.now() - began < MOST_MS; pass += 1) {
    const observed = await holding(lease, observe(ports, subscriptionId, lease.row.healthAsks, settings));
    const decision = decide(observed, settings);
    // The lease is renewed before anything is done: a loop that lost it must not act.
    const asks = [...lease.row.healthAsks, ...Array.from(observed.health, () => observed.now)];
    await lease.renew({
      healthAsks: asks.filter((at) => observed.now - at < 60_000),
      ...(observed.topology || observed.topologyError ? { readAt: observed.now } : {}),
    });
    // It stood still since it looked: what it decided, deadlines too, goes by a time that is over.
    if (ports.clock.now() - observed.now > LEASE_MS / 2) continue;
    for (const { level, step, fields } of decision.log) ports.log(level, step, fields);
    try {
      await act(ports, subscriptionId, decision, lease.row.until);
    } catch (error) {
      if (!isConflict(error)) throw error;
      ports.log('info', 'rows-changed', { subscriptionId, text: (error as Error).message });
      continue;
    }
    if (decision.again !== 0) {
      return decision.again === undefined ? undefined : ports.clock.now() + decision.again * 1000;
    }
  }
  return ports.clock.now();
}

/** Gives the lease back and rings, unless an earlier bell is already on its way. */
async function leave(lease: Lease, again: number | undefined, ports: LoopPorts): Promise<void> {
  const { subscriptionId } = lease.row;
  const now = ports.clock.now();
  let ringAt: number | undefined;
  try {
    ringAt = await lease.release((row) => {
      const at = row.again ? now : again;
      const onItsWay = row.bellAt > now && at !== undefined && row.bellAt <= at + 500;
      return at === undefined || onItsWay ? undefined : Math.max(at, now);
    });
  } catch (error) {
    if (!isConflict(error)) throw error;
    // It ran out under us: the loop that has it now sees the same rows.
    ports.log('warn', 'lease-lost', { subscriptionId });
    return;
  }
  if (ringAt !== undefined) await ports.bell.ring(subscriptionId, Math.ceil((ringAt - now) / 1000));
}
