/** HTTP, reads: `GET /api/health` tells how the app itself is. */
import { app } from '@azure/functions';
import { viewHealth } from '../shared/app.ts';
import { httpHandler } from './handlers/httpHandler.ts';

app.http('health', { methods: ['GET'], route: 'health', authLevel: 'function', handler: httpHandler(viewHealth) });
