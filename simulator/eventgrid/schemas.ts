/**
 * The two shapes of events, and the way from one to the other (MicrosoftDocs/azure-docs, event-grid/event-schema.md
 * and cloud-event-schema.md).
 */
import { InputError } from '../../shared/errors.ts';

export type SchemaName = 'EventGridSchema' | 'CloudEventSchemaV1_0';

/** Event Grid's own schema, as delivered. */
export interface EventGridEvent {
  id: string;
  topic: string;
  subject: string;
  eventType: string;
  eventTime: string;
  dataVersion: string;
  metadataVersion: string;
  data: unknown;
}

/** CloudEvents 1.0; extension attributes are further fields. */
export interface CloudEvent {
  specversion: '1.0';
  id: string;
  source: string;
  type: string;
  subject?: string;
  time?: string;
  data?: unknown;
  [attribute: string]: unknown;
}

/** An event with the schema it came in. */
export type AnyEvent =
  | { schema: 'EventGridSchema'; event: EventGridEvent }
  | { schema: 'CloudEventSchemaV1_0'; event: CloudEvent };

/** The event in the schema that a subscription wants. CloudEvents are never delivered in Event Grid's own schema. */
export function inSchema(wanted: SchemaName, given: AnyEvent): EventGridEvent | CloudEvent {
  if (given.schema === wanted) return given.event;
  if (given.schema === 'EventGridSchema') return toCloudEvent(given.event);
  throw new InputError(
    'INPUT_INVALID',
    'eventDeliverySchema',
    wanted,
    'must be CloudEventSchemaV1_0 for a topic that takes CloudEvents',
  );
}

function toCloudEvent(event: EventGridEvent): CloudEvent {
  return {
    specversion: '1.0',
    id: event.id,
    source: event.topic,
    subject: event.subject,
    type: event.eventType,
    time: event.eventTime,
    data: event.data,
  };
}

/** The field that a filter's key names: the envelope's own in any letter case and either schema's name, or `data.a.b`. */
export function fieldOf({ event }: AnyEvent, key: string): unknown {
  const [first = '', ...rest] = key.split('.');
  if (first.toLowerCase() !== 'data') {
    const names = ALIASES[key.toLowerCase()] ?? [key];
    return names.map((name) => (event as Record<string, unknown>)[name]).find((value) => value !== undefined);
  }
  let value: unknown = event.data;
  for (const name of rest)
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  return value;
}

const ALIASES: Record<string, string[]> = {
  id: ['id'],
  eventid: ['id'],
  topic: ['topic', 'source'],
  source: ['source', 'topic'],
  subject: ['subject'],
  type: ['type', 'eventType'],
  eventtype: ['eventType', 'type'],
  dataversion: ['dataVersion'],
};
