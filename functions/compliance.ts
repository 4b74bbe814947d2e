/** HTTP, reads: `GET /api/compliance` tells how each VM stands towards each VIP, as JSON or CSV. */
import { app } from '@azure/functions';
import { viewCompliance } from '../shared/app.ts';
import { readComplianceQuery } from '../shared/requests/estateQuery.ts';
import { httpHandler } from './handlers/httpHandler.ts';

app.http('compliance', {
  methods: ['GET'],
  route: 'compliance',
  authLevel: 'function',
  handler: httpHandler(async ({ query, headers }) => viewCompliance(readComplianceQuery(query, headers.get('accept')))),
});
