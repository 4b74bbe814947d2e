/** Messages of the queue `reconcile`: a signal to record, a run to cancel, or just a bell. Read with `unknown` in, by schema. */
import * as z from 'zod/mini';
import { InputError } from '../errors.ts';
import { firstIssue } from './firstIssue.ts';
import { GUEST_MODES } from './guest.ts';
import { isSubscriptionId } from './ids.ts';
import { RUN_ID } from './runId.ts';
import { type AllowedScope, isInSubscriptions } from './scope.ts';
import { MOST_NAME, SCOPE_KINDS, SIGNAL_KINDS, type Signal } from './signal.ts';

/** The queue that every entry puts its message on. */
export const RECONCILE_QUEUE = 'reconcile';
/** Where the host moves a message after `maxDequeueCount` failures. */
export const POISON_QUEUE = `${RECONCILE_QUEUE}-poison`;
/** The version of messages that this program writes and reads. */
const MESSAGE_VERSION = 1;

const messageSchema = z.lazy(() => {
  const runId = z.string().check(z.regex(RUN_ID, 'must be 32 hex digits'));
  const subscriptionId = z.string().check(z.refine(isSubscriptionId, 'must be a subscription id (a GUID)'));
  const scopeItem = z.object({
    kind: z.enum(SCOPE_KINDS),
    id: z.string().check(z.minLength(1), z.maxLength(1024)),
  });
  const eventOrigin = z.object({
    source: z.string().check(z.maxLength(1024)),
    id: z.string().check(z.maxLength(256)),
    time: z.string().check(z.maxLength(64)),
  });
  return z.discriminatedUnion('kind', [
    z.object({
      v: z.literal(MESSAGE_VERSION),
      kind: z.literal('signal'),
      subscriptionId,
      runId,
      signal: z.enum(SIGNAL_KINDS),
      scope: z.array(scopeItem).check(z.minLength(1), z.maxLength(100)),
      mode: z.enum(GUEST_MODES),
      dryRun: z.boolean(),
      observedAt: z.int().check(z.minimum(0)),
      event: z.optional(eventOrigin),
      retryOf: z.optional(runId),
      askedBy: z.optional(z.string().check(z.maxLength(2 * MOST_NAME))),
    }),
    z.object({ v: z.literal(MESSAGE_VERSION), kind: z.literal('bell'), subscriptionId }),
    z.object({
      v: z.literal(MESSAGE_VERSION),
      kind: z.literal('cancel'),
      subscriptionId,
      runId,
      by: z.string().check(z.minLength(1), z.maxLength(2 * MOST_NAME)),
      at: z.int().check(z.minimum(0)),
    }),
  ]);
});
export type SignalMessage = { v: 1; kind: 'signal' } & Signal;
export type BellMessage = { v: 1; kind: 'bell'; subscriptionId: string };
/** `at`: when the app accepted it, epoch milliseconds. */
export type CancelMessage = { v: 1; kind: 'cancel'; subscriptionId: string; runId: string; by: string; at: number };
export type ReconcileMessage = SignalMessage | BellMessage | CancelMessage;

/** A signal as it goes on the queue. */
export const signalMessage = (signal: Signal): SignalMessage => ({ v: MESSAGE_VERSION, kind: 'signal', ...signal });

/** A bell for a subscription. */
export const bellMessage = (subscription: string): BellMessage => ({
  v: MESSAGE_VERSION,
  kind: 'bell',
  subscriptionId: subscription,
});

/** That a person cancels a run, for the loop of one subscription. */
export const cancelMessage = (cancel: Omit<CancelMessage, 'v' | 'kind'>): CancelMessage => ({
  v: MESSAGE_VERSION,
  kind: 'cancel',
  ...cancel,
});

/**
 * Reads a queue message. Takes text or the object that the host made of it.
 * Throws InputError: MESSAGE_VERSION_UNKNOWN for a version of a later program, MESSAGE_INVALID for anything else.
 */
export function readMessage(raw: unknown): ReconcileMessage {
  const body = typeof raw === 'string' ? parseJson(raw) : raw;
  const version = typeof body === 'object' && body !== null && 'v' in body ? body.v : undefined;
  if (version !== MESSAGE_VERSION) {
    throw new InputError(
      'MESSAGE_VERSION_UNKNOWN',
      'v',
      version ?? raw,
      `this program reads version ${MESSAGE_VERSION}`,
      'Deploy the program that wrote it again: the message waits for it.',
    );
  }
  const result = messageSchema.safeParse(body);
  if (result.success) {
    // Rows are found by it: in other letter case it would be another subscription, with a loop of its own.
    return { ...result.data, subscriptionId: result.data.subscriptionId.toLowerCase() } as ReconcileMessage;
  }
  const { field, message } = firstIssue(result.error, body);
  throw invalid(field || 'message', raw, message);
}

/**
 * Refuses a message about a subscription that is not configured: nothing is read, written or sent there.
 * Throws InputError MESSAGE_FOREIGN.
 */
export function refuseForeign({ subscriptionId }: ReconcileMessage, allowed: AllowedScope): void {
  if (isInSubscriptions(`/subscriptions/${subscriptionId}`, allowed)) return;
  throw new InputError(
    'MESSAGE_FOREIGN',
    'subscriptionId',
    subscriptionId,
    'is not among HAIRPIN_SUBSCRIPTIONS',
    'Add it to HAIRPIN_SUBSCRIPTIONS if the app is to care for it. If not, delete this message, and find out who sent it.',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid('message', text, `must be JSON (${(error as Error).message})`);
  }
}

const invalid = (field: string, value: unknown, expected: string): InputError =>
  new InputError(
    'MESSAGE_INVALID',
    field,
    value,
    expected,
    'Only this program puts messages on its queue: delete this one, and find out who sent it.',
  );
