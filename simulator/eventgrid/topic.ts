/** A topic: takes events and hands each to the subscriptions whose filter it passes. */
import { shakeHands } from './handshake.ts';
import type { AnyEvent, SchemaName } from './schemas.ts';
import {
  createSubscription,
  type DeliveryContext,
  type Subscription,
  type SubscriptionOptions,
} from './subscription.ts';

export interface TopicCounts {
  published: number;
  /** Events times matching subscriptions. */
  matched: number;
}

export interface Topic {
  id: string;
  counts: TopicCounts;
  /** Adds a subscription, after a handshake for a WebHook. */
  subscribe(options: SubscriptionOptions): Promise<void>;
  unsubscribe(name: string): void;
  /** Hands events over and returns at once: publishing does not wait for delivery. */
  accept(events: AnyEvent[]): void;
}

export function createTopic(
  id: string,
  schema: SchemaName,
  context: DeliveryContext,
  track: (delivery: Promise<void>) => void,
): Topic {
  const subscriptions = new Map<string, Subscription>();
  const counts: TopicCounts = { published: 0, matched: 0 };
  return {
    id,
    counts,
    async subscribe(options) {
      const subscription = createSubscription(options, schema, context);
      if (options.endpointType === 'WebHook') {
        await shakeHands(options.endpoint, options.eventDeliverySchema ?? schema, options.name, id);
      }
      subscriptions.set(options.name, subscription);
    },
    unsubscribe: (name) => void subscriptions.delete(name),
    accept(events) {
      const publishedAt = new Date();
      for (const event of events) {
        counts.published++;
        for (const subscription of subscriptions.values()) {
          if (!subscription.matches(event)) continue;
          counts.matched++;
          track(subscription.deliver(event, publishedAt));
        }
      }
    },
  };
}
