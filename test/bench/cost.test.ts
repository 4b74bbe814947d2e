/** From a counted hour to a bill. */
import test from 'ava';
import type { Hour } from '../../bench/cost/hour.ts';
import { reckonHour } from '../../bench/cost/law.ts';
import { HOURS, monthOf } from '../../bench/cost/month.ts';

const HOUR: Hour = {
  vms: 2,
  executions: 100,
  messages: 40,
  tableCalls: 500,
  armCalls: 20,
  readings: 2,
  commands: 1,
  logBytes: 1e6,
};

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

test('a large hour lies on the line through two that were counted, with its own pages for each reading', (t) => {
  const small: Hour = { ...HOUR, vms: 100, readings: 4, armCalls: 1000 + 4 * 5, tableCalls: 400 + 4 * 3 };
  const large: Hour = { ...HOUR, vms: 1000, readings: 13, armCalls: 1900 + 13 * 50, tableCalls: 1300 + 13 * 3 };
  t.deepEqual(reckonHour(10_000, small, { ...large, executions: 190, commands: 37 }), {
    vms: 10_000,
    executions: 100 + 90 * 11,
    messages: 40,
    readings: 103,
    armCalls: 10_900 + 103 * 500,
    tableCalls: 10_300 + 103 * 30,
    commands: 1 + 36 * 11,
    logBytes: 1e6,
  });
  t.deepEqual(reckonHour(100, small, large), small);
  t.deepEqual(reckonHour(1000, small, large), large);
});
