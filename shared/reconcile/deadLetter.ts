/** What the host gave up on: the run of a poisoned signal is marked failed, with the reason. */

import { failed } from '../decide/endings.ts';
import { countOutcomes, end } from '../decide/outcomes.ts';
import type { SignalMessage } from '../model/messages.ts';
import { addNews, newNewsRow, runFailedNews, subscriptionSubject } from '../model/news.ts';
import { acceptedRun, isOpen, type OutcomeRow, type RunRow } from '../model/rows.ts';
import { rowKey, type Store } from '../model/store.ts';
import { ownOutcomes } from './ownOutcomes.ts';

/**
 * Marks the run of a signal failed, making its row when it was never recorded, and what is open in it: nobody looks at
 * the outcomes of an ended run again. A run that ended meanwhile stays as it is. Returns true when its row was written.
 * Throws StateError; the host then delivers the message again.
 */
export async function markFailed(
  store: Pick<Store, 'runs' | 'outcomes' | 'news'>,
  message: SignalMessage,
  text: string,
  now: number,
  tellsEvents = false,
): Promise<boolean> {
  const { v: _v, kind: _kind, ...signal } = message;
  const found = await store.runs.get(signal.subscriptionId, signal.runId);
  if (found && !isOpen(found.row)) return false;
  const row = found?.row ?? acceptedRun(signal);
  const unreadable = new Set<string>();
  const outcomes = await endOutcomes(store, row, text, now, unreadable);
  const ended: RunRow = {
    ...row,
    state: 'failed',
    settledAt: now,
    counts: countOutcomes(row.fresh, outcomes, unreadable.size),
    reason: { code: 'DEAD_LETTER', text, at: now },
  };
  // Before the run's end: nobody tells of it a second time.
  if (tellsEvents) await tellFailed(store, ended, text, now);
  await store.runs.put(signal.subscriptionId, signal.runId, ended, found?.etag);
  return true;
}

async function tellFailed({ news }: Pick<Store, 'news'>, run: RunRow, text: string, now: number): Promise<void> {
  const { subscriptionId, runId, signal, counts } = run;
  const subject = subscriptionSubject(subscriptionId);
  const found = await news.get(subscriptionId, rowKey(subject));
  const row = found ? structuredClone(found.row) : newNewsRow(subject);
  const data = { subscriptionId, runId, signal, failedVms: counts.failed, code: 'DEAD_LETTER', text };
  addNews(row, runFailedNews(now, { ...data, state: 'failed' }));
  await news.put(subscriptionId, rowKey(subject), row, found?.etag);
}

/** Ends what is open; returns the run's outcomes as they are then, and adds the keys of those that cannot be read. */
async function endOutcomes(
  store: Pick<Store, 'outcomes'>,
  run: RunRow,
  text: string,
  now: number,
  unreadable: Set<string>,
): Promise<OutcomeRow[]> {
  const ended: OutcomeRow[] = [];
  for (const { row, etag } of await ownOutcomes(store, run, 'all', { unreadable: ({ key }) => unreadable.add(key) })) {
    if (row.state === 'settled') {
      ended.push(row);
      continue;
    }
    const findings = [...row.findings, failed('DEAD_LETTER', text)];
    const last: OutcomeRow = { ...row, findings };
    end(last, 'failed', now);
    await store.outcomes.put(run.runId, rowKey(row.vmId), last, etag);
    ended.push(last);
  }
  return ended;
}
