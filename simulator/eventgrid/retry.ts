/**
 * When Event Grid tries a delivery again, and when it gives up (MicrosoftDocs/azure-docs,
 * event-grid/delivery-and-retry.md). Pure; times are Event Grid's own, in milliseconds.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Waits after the first, second, ... failed attempt; the last one repeats. */
const WAITS = [
  10 * SECOND,
  30 * SECOND,
  MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
];
/** Statuses with a longer least wait. */
const LEAST_WAITS: Record<number, number> = {
  401: 5 * MINUTE,
  403: 5 * MINUTE,
  404: 5 * MINUTE,
  408: 2 * MINUTE,
  503: 30 * SECOND,
};
/** Share by which a wait is lengthened at most: "a small randomization". */
const SPREAD = 0.1;

/** Time between the last attempt and the dead letter. */
export const DEAD_LETTER_DELAY_MS = 5 * MINUTE;
/** How long an endpoint has for its answer. */
export const ANSWER_LIMIT_MS = 30 * SECOND;

export type EndpointType = 'AzureFunction' | 'WebHook';

export interface RetryPolicy {
  /** 1 to 30. */
  maxDeliveryAttempts: number;
  /** 1 to 1440. */
  eventTimeToLiveInMinutes: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 };

/** What an attempt came to: a status, or none when there was no answer in time (`TimedOut`) or no connection (`Aborted`). */
export type AttemptResult = { status: number } | { status: undefined; outcome: 'TimedOut' | 'Aborted' };

export type NextStep = { kind: 'done' } | { kind: 'wait'; ms: number } | { kind: 'give up'; reason: string };

/** Only 200 to 204 are an acknowledgement. */
export const isAcknowledged = (status: number | undefined): boolean =>
  status !== undefined && status >= 200 && status <= 204;

/** Decides after an attempt. `ageMs` is the time since the event was published. */
export function afterAttempt(
  result: AttemptResult,
  attempts: number,
  ageMs: number,
  policy: RetryPolicy,
  endpoint: EndpointType,
  random: () => number,
): NextStep {
  const { status } = result;
  if (isAcknowledged(status)) return { kind: 'done' };
  if (status !== undefined && isHopeless(status, endpoint))
    return { kind: 'give up', reason: `UndeliverableDueToHttp${outcomeName(result)}` };
  if (attempts >= policy.maxDeliveryAttempts) return { kind: 'give up', reason: 'MaxDeliveryAttemptsExceeded' };
  const wait = WAITS[Math.min(attempts, WAITS.length) - 1] ?? 12 * HOUR;
  const ms = Math.max(wait, LEAST_WAITS[status ?? 0] ?? 0) * (1 + SPREAD * random());
  if (ageMs + ms > policy.eventTimeToLiveInMinutes * MINUTE) return { kind: 'give up', reason: 'TimeToLiveExceeded' };
  return { kind: 'wait', ms };
}

/** Configuration errors that no retry mends. */
const isHopeless = (status: number, endpoint: EndpointType): boolean =>
  status === 400 || status === 413 || status === 403 || (status === 401 && endpoint === 'WebHook');

/** `lastDeliveryOutcome` of a dead letter. */
export function outcomeName(result: AttemptResult): string {
  if (result.status === undefined) return result.outcome;
  return OUTCOMES[result.status] ?? (result.status >= 500 ? 'InternalServerError' : 'BadRequest');
}

const OUTCOMES: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  408: 'TimedOut',
  413: 'RequestEntityTooLarge',
  429: 'Busy',
  503: 'Busy',
};
