/**
 * Both schemas of Event Grid as one shape. Schemas: learn.microsoft.com "Event Grid event schema" and
 * "CloudEvents v1.0 schema with Azure Event Grid". Loaded by event handlers: zod/mini only.
 */
import * as z from 'zod/mini';
import { InputError } from '../errors.ts';

/** An event of either schema. `data` is not looked at here. */
export interface EventEnvelope {
  /** Event Grid's `topic`, CloudEvents' `source`. */
  source: string;
  id: string;
  type: string;
  subject: string;
  /** As the event wrote it. */
  time: string;
  data: unknown;
}

const text = (most: number) => z.string().check(z.maxLength(most));
const named = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));

const eventGridSchema = z.object({
  id: named(256),
  topic: z.optional(text(1024)),
  subject: z._default(text(1024), ''),
  eventType: named(256),
  eventTime: text(64),
  data: z.unknown(),
});

const cloudEventSchema = z.object({
  specversion: z.literal('1.0'),
  id: named(256),
  source: named(1024),
  subject: z._default(text(1024), ''),
  type: named(256),
  time: z._default(text(64), ''),
  data: z.unknown(),
});

/** Reads one event. Throws InputError EVENT_INVALID naming the field. */
export function readEnvelope(raw: unknown): EventEnvelope {
  const isCloudEvent = typeof raw === 'object' && raw !== null && 'specversion' in raw;
  if (isCloudEvent) {
    const { source, id, type, subject, time, data } = check(cloudEventSchema, raw);
    return { source, id, type, subject, time, data };
  }
  const { topic, id, eventType, subject, eventTime, data } = check(eventGridSchema, raw);
  return { source: topic ?? '', id, type: eventType, subject, time: eventTime, data };
}

/** Parses by a schema. Throws InputError EVENT_INVALID with the first field that is wrong. */
export function check<T extends z.ZodMiniType>(schema: T, raw: unknown): z.output<T> {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path ?? [];
  const value = path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    raw,
  );
  throw new InputError('EVENT_INVALID', path.join('.') || 'event', value, issue?.message ?? 'not an event');
}
