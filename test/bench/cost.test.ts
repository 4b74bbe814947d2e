/** From a counted hour to a bill. */
import test from 'ava';
import type { Hour } from '../../bench/cost/hour.ts';
import { HOURS, monthOf } from '../../bench/cost/month.ts';

const HOUR: Hour = { vms: 2, executions: 100, messages: 40, tableCalls: 500, armCalls: 20, commands: 1, logBytes: 1e6 };

test('what is counted in an hour comes 730 times a month; a message of the queue is three requests', (t) => {
  const month = monthOf(HOUR);
  t.like(month, { executions: 73_000, storageCalls: 620 * HOURS, armCalls: 20 * HOURS, commands: HOURS, logGb: 0.73 });
  // A second each, 0.3 s for each ten requests, 2 GB.
  t.is(Math.round(month.gbSeconds), Math.round((100 + 0.6) * HOURS * 2));
});

test('what is free is not paid, and what is above it is', (t) => {
  t.is(monthOf({ ...HOUR, executions: 60, armCalls: 0 }).functionsDollars, 0);
  const many = monthOf({ ...HOUR, executions: 1000, armCalls: 0 });
  const expected = (1_460_000 - 100_000) * 0.000026 + (730_000 - 250_000) * 0.4e-6;
  t.is(many.functionsDollars.toFixed(4), expected.toFixed(4));
});
