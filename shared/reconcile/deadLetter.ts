/** What the host gave up on: the run of a poisoned signal is marked failed, with the reason. */
import type { SignalMessage } from '../state/messages.ts';
import { acceptedRun, isOpen } from '../state/rows.ts';
import type { Store } from '../state/store.ts';

/**
 * Marks the run of a signal failed, making its row when it was never recorded. A run that ended meanwhile stays as
 * it is. Returns true when a row was written. Throws StateError; the host then delivers the message again.
 */
export async function markFailed(
  store: Pick<Store, 'runs'>,
  message: SignalMessage,
  text: string,
  now: number,
): Promise<boolean> {
  const { v: _v, kind: _kind, ...signal } = message;
  const found = await store.runs.get(signal.subscriptionId, signal.runId);
  if (found && !isOpen(found.row)) return false;
  const row = found?.row ?? acceptedRun(signal);
  const failed = { ...row, state: 'failed' as const, settledAt: now, reason: { code: 'DEAD_LETTER', text, at: now } };
  await store.runs.put(signal.subscriptionId, signal.runId, failed, found?.etag);
  return true;
}
