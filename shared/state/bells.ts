/** Bells on the queue, some of them delayed (which an output binding cannot do). The SDK is loaded at the first ring. */
import type { QueueClient } from '@azure/storage-queue';
import { bellMessage, RECONCILE_QUEUE } from '../model/messages.ts';
import type { Bell } from '../model/ports.ts';
import { openQueue } from './queue.ts';
import type { StorageAccount } from './storage.ts';

/** Rings on the queue `reconcile`, which the host makes at start. */
export function openBells(account: StorageAccount): Bell {
  let client: Promise<QueueClient> | undefined;
  return {
    async ring(subscriptionId, delaySeconds) {
      client ??= openQueue(account, RECONCILE_QUEUE);
      const queue = await client;
      await queue.sendMessage(JSON.stringify(bellMessage(subscriptionId)), {
        visibilityTimeout: Math.max(0, Math.ceil(delaySeconds)),
      });
    },
  };
}
