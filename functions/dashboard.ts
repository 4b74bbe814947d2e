/** HTTP, anonymous: `GET /api/dashboard` is the page. It holds no data; what it asks the app for needs a key. */
import { app } from '@azure/functions';
import { viewDashboard } from '../shared/app.ts';
import { httpHandler } from './handlers/httpHandler.ts';

app.http('dashboard', {
  methods: ['GET'],
  route: 'dashboard',
  authLevel: 'anonymous',
  handler: httpHandler(viewDashboard),
});
