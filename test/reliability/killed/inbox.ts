/** A queue's messages as a host hands them out: one receiver for all runs, each message to the run that it names. */
import { setTimeout as delay } from 'node:timers/promises';
import { type DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import type { Order } from './orders.ts';

export interface Delivery {
  queue: Order['queue'];
  text: string;
  id: string;
  /** Done: the message is deleted. */
  done(): Promise<void>;
  /** Not done: it comes back after so many seconds, as one whose host is gone. */
  back(seconds: number): Promise<void>;
}

/** Who takes a subscription's messages; undefined when nobody does any more. */
export type Addressee = (subscriptionId: string) => ((delivery: Delivery) => void) | undefined;

/** How long a message is hidden while it is worked on. Longer than any work here takes: `back` makes it short. */
const HIDDEN_SECONDS = 120;
/** Between two looks into an empty queue. */
const POLL_MS = { reconcile: 100, poison: 400 };

export class Inbox {
  readonly #name: string;
  #client: QueueClient;
  readonly #queue: Order['queue'];
  readonly #to: Addressee;
  #stopped = false;
  #polling: Promise<void>;

  constructor(connectionString: string, name: string, queue: Order['queue'], to: Addressee) {
    this.#name = name;
    this.#client = new QueueClient(connectionString, name);
    this.#queue = queue;
    this.#to = to;
    this.#polling = this.#start();
  }

  #start(): Promise<void> {
    this.#stopped = false;
    const polling = this.#poll();
    // Told when it is waited for, in stop().
    polling.catch(() => {});
    return polling;
  }

  /** Goes on with a queue that is somewhere else now; messages in work are of that one too. */
  moveTo(connectionString: string): void {
    this.#client = new QueueClient(connectionString, this.#name);
    this.#polling = this.#start();
  }

  async send(message: unknown): Promise<void> {
    await this.#client.createIfNotExists();
    await this.#client.sendMessage(JSON.stringify(message));
  }

  /** Takes nothing new. Throws what stopped it before. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#polling;
  }

  async #poll(): Promise<void> {
    await this.#client.createIfNotExists();
    while (!this.#stopped) {
      const answer = await this.#client.receiveMessages({ numberOfMessages: 32, visibilityTimeout: HIDDEN_SECONDS });
      for (const item of answer.receivedMessageItems) await this.#handOut(item);
      if (answer.receivedMessageItems.length === 0) await delay(POLL_MS[this.#queue]);
    }
  }

  async #handOut(item: DequeuedMessageItem): Promise<void> {
    const { messageId, popReceipt, messageText } = item;
    const { subscriptionId } = JSON.parse(messageText) as { subscriptionId: string };
    const take = this.#to(subscriptionId);
    const done = async (): Promise<void> => void (await this.#client.deleteMessage(messageId, popReceipt));
    if (!take) return done();
    take({
      queue: this.#queue,
      text: messageText,
      id: messageId,
      done,
      back: async (seconds) => void (await this.#client.updateMessage(messageId, popReceipt, messageText, seconds)),
    });
  }
}
