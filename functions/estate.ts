/** HTTP, reads: `GET /api/estate` is the whole estate as the page draws it. */
import { app } from '@azure/functions';
import { viewEstate } from '../shared/app.ts';
import { readEstateQuery } from '../shared/requests/estateQuery.ts';
import { httpHandler } from './handlers/httpHandler.ts';

app.http('estate', {
  methods: ['GET'],
  route: 'estate',
  authLevel: 'function',
  handler: httpHandler(async ({ query }) => {
    readEstateQuery(query);
    return viewEstate();
  }),
});
