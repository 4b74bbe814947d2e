/** Bells on the queue, some of them delayed (which an output binding cannot do). The SDK is loaded at the first ring. */
import type { QueueClient } from '@azure/storage-queue';
import type { Bell } from '../model/ports.ts';
import { bellMessage, RECONCILE_QUEUE } from './messages.ts';
import { type StorageAccount, storageCredential } from './storage.ts';

/** Rings on the queue `reconcile`, which the host makes at start. */
export function openBells(account: StorageAccount): Bell {
  let client: Promise<QueueClient> | undefined;
  return {
    async ring(subscriptionId, delaySeconds) {
      client ??= openQueue(account);
      const queue = await client;
      await queue.sendMessage(JSON.stringify(bellMessage(subscriptionId)), {
        visibilityTimeout: Math.max(0, Math.ceil(delaySeconds)),
      });
    },
  };
}

async function openQueue(account: StorageAccount): Promise<QueueClient> {
  const { QueueClient } = await import('@azure/storage-queue');
  const client =
    account.kind === 'connectionString'
      ? new QueueClient(account.connectionString, RECONCILE_QUEUE)
      : new QueueClient(`${account.queueUrl}/${RECONCILE_QUEUE}`, await storageCredential(account));
  await client.createIfNotExists();
  return client;
}
