/** An event subscription: filters, delivers to a webhook until it is acknowledged, writes dead letters. */
import { setTimeout as sleep } from 'node:timers/promises';
import { GuardError } from '../../shared/errors.ts';
import { type DeadLetterBlob, deadLetterBlob } from './deadLetter.ts';
import { compileFilter, type SubscriptionFilter } from './filter.ts';
import { seededRandom } from './random.ts';
import {
  type AttemptResult,
  afterAttempt,
  DEAD_LETTER_DELAY_MS,
  DEFAULT_RETRY_POLICY,
  type EndpointType,
  isAcknowledged,
  outcomeName,
  type RetryPolicy,
} from './retry.ts';
import { type AnyEvent, inSchema, type SchemaName } from './schemas.ts';

/** ARM's `properties` of an event subscription, as far as they are modelled; `endpoint` stands for its destination. */
export interface SubscriptionOptions {
  name: string;
  /** Where to deliver: the host's webhook. */
  endpoint: string;
  endpointType?: EndpointType;
  eventDeliverySchema?: SchemaName;
  filter?: SubscriptionFilter;
  retryPolicy?: Partial<RetryPolicy>;
  /** Dead letters are kept; without, given-up events are dropped. */
  deadLetter?: boolean;
}

/** Disturbances of the network between Event Grid and the app. Each is drawn per event and subscription. */
export interface Disturbance {
  /** Share of events that are delivered twice though the first delivery was acknowledged. */
  duplicates?: number;
  /** Longest time by which a first delivery is held back, at random: events change their order. */
  holdBackMs?: number;
  /** Share of acknowledgements that Event Grid loses: it delivers again later. */
  lostAnswers?: number;
}

/** What a subscription shares with all others of one Event Grid. */
export interface DeliveryContext {
  random: () => number;
  /** Event Grid's waits are multiplied by this. */
  timeFactor: number;
  answerLimitMs: number;
  disturbance: () => Disturbance;
  attempted(attempt: DeliveryAttempt): void;
  deadLettered(blob: DeadLetterBlob): void;
  dropped(subscription: string, eventId: string, reason: string): void;
  /** Ends all waits. */
  signal: AbortSignal;
}

/** One request to an endpoint. */
export interface DeliveryAttempt {
  subscription: string;
  eventId: string;
  /** From 1. */
  attempt: number;
  status: number | undefined;
  outcome: string;
  ms: number;
}

export interface Subscription {
  name: string;
  matches(event: AnyEvent): boolean;
  /** Resolves when the event was acknowledged, dead-lettered or dropped. */
  deliver(event: AnyEvent, publishedAt: Date): Promise<void>;
}

export function createSubscription(
  options: SubscriptionOptions,
  inputSchema: SchemaName,
  context: DeliveryContext,
): Subscription {
  const { name, endpoint, endpointType = 'AzureFunction', deadLetter = false } = options;
  const schema = options.eventDeliverySchema ?? inputSchema;
  if (inputSchema === 'CloudEventSchemaV1_0' && schema !== inputSchema) {
    throw new GuardError(
      'INPUT_INVALID',
      `Subscription ${name}: CloudEvents cannot be delivered as ${schema}.`,
      'Use CloudEventSchemaV1_0.',
    );
  }
  const matches = compileFilter(options.filter);
  const policy: RetryPolicy = { ...DEFAULT_RETRY_POLICY, ...options.retryPolicy };
  const { timeFactor, signal } = context;
  const wait = (ms: number): Promise<void> => sleep(ms, undefined, { signal });

  async function attempt(event: AnyEvent, number: number): Promise<AttemptResult> {
    const began = performance.now();
    const result = await post(endpoint, schema, name, event, number, context);
    context.attempted({
      subscription: name,
      eventId: event.event.id,
      attempt: number,
      status: result.status,
      outcome: isAcknowledged(result.status) ? 'Success' : outcomeName(result),
      ms: Math.round(performance.now() - began),
    });
    return result;
  }

  async function untilSettled(event: AnyEvent, publishedAt: Date): Promise<void> {
    // Numbers of its own: what is drawn for an event does not depend on how fast others were delivered.
    const random = seededRandom(context.random() * 2 ** 32);
    const { duplicates = 0, holdBackMs = 0, lostAnswers = 0 } = context.disturbance();
    const twice = random() < duplicates;
    if (holdBackMs > 0) await wait(random() * holdBackMs);
    for (let attempts = 1; ; attempts++) {
      const lastAttemptAt = new Date();
      let result = await attempt(event, attempts);
      if (isAcknowledged(result.status) && random() < lostAnswers) result = { status: undefined, outcome: 'TimedOut' };
      const ageMs = (Date.now() - publishedAt.getTime()) / timeFactor;
      const next = afterAttempt(result, attempts, ageMs, policy, endpointType, random);
      if (next.kind === 'wait') {
        await wait(next.ms * timeFactor);
        continue;
      }
      if (next.kind === 'done') {
        if (twice) await attempt(event, attempts);
        return;
      }
      if (!deadLetter) {
        context.dropped(name, event.event.id, next.reason);
        return;
      }
      await wait(DEAD_LETTER_DELAY_MS * timeFactor);
      const details = {
        reason: next.reason,
        attempts,
        lastOutcome: outcomeName(result),
        lastStatus: result.status,
        publishedAt,
        lastAttemptAt,
      };
      context.deadLettered(deadLetterBlob(name, schema, event, details));
      return;
    }
  }

  return {
    name,
    matches,
    deliver: (event, publishedAt) =>
      untilSettled(event, publishedAt).catch((error: unknown) => {
        // Stopped in the middle of a wait.
        if (!signal.aborted) throw error;
      }),
  };
}

async function post(
  endpoint: string,
  schema: SchemaName,
  subscription: string,
  event: AnyEvent,
  attempt: number,
  context: DeliveryContext,
): Promise<AttemptResult> {
  const body = inSchema(schema, event);
  const isCloudEvent = schema === 'CloudEventSchemaV1_0';
  const limit = AbortSignal.timeout(context.answerLimitMs);
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': isCloudEvent
          ? 'application/cloudevents+json; charset=utf-8'
          : 'application/json; charset=utf-8',
        'aeg-event-type': 'Notification',
        'aeg-subscription-name': subscription.toUpperCase(),
        'aeg-delivery-count': String(attempt - 1),
        'aeg-data-version': String((body as { dataVersion?: string }).dataVersion ?? ''),
        'aeg-metadata-version': isCloudEvent ? '1.0' : '1',
      },
      // Event Grid's own schema comes as an array of one event, a CloudEvent alone.
      body: JSON.stringify(isCloudEvent ? body : [body]),
      signal: AbortSignal.any([limit, context.signal]),
    });
    await response.arrayBuffer();
    return { status: response.status };
  } catch {
    // No connection, or no answer in time; which of them is all that Event Grid tells.
    return { status: undefined, outcome: limit.aborted ? 'TimedOut' : 'Aborted' };
  }
}
