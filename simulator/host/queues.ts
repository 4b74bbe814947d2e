/** Storage queues as the host uses them: clients by connection, sending with creation, and who waits for a queue. */
import { type QueueClient, QueueServiceClient } from '@azure/storage-queue';
import type { QueuesOptions } from './hostJson.ts';
import { connectionString, resolveNames, type Settings } from './settings.ts';

export interface Queues {
  client(queueName: string, connection: unknown): QueueClient;
  /** Encodes and sends a message, creating the queue when it is not there; wakes this process' listener of it. */
  send(queueName: string, connection: unknown, text: string): Promise<void>;
  /** Sends text as it is stored, not encoded again. */
  sendStored(client: QueueClient, stored: string): Promise<void>;
  /** Calls back when this process put a message on the queue: the real host's SharedQueueWatcher. */
  watch(client: QueueClient, notify: () => void): void;
  /** Text of a stored message, or undefined when it is not in the configured encoding. */
  decode(stored: string): string | undefined;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function createQueues(options: QueuesOptions, settings: Settings): Queues {
  const services = new Map<string, QueueServiceClient>();
  const watchers = new Map<string, Set<() => void>>();

  function client(queueName: string, connection: unknown): QueueClient {
    const access = connectionString(connection, settings);
    let service = services.get(access);
    if (!service) {
      service = QueueServiceClient.fromConnectionString(access, { retryOptions: { maxTries: 3, retryDelayInMs: 200 } });
      services.set(access, service);
    }
    return service.getQueueClient(resolveNames(queueName, settings).toLowerCase());
  }

  async function sendStored(queue: QueueClient, stored: string): Promise<void> {
    try {
      await queue.sendMessage(stored);
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
      await queue.createIfNotExists();
      await queue.sendMessage(stored);
    }
    for (const notify of watchers.get(queue.url) ?? []) notify();
  }

  const encode = (text: string): string =>
    options.messageEncoding === 'base64' ? Buffer.from(text).toString('base64') : text;

  return {
    client,
    sendStored,
    send: (queueName, connection, text) => sendStored(client(queueName, connection), encode(text)),
    watch(queue, notify) {
      const known = watchers.get(queue.url) ?? new Set();
      watchers.set(queue.url, known.add(notify));
    },
    decode(stored) {
      if (options.messageEncoding === 'none') return stored;
      return BASE64.test(stored) ? Buffer.from(stored, 'base64').toString('utf8') : undefined;
    },
  };
}

/** HTTP status of a storage error. */
export const statusOf = (error: unknown): number | undefined => (error as { statusCode?: number }).statusCode;
