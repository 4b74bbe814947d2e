/** What a request that throws leaves in the log and in the answer: the caller's mistakes apart from the app's. */
import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import test from 'ava';
import { httpHandler } from '../../../functions/handlers/httpHandler.ts';
import { InputError, StateError } from '../../../shared/errors.ts';

/** The answer, undefined where it was thrown on, and the lines with their levels. */
async function asked(error: unknown) {
  const lines: Record<string, unknown>[] = [];
  const logger = (level: string) => (text: string) => void lines.push({ level, ...JSON.parse(text) });
  const levels = ['debug', 'info', 'warn', 'error'].map((level) => [level, logger(level)]);
  const handler = httpHandler(async () => {
    throw error;
  });
  const context = Object.fromEntries(levels) as unknown as InvocationContext;
  try {
    const answer = await handler({} as HttpRequest, context);
    return { answer: answer as HttpResponseInit, lines };
  } catch (thrown) {
    return { thrown, lines };
  }
}

test('what is not right in a request: a warning that names the field', async (t) => {
  const { answer, lines } = await asked(new InputError('INPUT_INVALID', 'mode', 'fix', 'must be check'));
  t.is(answer?.status, 400);
  t.is(lines.length, 1);
  t.like(lines[0], { level: 'warn', step: 'refused-request', status: 400, code: 'INPUT_INVALID', field: 'mode' });
});

test('storage that does not answer: an error of its own step', async (t) => {
  const { answer, lines } = await asked(new StateError('STATE_FAILED', 'Table hairpinRuns: connect ECONNREFUSED'));
  t.is(answer?.status, 500);
  t.is(lines.length, 1);
  t.like(lines[0], {
    level: 'error',
    step: 'failed-request',
    status: 500,
    code: 'STATE_FAILED',
    text: 'Table hairpinRuns: connect ECONNREFUSED',
  });
});

test('a fault of the app: the same step, and the host gets the error', async (t) => {
  const fault = new TypeError('x is not a function');
  const { thrown, lines } = await asked(fault);
  t.is(thrown, fault);
  t.is(lines.length, 1);
  t.like(lines[0], { level: 'error', step: 'failed-request', code: 'UNEXPECTED', text: 'x is not a function' });
});

const HEADERS = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' };
const request = (headers: Record<string, string> = {}) => ({ headers: new Headers(headers) }) as unknown as HttpRequest;
const context = {} as InvocationContext;

test('on every answer, good or bad: nosniff, and no copy kept', async (t) => {
  const good = await httpHandler(async () => ({ status: 202, headers: { location: '/x' }, jsonBody: {} }))(
    request(),
    context,
  );
  t.deepEqual(good, { status: 202, headers: { ...HEADERS, location: '/x' }, jsonBody: {} });
  const { answer } = await asked(new InputError('NOT_FOUND', 'id', 'x', 'no run has this id'));
  t.deepEqual(answer?.headers, { ...HEADERS, 'content-type': 'application/problem+json' });
  const bare = await httpHandler(async () => ({ status: 200 }))(request(), context);
  t.deepEqual(bare, { status: 200, headers: HEADERS });
});

test('who has the document already is answered 304 without it; who has another one gets it', async (t) => {
  const etag = 'W/"abc"';
  const headers = { etag, 'cache-control': 'private, no-cache', vary: 'accept', 'content-type': 'application/json' };
  const handler = httpHandler(async () => ({ status: 200, headers, body: '{}' }));
  const repeated = { ...HEADERS, etag, 'cache-control': 'private, no-cache', vary: 'accept' };
  for (const known of [etag, '*', `W/"other",  ${etag} , "x"`]) {
    t.deepEqual(await handler(request({ 'if-none-match': known }), context), { status: 304, headers: repeated }, known);
  }
  for (const known of ['W/"other"', '', 'abc', 'W/"ab']) {
    const answer = (await handler(request({ 'if-none-match': known }), context)) as { status: number; body: string };
    t.like(answer, { status: 200, body: '{}' }, known);
  }
});
