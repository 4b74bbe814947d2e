/** Accepts what a request asks for as a run, and answers it: its rows are written, so a 202 is a promise. */
import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { acceptRun, appConfig } from '../../shared/app.ts';
import { hostLog } from '../../shared/log.ts';
import { bellMessage } from '../../shared/model/messages.ts';
import { defined } from '../../shared/model/optional.ts';
import type { Signal } from '../../shared/model/signal.ts';
import { askedBy } from '../../shared/requests/askedBy.ts';
import { readIdempotencyKey } from '../../shared/requests/idempotency.ts';
import { reconcileQueue } from './reconcileQueue.ts';

/**
 * Writes the run's rows, rings for each of its subscriptions, and says where it can be seen. A request that was here
 * before under the same `Idempotency-Key` gets the same answer. `read` makes the signals, at least one; who sent the
 * request is added here.
 */
export async function accepted(
  request: HttpRequest,
  context: InvocationContext,
  read: () => Promise<Signal[]>,
): Promise<HttpResponseInit> {
  // Before the body is read: a key that cannot be kept is no reason to parse anything.
  const key = readIdempotencyKey(request.headers);
  const by = askedBy(request.headers, appConfig().authenticated);
  const asked = (await read()).map((signal) => ({ ...signal, askedBy: by }));
  const { signals, repeated } = await acceptRun(asked, key);
  // Rung once more for a repeat: the first one may have been killed before its bell.
  context.extraOutputs.set(
    reconcileQueue,
    signals.map((signal) => bellMessage(signal.subscriptionId)),
  );
  const { runId = '', mode, retryOf } = signals[0] ?? {};
  const named = defined({ retryOf });
  hostLog(context)('signal', {
    runId,
    signal: 'manual',
    subscriptions: signals.length,
    askedBy: by,
    ...defined({ mode, repeated: repeated || undefined }),
    ...named,
  });
  return { status: 202, headers: { location: `/api/runs/${runId}` }, jsonBody: { runId, state: 'accepted', ...named } };
}
