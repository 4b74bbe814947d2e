/**
 * What all HTTP functions do: log what the work throws and answer with what is wrong, put the headers that every answer has
 * on it, and answer 304 to whoever has the document already.
 */
import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { toldOf } from '../../shared/errors.ts';
import { hostLog } from '../../shared/log.ts';
import { defined } from '../../shared/model/optional.ts';
import { type Problem, problem } from '../../shared/views/problem.ts';

/** What a function does with a request. */
export type Answering = (request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit>;

/**
 * On every answer. A browser takes it for what it says it is, and keeps no copy; an answer that may be kept says so itself.
 * No page that is linked to from it is told its address, which may hold a function key.
 */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
};

/**
 * A handler that answers with a problem document where the work throws. What is not ours goes on to the host, which
 * answers 500. The caller's mistakes are warnings; what the app could not do is an error of its own step.
 */
export const httpHandler =
  (work: Answering): HttpHandler =>
  async (request, context) => {
    try {
      return conditional(withHeaders(await work(request, context)), request.headers.get('if-none-match'));
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
      return withHeaders(answer);
    }
  };

/** What is set on the answer itself holds. */
const withHeaders = (answer: HttpResponseInit): HttpResponseInit => ({
  ...answer,
  headers: { ...HEADERS, ...(answer.headers as Record<string, string> | undefined) },
});

/** What a 304 says again (RFC 9110, 15.4.5). */
const REPEATED: readonly string[] = ['etag', 'cache-control', 'vary', ...Object.keys(HEADERS)];

/** 304 without the document, where the asker names its ETag. All ours are weak, and so compare as text. */
function conditional(answer: HttpResponseInit, known: string | null): HttpResponseInit {
  const headers = answer.headers as Record<string, string>;
  const { etag } = headers;
  if (known === null || etag === undefined || !known.split(',').some((one) => [etag, '*'].includes(one.trim())))
    return answer;
  return {
    status: 304,
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => REPEATED.includes(name))),
  };
}
