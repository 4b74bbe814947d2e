/**
 * The queue trigger (azure-sdk-for-net, Storage.Common: QueueListener.cs, QueueProcessor.cs): polls with back-off,
 * hides a message while its function runs, deletes it after success, gives it back after a failure, and moves it to
 * `<queue>-poison` after maxDequeueCount failures. A queue that is not there is waited for, not created.
 */
import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import { messageOf } from '../../shared/errors.ts';
import { pollingDelays } from './backoff.ts';
import type { RegisteredFunction } from './core.ts';
import type { RpcTypedData } from './functionsCore.ts';
import type { QueuesOptions } from './hostJson.ts';
import { type Invoker, triggerOf } from './invoke.ts';
import { type Queues, statusOf } from './queues.ts';

/** A trigger that runs by itself. */
export interface Listener {
  /** Takes nothing new and resolves when what it took is finished. */
  stop(): Promise<void>;
}

export interface QueueTriggerOptions {
  target: RegisteredFunction;
  queues: Queues;
  options: QueuesOptions;
  invoker: Invoker;
  /** How long a message is hidden at a time while its function runs; the real host's is 600. */
  runningVisibilitySeconds: number;
  log(level: 'warning' | 'error' | 'debug', message: string): void;
}

const POISON = '-poison';
const LONGEST_NAME = 63;

export function startQueueTrigger({
  target,
  queues,
  options,
  invoker,
  runningVisibilitySeconds,
  log,
}: QueueTriggerOptions): Listener {
  const trigger = triggerOf(target).options;
  const queue = queues.client(String(trigger.queueName), trigger.connection);
  const poisonName = `${queue.name}${POISON}`;
  const poison =
    queue.name.endsWith(POISON) || poisonName.length > LONGEST_NAME
      ? undefined
      : queues.client(poisonName, trigger.connection);
  const processing = new Set<Promise<void>>();
  const nextDelay = pollingDelays(options.maxPollingIntervalMs);
  let stopped = false;
  let wake = Promise.withResolvers<void>();
  queues.watch(queue, () => wake.resolve());

  async function poll(): Promise<void> {
    let exists = false;
    let found = false;
    while (!stopped) {
      wake = Promise.withResolvers<void>();
      let messages: DequeuedMessageItem[] = [];
      try {
        exists ||= await queue.exists();
        if (exists) messages = await receive();
      } catch (error) {
        exists = false;
        log('warning', `Queue ${queue.name} could not be read: ${messageOf(error)}`);
      }
      if (messages.length === 0) {
        await sleep(nextDelay(found), wake.promise);
        found = false;
        continue;
      }
      found = true;
      for (const message of messages) {
        const work = processMessage(message).catch((error: unknown) => {
          log('error', `Message ${message.messageId} of ${queue.name} could not be completed: ${messageOf(error)}`);
        });
        processing.add(work);
        void work.finally(() => processing.delete(work));
      }
      while (processing.size > options.newBatchThreshold && !stopped) await Promise.race(processing);
    }
  }

  async function receive(): Promise<DequeuedMessageItem[]> {
    const answer = await queue.receiveMessages({
      numberOfMessages: options.batchSize,
      visibilityTimeout: runningVisibilitySeconds,
    });
    return answer.receivedMessageItems;
  }

  async function processMessage(message: DequeuedMessageItem): Promise<void> {
    const text = queues.decode(message.messageText);
    if (text === undefined) {
      log('warning', `Message ${message.messageId} of ${queue.name} is not ${options.messageEncoding}.`);
      await moveToPoison(message, message.popReceipt);
      return;
    }
    if (message.dequeueCount > options.maxDequeueCount) {
      await moveToPoison(message, message.popReceipt);
      return;
    }
    const hidden = keepHidden(queue, message, runningVisibilitySeconds, log);
    const { invocation } = await invoker.invoke(target, {
      trigger: 'queue',
      data: { string: text },
      metadata: metadataOf(message, text),
      dequeueCount: message.dequeueCount,
    });
    const popReceipt = await hidden.release();
    if (invocation.ok) await forget(() => queue.deleteMessage(message.messageId, popReceipt));
    else if (!poison)
      log('warning', `Message ${message.messageId} of ${queue.name} stays hidden: the queue has no poison queue.`);
    else if (message.dequeueCount >= options.maxDequeueCount) await moveToPoison(message, popReceipt);
    else {
      const seconds = Math.trunc(options.visibilityTimeoutMs / 1000);
      await forget(() => queue.updateMessage(message.messageId, popReceipt, undefined, seconds));
    }
  }

  async function moveToPoison(message: DequeuedMessageItem, popReceipt: string): Promise<void> {
    if (!poison) return;
    log(
      'warning',
      `Message ${message.messageId} has reached MaxDequeueCount of ${options.maxDequeueCount}. Moving message to queue '${poison.name}'.`,
    );
    await queues.sendStored(poison, message.messageText);
    await forget(() => queue.deleteMessage(message.messageId, popReceipt));
  }

  /** Somebody else took the message over, or it or the queue is gone: nothing left to do for this process. */
  async function forget(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (![400, 404, 409].includes(statusOf(error) ?? 0)) throw error;
      log('debug', `A message of ${queue.name} was taken over or is gone: ${messageOf(error)}`);
    }
  }

  const polling = poll();
  return {
    async stop() {
      stopped = true;
      wake.resolve();
      await polling;
      await Promise.all(processing);
    },
  };
}

/** Renews a message's hiding at half of its time, for as long as its function runs. */
function keepHidden(
  queue: QueueClient,
  message: DequeuedMessageItem,
  seconds: number,
  log: QueueTriggerOptions['log'],
): { release(): Promise<string> } {
  let popReceipt = message.popReceipt;
  let renewal = Promise.resolve();
  const timer = setInterval(
    () => {
      renewal = renewal.then(async () => {
        try {
          const answer = await queue.updateMessage(message.messageId, popReceipt, undefined, seconds);
          popReceipt = answer.popReceipt ?? popReceipt;
        } catch (error) {
          log('warning', `Message ${message.messageId} of ${queue.name} could not be kept hidden: ${messageOf(error)}`);
        }
      });
    },
    (seconds * 1000) / 2,
  );
  return {
    async release() {
      clearInterval(timer);
      await renewal;
      return popReceipt;
    },
  };
}

/** `context.triggerMetadata` (Storage.Queues, QueueTriggerBinding.cs). */
function metadataOf(message: DequeuedMessageItem, text: string): Record<string, RpcTypedData> {
  const date = (value: Date): RpcTypedData => ({ json: JSON.stringify(value) });
  return {
    QueueTrigger: { string: text },
    DequeueCount: { int: message.dequeueCount },
    ExpirationTime: date(message.expiresOn),
    Id: { string: message.messageId },
    InsertionTime: date(message.insertedOn),
    NextVisibleTime: date(message.nextVisibleOn),
    PopReceipt: { string: message.popReceipt },
  };
}

async function sleep(ms: number, woken: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([over, woken]);
  clearTimeout(timer);
}
