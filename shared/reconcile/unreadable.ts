/** Rows that cannot be read: how they are known, and how the log tells them. */
import { StateError } from '../errors.ts';
import type { Log } from '../model/steps.ts';
import type { ListOptions, UnreadableRow } from '../model/store.ts';

/** True for a row that is broken or of a later version; anything else that a store throws is its own failure. */
export const isUnreadable = (error: unknown): error is StateError =>
  error instanceof StateError && ['STATE_ROW_BROKEN', 'STATE_VERSION_UNKNOWN'].includes(error.code);

/** Says in the log that a row cannot be read. */
export const tellUnreadable =
  (log: Log, subscriptionId: string) =>
  ({ where, error }: Pick<UnreadableRow, 'where' | 'error'>): void =>
    log('row-unreadable', { subscriptionId, row: where, code: error.code, text: error.message });

/** Lists what can be read, and says of the rest in the log why not. */
export const tellingUnreadable = (log: Log, subscriptionId: string): ListOptions => ({
  unreadable: tellUnreadable(log, subscriptionId),
});
