import test from 'ava';
import {
  type AttemptResult,
  afterAttempt,
  DEFAULT_RETRY_POLICY,
  isAcknowledged,
  outcomeName,
} from '../../../simulator/eventgrid/retry.ts';

const none = (): number => 0;
const after = (result: AttemptResult, attempts: number, ageMs = 0, policy = DEFAULT_RETRY_POLICY) =>
  afterAttempt(result, attempts, ageMs, policy, 'AzureFunction', none);

test('200 to 204 end a delivery, nothing else does', (t) => {
  for (const status of [200, 201, 202, 203, 204]) t.deepEqual(after({ status }, 1), { kind: 'done' });
  for (const status of [199, 205, 302, 404, 500, undefined]) t.false(isAcknowledged(status));
});

test('waits by the documented schedule', (t) => {
  const waits = Array.from({ length: 11 }, (_, index) => after({ status: 500 }, index + 1)).map((step) =>
    step.kind === 'wait' ? step.ms / 1000 : step,
  );
  t.deepEqual(waits, [10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 43_200]);
});

test('some statuses wait longer at least', (t) => {
  t.deepEqual(after({ status: 404 }, 1), { kind: 'wait', ms: 300_000 });
  t.deepEqual(after({ status: 503 }, 1), { kind: 'wait', ms: 30_000 });
  t.deepEqual(after({ status: 408 }, 1), { kind: 'wait', ms: 120_000 });
  t.deepEqual(after({ status: undefined, outcome: 'TimedOut' }, 1), { kind: 'wait', ms: 10_000 });
});

test('a wait is lengthened by a tenth at most', (t) => {
  const step = afterAttempt({ status: 500 }, 1, 0, DEFAULT_RETRY_POLICY, 'AzureFunction', () => 0.999);
  t.true(step.kind === 'wait' && step.ms > 10_000 && step.ms <= 11_000);
});

test('gives up: attempts, time to live, and errors that no retry mends', (t) => {
  t.deepEqual(after({ status: 500 }, 30), { kind: 'give up', reason: 'MaxDeliveryAttemptsExceeded' });
  t.deepEqual(after({ status: 500 }, 1, 59_000, { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1 }), {
    kind: 'give up',
    reason: 'TimeToLiveExceeded',
  });
  t.deepEqual(after({ status: 400 }, 1), { kind: 'give up', reason: 'UndeliverableDueToHttpBadRequest' });
  t.deepEqual(after({ status: 413 }, 1), { kind: 'give up', reason: 'UndeliverableDueToHttpRequestEntityTooLarge' });
});

test('401 is tried again for a function, not for a webhook', (t) => {
  t.is(afterAttempt({ status: 401 }, 1, 0, DEFAULT_RETRY_POLICY, 'AzureFunction', none).kind, 'wait');
  t.is(afterAttempt({ status: 401 }, 1, 0, DEFAULT_RETRY_POLICY, 'WebHook', none).kind, 'give up');
});

test('outcomes have names', (t) => {
  t.is(outcomeName({ status: 404 }), 'NotFound');
  t.is(outcomeName({ status: 502 }), 'InternalServerError');
  t.is(outcomeName({ status: undefined, outcome: 'Aborted' }), 'Aborted');
});
