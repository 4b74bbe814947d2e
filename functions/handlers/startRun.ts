/** `POST /api/runs`: starts a manual run. */
import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { acceptRun, appConfig } from '../../shared/app.ts';
import { InputError } from '../../shared/errors.ts';
import { randomRunId } from '../../shared/model/runId.ts';
import { readManualRun } from '../../shared/requests/manualRun.ts';
import { accepted } from './accepted.ts';

/** Writes the run's rows, then rings and answers. */
export async function startRun(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const { id } = request.params;
  if (id !== undefined) throw new InputError('INPUT_INVALID', 'path', id, 'a new run has no id yet: POST to /api/runs');
  const runId = randomRunId();
  const signals = readManualRun(await request.text(), appConfig().scope, runId, Date.now());
  for (const signal of signals) await acceptRun(signal);
  return accepted(context, runId, signals);
}
