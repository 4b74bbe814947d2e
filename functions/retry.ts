/** HTTP: `POST /api/runs/{id}/retry` accepts a run that failed again, as a new run that names it. */
import { app, output } from '@azure/functions';
import { retryRun } from '../shared/app.ts';
import { InputError } from '../shared/errors.ts';
import { hostLog } from '../shared/log.ts';
import { bellMessage, RECONCILE_QUEUE } from '../shared/model/messages.ts';
import { randomRunId } from '../shared/model/runId.ts';
import { readRunId } from '../shared/requests/query.ts';
import { problem } from '../shared/views/problem.ts';

const queue = output.storageQueue({ queueName: RECONCILE_QUEUE, connection: 'AzureWebJobsStorage' });

app.http('retry', {
  methods: ['POST'],
  route: 'runs/{id}/retry',
  authLevel: 'function',
  extraOutputs: [queue],
  handler: async (request, context) => {
    const log = hostLog(context);
    try {
      const retryOf = readRunId(request.params.id ?? '');
      const runId = randomRunId();
      const signals = await retryRun(retryOf, runId);
      if (!signals) throw new InputError('NOT_FOUND', 'id', retryOf, 'no run has this id');
      context.extraOutputs.set(
        queue,
        signals.map((signal) => bellMessage(signal.subscriptionId)),
      );
      log('info', 'signal', { runId, signal: 'manual', mode: signals[0]?.mode, retryOf });
      return {
        status: 202,
        headers: { location: `/api/runs/${runId}` },
        jsonBody: { runId, state: 'accepted', retryOf },
      };
    } catch (error) {
      const answer = problem(error);
      log('warn', 'refused-request', { ...answer.jsonBody });
      return answer;
    }
  },
});
