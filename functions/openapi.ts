/** HTTP, reads: `GET /api/openapi.json` describes all HTTP functions. */
import { app } from '@azure/functions';
import { viewOpenApi } from '../shared/app.ts';
import { httpHandler } from './handlers/httpHandler.ts';

app.http('openapi', {
  methods: ['GET'],
  route: 'openapi.json',
  authLevel: 'function',
  handler: httpHandler(viewOpenApi),
});
