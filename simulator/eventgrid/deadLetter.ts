/** Dead letters, as Event Grid writes them to a blob: an array of events with what became of them beside. */
import type { AnyEvent, SchemaName } from './schemas.ts';
import { inSchema } from './schemas.ts';

export interface DeadLetterDetails {
  reason: string;
  attempts: number;
  lastOutcome: string;
  lastStatus: number | undefined;
  publishedAt: Date;
  lastAttemptAt: Date;
}

/** A blob of the dead-letter container. */
export interface DeadLetterBlob {
  /** `<subscription in upper case>/<year>/<month>/<day>/<hour>/<event id>.json` */
  name: string;
  subscription: string;
  content: Record<string, unknown>[];
}

/** Fields are camelCase in Event Grid's schema and lower case in CloudEvents, whose attributes allow no other. */
export function deadLetterBlob(
  subscription: string,
  schema: SchemaName,
  given: AnyEvent,
  details: DeadLetterDetails,
): DeadLetterBlob {
  const fields: Record<string, unknown> = {
    deadLetterReason: details.reason,
    deliveryAttempts: details.attempts,
    lastDeliveryOutcome: details.lastOutcome,
    ...(details.lastStatus !== undefined && { lastHttpStatusCode: details.lastStatus }),
    publishTime: details.publishedAt.toISOString(),
    lastDeliveryAttemptTime: details.lastAttemptAt.toISOString(),
  };
  const named =
    schema === 'EventGridSchema'
      ? fields
      : Object.fromEntries(Object.entries(fields).map(([key, value]) => [key.toLowerCase(), value]));
  const event = inSchema(schema, given);
  const at = details.lastAttemptAt;
  const path = [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate(), at.getUTCHours()].join('/');
  return {
    name: `${subscription.toUpperCase()}/${path}/${event.id}.json`,
    subscription,
    content: [{ ...event, ...named }],
  };
}
