/**
 * reconcile: level-triggered, one loop at a time per subscription. A message is a signal to record, a cancel to note or
 * just a bell; losing or doubling one does no harm once it is recorded. Nothing waits for a guest in here.
 */

import { decide } from '../decide/decide.ts';
import { tellRefusing } from '../decide/refusing.ts';
import { isAhead } from '../model/ahead.ts';
import type { Finding } from '../model/findings.ts';
import type { ReconcileMessage } from '../model/messages.ts';
import { defined } from '../model/optional.ts';
import type { Bell, EventsTopic } from '../model/ports.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { Log } from '../model/steps.ts';
import { act } from './act.ts';
import { holding, isConflict, LEASE_MS, type Lease, takeLease } from './lease.ts';
import { noteCancel } from './noteCancel.ts';
import { type Observation, observe, type Readers } from './observe.ts';
import { publishNews } from './publish.ts';
import { record } from './record.ts';
import { tidy } from './tidy.ts';
import { tellUnreadable } from './unreadable.ts';
import { writeHistory } from './writeHistory.ts';

export interface LoopPorts extends Readers {
  bell: Bell;
  topic: EventsTopic;
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
    const isNew = await record(ports.store, message);
    const { runId, signal, scope, mode } = message;
    ports.log(isNew ? 'accepted' : 'repeated', { runId, signal, mode, scope: scope.map((item) => item.id) });
  }
  if (message.kind === 'cancel') {
    const { runId, by: askedBy } = message;
    const noted = await noteCancel(ports.store, message);
    ports.log(noted ? 'cancel-noted' : 'cancel-late', { runId, subscriptionId, askedBy });
  }
  const lease = await takeLease(ports.store.leases, subscriptionId, ports.holder, ports.clock);
  if (!lease) return;
  // What is thrown on is tried again by the host, at its own pace: a bell of ours besides that would be a storm.
  let lookAt: number | undefined;
  const due = { news: false };
  try {
    lookAt = tooSoon(lease.row.readAt, ports.clock.now()) ?? (await passes(lease, ports, settings, due));
    await tidy(lease, ports, settings);
  } catch (error) {
    if (!isConflict(error)) throw error;
    // The lease ran out and another loop took it: that one goes on, and `leave` says so.
    lookAt = ports.clock.now();
  } finally {
    await leave(lease, lookAt, ports);
  }
  if (due.news) await publishNews(ports, subscriptionId);
}

/** How often it is looked whether events wait that an earlier loop left, milliseconds. */
const NEWS_MS = 60_000;

/** A storm of signals is looked at together: the estate is read this often at most by messages, milliseconds. */
const PACE_MS = 1000;

/** When to look, if the estate was read just now. A clock that was set back counts as long ago. */
function tooSoon(readAt: number | undefined, now: number): number | undefined {
  const since = now - (readAt ?? 0);
  return since >= 0 && since < PACE_MS && readAt !== undefined ? readAt + PACE_MS : undefined;
}

/** Passes until nothing more can be done at once. Returns when to look again, epoch milliseconds. */
async function passes(
  lease: Lease,
  ports: LoopPorts,
  settings: LoopSettings,
  due: { news: boolean },
): Promise<number | undefined> {
  const began = ports.clock.now();
  // Rows that could not be written: not tried again before the next invocation.
  const unwritten = new Map<string, Finding>();
  for (let pass = 0; pass < MOST_PASSES && ports.clock.now() - began < MOST_MS; pass += 1) {
    const nextLook = await onePass(lease, ports, settings, unwritten, due);
    if (nextLook !== 'now') return nextLook;
  }
  return ports.clock.now();
}

