/** What all HTTP functions do with an error of this program: log it, and answer with what is wrong. */
import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { hostLog } from '../../shared/log.ts';
import { problem } from '../../shared/views/problem.ts';

type Answering = (request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit>;

/** A handler that answers with a problem document where the work throws. What is not ours goes on to the host. */
export const httpHandler =
  (work: Answering): HttpHandler =>
  async (request, context) => {
    try {
      return await work(request, context);
    } catch (error) {
      const answer = problem(error);
      hostLog(context)('warn', 'refused-request', { ...answer.jsonBody });
      return answer;
    }
  };
