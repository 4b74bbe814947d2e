/** HTTP, reads: `GET /api/runs` lists runs, `GET /api/runs/{id}` shows one. */
import { app } from '@azure/functions';
import { httpHandler } from './handlers/httpHandler.ts';
import { listRuns } from './handlers/listRuns.ts';
import { showRun } from './handlers/showRun.ts';

app.http('runs', {
  methods: ['GET'],
  route: 'runs/{id?}',
  authLevel: 'function',
  handler: httpHandler((request) => {
    const { id } = request.params;
    return id === undefined ? listRuns(request) : showRun(id, request);
  }),
});
