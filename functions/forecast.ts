/** HTTP, reads: `GET /api/forecast` tells what a failover or the loss of a VM would bring. */
import { app } from '@azure/functions';
import { viewForecast } from '../shared/app.ts';
import { readForecastQuery } from '../shared/requests/estateQuery.ts';
import { httpHandler } from './handlers/httpHandler.ts';

app.http('forecast', {
  methods: ['GET'],
  route: 'forecast',
  authLevel: 'function',
  handler: httpHandler(async ({ query }) => viewForecast(readForecastQuery(query))),
});
