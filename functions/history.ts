/** HTTP, reads: `GET /api/history` tells how paths stood over days. */
import { app } from '@azure/functions';
import { viewHistory } from '../shared/app.ts';
import { readHistoryQuery } from '../shared/requests/historyQuery.ts';
import { httpHandler } from './handlers/httpHandler.ts';

app.http('history', {
  methods: ['GET'],
  route: 'history',
  authLevel: 'function',
  handler: httpHandler((request) => viewHistory(readHistoryQuery(request.query, request.headers.get('accept')))),
});
