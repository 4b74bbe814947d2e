/** HTTP: `POST /api/runs` starts a manual run, `GET /api/runs` lists runs, `GET /api/runs/{id}` shows one with a line per VM. */
import { app, type HttpRequest, type HttpResponseInit, type InvocationContext, output } from '@azure/functions';
import { acceptRun, appConfig, listRuns, viewRun } from '../shared/app.ts';
import { InputError } from '../shared/errors.ts';
import { hostLog } from '../shared/log.ts';
import { bellMessage, RECONCILE_QUEUE } from '../shared/model/messages.ts';
import { randomRunId } from '../shared/model/runId.ts';
import { readManualRun } from '../shared/requests/manualRun.ts';
import { readFormat, readRunId } from '../shared/requests/query.ts';
import { readRunQuery } from '../shared/requests/runQuery.ts';
import { problem } from '../shared/views/problem.ts';

const queue = output.storageQueue({ queueName: RECONCILE_QUEUE, connection: 'AzureWebJobsStorage' });

app.http('runs', {
  methods: ['GET', 'POST'],
  route: 'runs/{id?}',
  authLevel: 'function',
  extraOutputs: [queue],
  handler: async (request, context) => {
    try {
      if (request.method === 'POST') return await start(request, context);
      const { id } = request.params;
      return id === undefined ? await listRuns(readRunQuery(request.query)) : await show(id, request);
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

async function show(id: string, request: HttpRequest): Promise<HttpResponseInit> {
  const answer = await viewRun(readRunId(id), readFormat(request.query));
  if (!answer) throw new InputError('NOT_FOUND', 'id', id, 'no run has this id');
  return answer;
}
