/** What all HTTP functions that change something do: pages of other sites are refused. */
import type { HttpHandler } from '@azure/functions';
import { mustBeSameSite } from '../../shared/requests/sender.ts';
import { type Answering, httpHandler } from './httpHandler.ts';

/** An {@link httpHandler} that takes no request of another site's page. */
export const actingHandler = (work: Answering): HttpHandler =>
  httpHandler((request, context) => {
    mustBeSameSite(request.headers, request.url);
    return work(request, context);
  });