/** Observes, decides and acts. Returns when to look again, epoch milliseconds, or that more can be done now. */
async function onePass(
  lease: Lease,
  ports: LoopPorts,
  settings: LoopSettings,
  unwritten: Map<string, Finding>,
  due: { news: boolean },
): Promise<number | undefined | 'now'> {
  const { subscriptionId } = lease.row;
  const observation = await holding(lease, observe(ports, subscriptionId, lease.row, unwritten, settings));
  const { seen } = observation;
  observation.unreadable.forEach(tellUnreadable(ports.log, subscriptionId));
  tellUnread(observation, lease, ports.log);
  const { refusing, lines } = tellRefusing(lease.row.refusing, seen);
  seen.refusing = refusing;
  const decision = decide(seen, settings);
  due.news ||= settings.tellsEvents && (decision.hasNews || !isAhead(lease.row.newsAt, seen.now, NEWS_MS));
  // The lease is renewed before anything is done: a loop that lost it must not act.
  await lease.renew({
    ...remember(lease, observation),
    refusing,
    ...(due.news ? { newsAt: seen.now + NEWS_MS } : {}),
  });
  for (const { step, fields } of lines) ports.log(step, fields);
  // It stood still since it looked: what it decided, deadlines too, goes by a time that is over.
  if (ports.clock.now() - seen.now > LEASE_MS / 2) return 'now';
  for (const { step, fields } of decision.log) ports.log(step, fields);
  try {
    const acting = act(ports, subscriptionId, decision, () => lease.row.until);
    const known = unwritten.size;
    for (const [key, finding] of await holding(lease, acting)) unwritten.set(key, finding);
    for (const other of decision.ring) await ports.bell.ring(other, 0);
    await holding(lease, writeHistory(ports, subscriptionId, decision.history));
    // Decided anew, knowing that; only once for each row, so that this ends.
    if (unwritten.size > known) return 'now';
  } catch (error) {
    if (!isConflict(error)) throw error;
    ports.log('rows-changed', { subscriptionId, text: (error as Error).message });
    return 'now';
  }
  if (decision.nextLook === 0) return 'now';
  return decision.nextLook === undefined ? undefined : ports.clock.now() + decision.nextLook * 1000;
}

/** Says which other subscriptions could not be read: when it begins, and each time that it was tried again. */
function tellUnread({ unread = [] }: Observation, { row }: Lease, log: Log): void {
  for (const { subscriptionId: unreadId, why, until } of unread) {
    if (row.unread?.some((known) => known.subscriptionId === unreadId && known.until === until)) continue;
    log('subscription-unread', { subscriptionId: row.subscriptionId, unread: unreadId, text: why });
  }
}

/** What the lease is to remember of a pass. */
function remember(lease: Lease, { seen, watchAt, askingAt, asks, unread }: Observation): Parameters<Lease['renew']>[0] {
  const times = [...lease.row.healthAsks, ...Array.from({ length: asks }, () => seen.now)];
  return {
    healthAsks: times.filter((at) => seen.now - at < 60_000),
    ...defined({ readAt: seen.survey || seen.estateError ? seen.now : undefined, watchAt, unread }),
    // Where the frontends were read; where nothing is asked, none needs to be read for that.
    ...(watchAt === undefined ? {} : { askingAt: askingAt ?? Number.MAX_SAFE_INTEGER }),
    begun: [...seen.intake.planned],
  };
}

/** Gives the lease back and rings, unless an earlier bell is already on its way. */
async function leave(lease: Lease, lookAt: number | undefined, ports: LoopPorts): Promise<void> {
  const { subscriptionId } = lease.row;
  const now = ports.clock.now();
  let ringAt: number | undefined;
  try {
    ringAt = await lease.release((row) => {
      const at = row.again ? now : lookAt;
      const onItsWay = row.bellAt > now && at !== undefined && row.bellAt <= at + 500;
      return at === undefined || onItsWay ? undefined : Math.max(at, now);
    });
  } catch (error) {
    if (!isConflict(error)) throw error;
    // It ran out under us: the loop that has it now sees the same rows.
    ports.log('lease-lost', { subscriptionId });
    return;
  }
  if (ringAt !== undefined) await ports.bell.ring(subscriptionId, Math.ceil((ringAt - now) / 1000));
}
