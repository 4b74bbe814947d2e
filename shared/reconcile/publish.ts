/**
 * Publishes what waits to be told, after the work is done and the lease is given back: a topic that refuses, or takes its
 * time, delays no repair. At least once: what was published is taken out of its row afterwards.
 */
import { asAzureError, GuardError, messageOf, StateError, toldOf } from '../errors.ts';
import { isAhead } from '../model/ahead.ts';
import { idKey } from '../model/ids.ts';
import {
  cloudEventOf,
  type News,
  type NewsRow,
  newNewsRow,
  subscriptionSubject,
  type TopicRefusal,
} from '../model/news.ts';
import type { Clock, EventsTopic } from '../model/ports.ts';
import type { Log } from '../model/steps.ts';
import { rowKey, type Store } from '../model/store.ts';
import { unlessConflict } from './lease.ts';
import { tellingUnreadable } from './unreadable.ts';

/** Events in one request: about 300 KB at most, where Event Grid takes a megabyte. */
export const MOST_EVENTS = 100;
/** Rows that are read for one request. */
const MOST_ROWS = 100;
/** What nobody took for so long is dropped, as Event Grid itself does, milliseconds. */
export const MOST_AGE_MS = 24 * 3_600_000;
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 10 * 60_000;
/** Answers that no second try changes: something in the request is wrong, or it is too large. */
const FINAL: readonly number[] = [400, 413];

export interface Publishing {
  store: Pick<Store, 'news'>;
  topic: EventsTopic;
  clock: Clock;
  log: Log;
}

/** One request at most. Throws nothing: what goes wrong is logged, and tried again with one of the next bells. */
export async function publishNews(ports: Publishing, subscriptionId: string): Promise<void> {
  try {
    await publish(ports, subscriptionId);
  } catch (error) {
    const { code, text } = toldOf(
      error instanceof GuardError ? error : new StateError('STATE_FAILED', messageOf(error)),
    );
    ports.log('events-not-published', { subscriptionId, code, text, retryAt: ports.clock.now() });
  }
}

async function publish(ports: Publishing, subscriptionId: string): Promise<void> {
  const { store, clock, log } = ports;
  const rows = await store.news.list(subscriptionId, 'pending', {
    limit: MOST_ROWS,
    ...tellingUnreadable(log, subscriptionId),
  });
  if (rows.length === 0) return;
  const subject = subscriptionSubject(subscriptionId);
  const own = rows.find(({ row }) => idKey(row.subject) === idKey(subject)) ??
    (await store.news.get(subscriptionId, rowKey(subject))) ?? { row: newNewsRow(subject), etag: undefined };
  const refusal = own.row.topic;
  const now = clock.now();
  if (isAhead(refusal?.retryAt, now, LONGEST_WAIT_MS)) return;

  const waiting = rows.flatMap(({ row }) => row.pending).toSorted((a, b) => a.at - b.at);
  const old = waiting.filter(({ at }) => now - at > MOST_AGE_MS);
  const size = refusal && FINAL.includes(refusal.status) ? 1 : MOST_EVENTS;
  const batch = waiting.filter((news) => !old.includes(news)).slice(0, size);
  const done = new Set(old.map(({ id }) => id));
  if (old.length > 0) log('events-dropped', { subscriptionId, events: old.length });
  let next: TopicRefusal | undefined;
  try {
    if (batch.length > 0) await ports.topic.publish(batch.map((news) => cloudEventOf(news, subscriptionId)));
    for (const { id } of batch) done.add(id);
    if (batch.length > 0) log('events-published', { subscriptionId, events: batch.length });
  } catch (cause) {
    const error = asAzureError(cause, 'publish events');
    if (batch.length === 1 && FINAL.includes(error.status)) {
      for (const { id } of batch) done.add(id);
      log('events-dropped', { subscriptionId, events: 1, text: error.message });
    } else {
      next = nextTry(refusal, error.status, error.retryAfterSeconds, clock.now());
      const { code, message: text } = error;
      log('events-not-published', { subscriptionId, code, text, retryAt: next.retryAt });
    }
  }
  await Promise.all(rows.map((row) => takeOut(ports, subscriptionId, row, done, own, next)));
  if (!rows.some(({ row }) => row === own.row)) await takeOut(ports, subscriptionId, own, done, own, next);
}

/** Twice as long with each refusal, or as long as Event Grid says. */
function nextTry(
  before: TopicRefusal | undefined,
  status: number,
  after: number | undefined,
  now: number,
): TopicRefusal {
  const failures = (before?.failures ?? 0) + 1;
  const waitMs = Math.max(FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 10), (after ?? 0) * 1000);
  return { retryAt: now + Math.min(waitMs, LONGEST_WAIT_MS), failures, status };
}

/** Writes a row without what was told. One that changed meanwhile keeps it, and it is told again. */
async function takeOut(
  { store }: Publishing,
  subscriptionId: string,
  { row, etag }: { row: NewsRow; etag?: string | undefined },
  done: ReadonlySet<string>,
  own: { row: NewsRow },
  refusal: TopicRefusal | undefined,
): Promise<void> {
  const pending = row.pending.filter(({ id }: News) => !done.has(id));
  const isOwn = row === own.row;
  const { topic: before, ...rest } = row;
  const changes = pending.length < row.pending.length || (isOwn && (before !== undefined || refusal !== undefined));
  if (!changes) return;
  const next: NewsRow = { ...rest, pending, ...(isOwn && refusal ? { topic: refusal } : {}) };
  await store.news.put(subscriptionId, rowKey(row.subject), next, etag).catch(unlessConflict);
}
