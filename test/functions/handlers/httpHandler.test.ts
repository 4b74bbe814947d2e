/** What a request that throws leaves in the log and in the answer: the caller's mistakes apart from the app's. */
import type { HttpRequest, InvocationContext } from '@azure/functions';
import test from 'ava';
import { httpHandler } from '../../../functions/handlers/httpHandler.ts';
import { InputError, StateError } from '../../../shared/errors.ts';

/** The answer's status, undefined where it was thrown on, and the lines with their levels. */
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
    return { status: (answer as { status: number }).status, lines };
  } catch (thrown) {
    return { thrown, lines };
  }
}

test('what is not right in a request: a warning that names the field', async (t) => {
  const { status, lines } = await asked(new InputError('INPUT_INVALID', 'mode', 'fix', 'must be check'));
  t.is(status, 400);
  t.is(lines.length, 1);
  t.like(lines[0], { level: 'warn', step: 'refused-request', status: 400, code: 'INPUT_INVALID', field: 'mode' });
});

test('storage that does not answer: an error of its own step', async (t) => {
  const { status, lines } = await asked(new StateError('STATE_FAILED', 'Table hairpinRuns: connect ECONNREFUSED'));
  t.is(status, 500);
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
