/**
 * What a custom topic takes, and how it refuses (MicrosoftDocs/azure-docs, event-grid/post-to-custom-topic.md):
 * 400 for a wrong body, 401 for a wrong key, 413 for more than a megabyte.
 */
import { timingSafeEqual } from 'node:crypto';
import type { AnyEvent, CloudEvent, EventGridEvent, SchemaName } from './schemas.ts';

export interface Refusal {
  /** 400, 401, 404 or 413; any other is a fault on demand. */
  status: number;
  message: string;
}

export type Published = { events: AnyEvent[] } | { refusal: Refusal };

export const MOST_BYTES = 1024 * 1024;

/** The key of a request, told from the topic's two without giving away by time how much of it was right. */
export function isKey(given: string | undefined, keys: readonly string[]): boolean {
  const bytes = Buffer.from(given ?? '');
  return keys.some((key) => key.length === bytes.length && timingSafeEqual(Buffer.from(key), bytes));
}

/** Reads the body of a publish request for a topic with this id and input schema. */
export function readPublished(body: string, contentType: string, schema: SchemaName, topicId: string): Published {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return refuse('The request content is not valid JSON.');
  }
  return schema === 'EventGridSchema' ? readEventGrid(parsed, topicId) : readCloud(parsed, contentType);
}

function readEventGrid(parsed: unknown, topicId: string): Published {
  if (!Array.isArray(parsed)) return refuse('The events must be an array.');
  const events: AnyEvent[] = [];
  for (const [index, each] of parsed.entries()) {
    const fields = (typeof each === 'object' && each !== null ? each : {}) as Partial<EventGridEvent>;
    const missing = (['id', 'subject', 'eventType', 'eventTime'] as const).find(
      (name) => typeof fields[name] !== 'string' || fields[name] === '',
    );
    if (missing)
      return refuse(
        `This resource is configured to receive event in 'EventGridEvent' schema. Event ${index} has no ${missing}.`,
      );
    if (Number.isNaN(Date.parse(String(fields.eventTime)))) return refuse(`Event ${index}: eventTime is not a time.`);
    if (fields.topic !== undefined && fields.topic.toLowerCase() !== topicId.toLowerCase())
      return refuse(`Event ${index}: topic must be ${topicId} or left out.`);
    if (fields.metadataVersion !== undefined && fields.metadataVersion !== '1')
      return refuse(`Event ${index}: metadataVersion must be 1 or left out.`);
    const { id = '', subject = '', eventType = '', eventTime = '', dataVersion = '', data } = fields;
    events.push({
      schema: 'EventGridSchema',
      event: { id, topic: topicId, subject, eventType, eventTime, dataVersion, metadataVersion: '1', data },
    });
  }
  return { events };
}

function readCloud(parsed: unknown, contentType: string): Published {
  const batch = contentType.startsWith('application/cloudevents-batch+json');
  if (!batch && !contentType.startsWith('application/cloudevents+json')) {
    return refuse(
      `This resource is configured to receive event in 'CloudEventV10' schema. The content type was ${contentType || 'missing'}.`,
    );
  }
  if (batch !== Array.isArray(parsed)) return refuse('A batch must be an array, a single event an object.');
  const events: AnyEvent[] = [];
  for (const [index, each] of (Array.isArray(parsed) ? parsed : [parsed]).entries()) {
    const fields = (typeof each === 'object' && each !== null ? each : {}) as Partial<CloudEvent>;
    const missing = (['id', 'source', 'type'] as const).find(
      (name) => typeof fields[name] !== 'string' || fields[name] === '',
    );
    if (missing) return refuse(`Event ${index} has no ${missing}.`);
    if (fields.specversion !== '1.0') return refuse(`Event ${index}: specversion must be 1.0.`);
    events.push({ schema: 'CloudEventSchemaV1_0', event: fields as CloudEvent });
  }
  return { events };
}

const refuse = (message: string): Published => ({ refusal: { status: 400, message } });

const CODES: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  404: 'NotFound',
  413: 'PayloadTooLarge',
};

/** The body of a refusal. */
export const errorBody = ({ status, message }: Refusal): object => {
  const code = CODES[status] ?? 'Fault';
  return { error: { code, message, details: [{ code, message }] } };
};
