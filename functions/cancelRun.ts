/**
 * HTTP, acts: `DELETE /api/runs/{id}` cancels a run. A function of its own, so that whoever may start runs need not be able
 * to stop those of others.
 */
import { app } from '@azure/functions';
import { appConfig, cancelOfRun } from '../shared/app.ts';
import { InputError } from '../shared/errors.ts';
import { hostLog } from '../shared/log.ts';
import { askedBy } from '../shared/requests/askedBy.ts';
import { readRunId } from '../shared/requests/query.ts';
import { actingHandler } from './handlers/actingHandler.ts';
import { reconcileQueue } from './handlers/reconcileQueue.ts';

app.http('cancelRun', {
  methods: ['DELETE'],
  route: 'runs/{id}',
  authLevel: 'function',
  extraOutputs: [reconcileQueue],
  handler: actingHandler(async (request, context) => {
    const runId = readRunId(request.params.id ?? '');
    const by = askedBy(request.headers, appConfig().authenticated);
    const messages = await cancelOfRun(runId, by);
    if (!messages) throw new InputError('NOT_FOUND', 'id', runId, 'no run has this id');
    if (messages.length === 0) return { status: 200, jsonBody: { runId, state: 'cancelled' } };
    context.extraOutputs.set(reconcileQueue, messages);
    hostLog(context)('cancel-asked', { runId, askedBy: by, subscriptions: messages.length });
    return { status: 202, headers: { location: `/api/runs/${runId}` }, jsonBody: { runId, state: 'cancelling' } };
  }),
});
