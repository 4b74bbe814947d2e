/** HTTP: `POST /api/runs` starts a manual run, `GET /api/runs/{id}` shows a run with a line per VM. */
import { app, type HttpRequest, type HttpResponseInit, type InvocationContext, output } from '@azure/functions';
import { acceptRun, appConfig, viewRun } from '../shared/app.ts';
import { InputError } from '../shared/errors.ts';
import { readManualRun } from '../shared/events/manualRun.ts';
import { hostLog } from '../shared/log.ts';
import { bellMessage, RECONCILE_QUEUE } from '../shared/state/messages.ts';
import { randomRunId } from '../shared/state/runId.ts';
import { problem } from '../shared/views/problem.ts';

const queue = output.storageQueue({ queueName: RECONCILE_QUEUE, connection: 'AzureWebJobsStorage' });

app.http('runs', {
  methods: ['GET', 'POST'],
  route: 'runs/{id?}',
  authLevel: 'function',
  extraOutputs: [queue],
  handler: async (request, context) => {
    try {
      return request.method === 'POST' ? await start(request, context) : await show(request);
    } catch (error) {
      const answer = problem(error);
      hostLog(context)('warn', 'refused-request', { ...answer.jsonBody });
      return answer;
    }
  },
});

/** The run's row is written before the bell and before the answer: a 202 is a promise. */
async function start(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  if (request.params.id !== undefined) {
    throw new InputError('INPUT_INVALID', 'path', request.params.id, 'a new run has no id yet: POST to /api/runs');
  }
  const runId = randomRunId();
  const signals = readManualRun(await request.text(), appConfig().scope, runId, Date.now());
  for (const signal of signals) await acceptRun(signal);
  context.extraOutputs.set(
    queue,
    signals.map((signal) => bellMessage(signal.subscriptionId)),
  );
  hostLog(context)('info', 'signal', {
    runId,
    signal: 'manual',
    mode: signals[0]?.mode,
    subscriptions: signals.length,
  });
  return { status: 202, headers: { location: `/api/runs/${runId}` }, jsonBody: { runId, state: 'accepted' } };
}

async function show(request: HttpRequest): Promise<HttpResponseInit> {
  const id = request.params.id ?? '';
  if (!/^[0-9a-f]{32}$/i.test(id)) {
    throw new InputError(
      'INPUT_INVALID',
      'id',
      id,
      'must be a run id of 32 hex digits, as the answer to POST /api/runs gave it',
    );
  }
  const view = await viewRun(id.toLowerCase());
  if (!view) throw new InputError('NOT_FOUND', 'id', id, 'no run has this id');
  return { status: 200, jsonBody: view };
}
