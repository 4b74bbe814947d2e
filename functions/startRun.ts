/** HTTP, acts: `POST /api/runs` starts a run by hand. A function of its own, so that a key that reads cannot start one. */
import { app } from '@azure/functions';
import { appConfig } from '../shared/app.ts';
import { InputError } from '../shared/errors.ts';
import { randomRunId } from '../shared/model/runId.ts';
import { MOST_BODY, readManualRun } from '../shared/requests/manualRun.ts';
import { mustBeJson } from '../shared/requests/sender.ts';
import { accepted } from './handlers/accepted.ts';
import { actingHandler } from './handlers/actingHandler.ts';
import { readText } from './handlers/body.ts';
import { reconcileQueue } from './handlers/reconcileQueue.ts';

app.http('startRun', {
  methods: ['POST'],
  route: 'runs/{id?}',
  authLevel: 'function',
  extraOutputs: [reconcileQueue],
  handler: actingHandler(async (request, context) => {
    const { id } = request.params;
    if (id !== undefined)
      throw new InputError('INPUT_INVALID', 'path', id, 'a new run has no id yet: POST to /api/runs');
    mustBeJson(request.headers);
    return accepted(request, context, async () =>
      readManualRun(await readText(request, MOST_BODY), appConfig().scope, randomRunId(), Date.now()),
    );
  }),
});
