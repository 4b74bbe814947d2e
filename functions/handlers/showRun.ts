/** `GET /api/runs/{id}`: one run with a line per VM, as JSON, CSV or a page. */
import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { viewRun } from '../../shared/app.ts';
import { InputError } from '../../shared/errors.ts';
import { readFormat, readRunId } from '../../shared/requests/query.ts';

/** The run of an id. Throws InputError NOT_FOUND when there is none. */
export async function showRun(id: string, request: HttpRequest): Promise<HttpResponseInit> {
  const answer = await viewRun(readRunId(id), readFormat(request.query, request.headers.get('accept')));
  if (!answer) throw new InputError('NOT_FOUND', 'id', id, 'no run has this id');
  return answer;
}
