/** A queue of the storage account. The SDK is loaded at the first call. */
import type { QueueClient } from '@azure/storage-queue';
import { type StorageAccount, storageCredential } from './storage.ts';

/** Opens a queue, and makes it where it is not there. */
export async function openQueue(account: StorageAccount, name: string): Promise<QueueClient> {
  const { QueueClient } = await import('@azure/storage-queue');
  const client =
    account.kind === 'connectionString'
      ? new QueueClient(account.connectionString, name)
      : new QueueClient(`${account.queueUrl}/${name}`, await storageCredential(account));
  await client.createIfNotExists();
  return client;
}
