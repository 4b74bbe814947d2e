/**
 * Both schemas of Event Grid as one shape. Schemas: learn.microsoft.com "Event Grid event schema" and
 * "CloudEvents v1.0 schema with Azure Event Grid". Loaded by event handlers: zod/mini only.
 */
import type { CloudEvent, EventGridEvent } from '@azure/eventgrid';
import * as z from 'zod/mini';
import { InputError } from '../errors.ts';
import { firstIssue } from '../model/firstIssue.ts';
import { idKey } from '../model/ids.ts';
import { runIdOf } from '../model/runId.ts';
import type { ScopeItem, Signal, SignalKind } from '../model/signal.ts';

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

/** What an event comes to: a signal, a mirror's test of the way, or why it is none. */
export type EventRead =
  | { kind: 'signal'; signal: Signal }
  | { kind: 'tested'; vmId: string; eventId: string; vip?: string }
  | { kind: 'ignored'; why: string; operation: string; resource: string };

const text = (most: number) => z.string().check(z.maxLength(most));
const named = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));

/** The fields of a schema, each one that the SDK's own type of the event has. */
type FieldsOf<Event> = Partial<Record<keyof Event, z.ZodMiniType>>;

/** Schemas are lazy in all that the app loads at its start: an instance of the app needs few of them, if any, soon. */
const eventGridSchema = z.lazy(() =>
  z.object({
    id: named(256),
    topic: z.optional(text(1024)),
    subject: z._default(text(1024), ''),
    eventType: named(256),
    eventTime: text(64),
    data: z.unknown(),
  } satisfies FieldsOf<EventGridEvent<unknown>>),
);

const cloudEventSchema = z.lazy(() =>
  z.object({
    specversion: z.literal('1.0'),
    id: named(256),
    source: named(1024),
    subject: z._default(text(1024), ''),
    type: named(256),
    time: z._default(text(64), ''),
    data: z.unknown(),
  } satisfies FieldsOf<CloudEvent<unknown> & { specversion: '1.0' }>),
);

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

/**
 * The run that an event makes: a repeat is the same run. What it is about and its time are in it, since a publisher to a
 * custom topic chooses source and id: an event with the id that another will have must not take that one's run.
 */
export const eventRunId = (
  signal: SignalKind,
  { source, id, time }: EventEnvelope,
  scope: readonly ScopeItem[],
): string => runIdOf(signal, source, id, instant(time), ...scope.flatMap((item) => [item.kind, idKey(item.id)]));

/** A time in one way of writing it: the schemas do not write it alike. A text that is none stays as it is. */
const instant = (time: string): string => (Number.isNaN(Date.parse(time)) ? time : String(Date.parse(time)));

/** Parses by a schema. Throws InputError EVENT_INVALID with the first field that is wrong. */
export function check<T extends z.ZodMiniType>(schema: T, raw: unknown): z.output<T> {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const { field, value, message } = firstIssue(result.error, raw);
  throw new InputError('EVENT_INVALID', field || 'event', value, message);
}
