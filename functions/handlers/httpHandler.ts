/** What all HTTP functions do with what the work throws: log it, and answer with what is wrong. */
import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { toldOf } from '../../shared/errors.ts';
import { hostLog } from '../../shared/log.ts';
import { defined } from '../../shared/model/optional.ts';
import { type Problem, problem } from '../../shared/views/problem.ts';

/** What a function does with a request. */
export type Answering = (request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit>;

/**
 * A handler that answers with a problem document where the work throws. What is not ours goes on to the host, which
 * answers 500. The caller's mistakes are warnings; what the app could not do is an error of its own step.
 */
export const httpHandler =
  (work: Answering): HttpHandler =>
  async (request, context) => {
    try {
      return await work(request, context);
    } catch (error) {
      const log = hostLog(context);
      let answer: Problem;
      try {
        answer = problem(error);
      } catch {
        log('failed-request', { status: 500, ...toldOf(error) });
        throw error;
      }
      const { status, jsonBody } = answer;
      if (status >= 500) log('failed-request', { status, ...toldOf(error) });
      else log('refused-request', { status, ...toldOf(error), ...defined({ field: jsonBody.field }) });
      return answer;
    }
  };
