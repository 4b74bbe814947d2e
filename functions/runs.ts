/** HTTP: `POST /api/runs` starts a manual run, `GET /api/runs` lists runs, `GET /api/runs/{id}` shows one. */
import { app } from '@azure/functions';
import { httpHandler } from './handlers/httpHandler.ts';
import { listRuns } from './handlers/listRuns.ts';
import { reconcileQueue } from './handlers/reconcileQueue.ts';
import { showRun } from './handlers/showRun.ts';
import { startRun } from './handlers/startRun.ts';

app.http('runs', {
  methods: ['GET', 'POST'],
  route: 'runs/{id?}',
  authLevel: 'function',
  extraOutputs: [reconcileQueue],
  handler: httpHandler((request, context) => {
    if (request.method === 'POST') return startRun(request, context);
    const { id } = request.params;
    return id === undefined ? listRuns(request) : showRun(id, request);
  }),
});
