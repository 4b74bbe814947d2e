/** The answer to a request that made a run: its rows are written, so a 202 is a promise. */
import type { HttpResponseInit, InvocationContext } from '@azure/functions';
import { hostLog } from '../../shared/log.ts';
import { bellMessage } from '../../shared/model/messages.ts';
import { defined } from '../../shared/model/optional.ts';
import type { Signal } from '../../shared/model/signal.ts';
import { reconcileQueue } from './reconcileQueue.ts';

/** Rings for each subscription of the run, and says where it can be seen. `more` goes into the answer and the log. */
export function accepted(
  context: InvocationContext,
  runId: string,
  signals: readonly Signal[],
  more: { retryOf?: string } = {},
): HttpResponseInit {
  context.extraOutputs.set(
    reconcileQueue,
    signals.map((signal) => bellMessage(signal.subscriptionId)),
  );
  const mode = signals[0]?.mode;
  hostLog(context)('signal', { runId, signal: 'manual', subscriptions: signals.length, ...defined({ mode }), ...more });
  return { status: 202, headers: { location: `/api/runs/${runId}` }, jsonBody: { runId, state: 'accepted', ...more } };
}
