/** HTTP, reads: `GET /api/paths?vm=&vip=` traces what becomes of the connections of a VM to a VIP. */
import { app } from '@azure/functions';
import { viewPath } from '../shared/app.ts';
import { readPathsQuery } from '../shared/requests/estateQuery.ts';
import { httpHandler } from './handlers/httpHandler.ts';

app.http('paths', {
  methods: ['GET'],
  route: 'paths',
  authLevel: 'function',
  handler: httpHandler(async ({ query }) => viewPath(readPathsQuery(query))),
});
