/** `GET /api/runs`: the newest runs first, without their VMs. */
import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { pageOfRuns } from '../../shared/app.ts';
import { readRunQuery } from '../../shared/requests/runQuery.ts';

/** The page that the query asks for. */
export const listRuns = (request: HttpRequest): Promise<HttpResponseInit> =>
  pageOfRuns(readRunQuery(request.query, request.headers.get('accept')));
