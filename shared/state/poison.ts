/** The queue of messages that the host gave up on. The SDK is loaded at the first call. */
import { POISON_QUEUE } from '../model/messages.ts';
import { openQueue } from './queue.ts';
import type { StorageAccount } from './storage.ts';

/**
 * How many messages wait there: `deadLetter` takes those that it can read, so what stays is unreadable. Azure's number
 * is an estimate. Throws what the SDK throws.
 */
export async function countPoisoned(account: StorageAccount): Promise<number> {
  const queue = await openQueue(account, POISON_QUEUE);
  return (await queue.getProperties()).approximateMessagesCount ?? 0;
}
