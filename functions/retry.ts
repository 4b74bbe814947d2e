/** HTTP: `POST /api/runs/{id}/retry` accepts a run that failed again, as a new run that names it. */
import { app } from '@azure/functions';
import { retryOfRun } from '../shared/app.ts';
import { InputError } from '../shared/errors.ts';
import { randomRunId } from '../shared/model/runId.ts';
import { readRunId } from '../shared/requests/query.ts';
import { accepted } from './handlers/accepted.ts';
import { actingHandler } from './handlers/actingHandler.ts';
import { reconcileQueue } from './handlers/reconcileQueue.ts';

app.http('retry', {
  methods: ['POST'],
  route: 'runs/{id}/retry',
  authLevel: 'function',
  extraOutputs: [reconcileQueue],
  handler: actingHandler(async (request, context) => {
    const retryOf = readRunId(request.params.id ?? '');
    return accepted(request, context, async () => {
      const signals = await retryOfRun(retryOf, randomRunId());
      if (!signals) throw new InputError('NOT_FOUND', 'id', retryOf, 'no run has this id');
      return signals;
    });
  }),
});
