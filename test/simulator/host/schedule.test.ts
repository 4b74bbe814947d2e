import test from 'ava';
import fc from 'fast-check';
import { parseSchedule } from '../../../simulator/host/schedule.ts';

const next = (expression: string, from: string): string => parseSchedule(expression).next(new Date(from)).toISOString();

test('counts in UTC, from the second after', (t) => {
  t.is(next('0 * * * * *', '2026-01-01T00:00:00.000Z'), '2026-01-01T00:01:00.000Z');
  t.is(next('0 0 * * * *', '2026-01-01T00:30:00.000Z'), '2026-01-01T01:00:00.000Z');
  t.is(next('*/5 * * * * *', '2026-01-01T00:00:01.500Z'), '2026-01-01T00:00:05.000Z');
  t.is(next('30 5 2 * * *', '2026-01-01T03:00:00.000Z'), '2026-01-02T02:05:30.000Z');
});

test('five fields have no seconds', (t) => {
  t.is(next('*/10 * * * *', '2026-01-01T00:00:01.000Z'), '2026-01-01T00:10:00.000Z');
});

test('both day fields must match, as NCRONTAB has it', (t) => {
  // 13 February 2026 is the first Friday the 13th of that year; cron would stop at the first Friday.
  t.is(next('0 0 0 13 * FRI', '2026-01-01T00:00:00.000Z'), '2026-02-13T00:00:00.000Z');
});

test('knows schedules of a minute and more', (t) => {
  t.true(parseSchedule('0 * * * * *').monitored);
  t.false(parseSchedule('*/30 * * * * *').monitored);
  t.false(parseSchedule('0,10 0 * * * *').monitored);
});

test('the next time is later, and nothing lies between', (t) => {
  const field = fc.oneof(fc.constant('*'), fc.integer({ min: 0, max: 59 }).map(String));
  t.notThrows(() =>
    fc.assert(
      fc.property(field, field, fc.integer({ min: 0, max: 2_000_000_000 }), (second, minute, at) => {
        const schedule = parseSchedule(`${second} ${minute} * * * *`);
        const from = new Date(at * 1000);
        const time = schedule.next(from);
        const matches = (candidate: Date): boolean =>
          (second === '*' || candidate.getUTCSeconds() === Number(second)) &&
          (minute === '*' || candidate.getUTCMinutes() === Number(minute));
        if (!(time > from) || !matches(time)) return false;
        for (let ms = from.getTime() + 1000; ms < time.getTime(); ms += 1000) if (matches(new Date(ms))) return false;
        return true;
      }),
      { numRuns: 60 },
    ),
  );
});

for (const wrong of [
  '',
  '* * *',
  '0 0 0 0 0 0 0',
  '61 * * * * *',
  '@daily',
  '00:05:00',
  'H * * * * *',
  '0 0 0 L * *',
  '0 0 0 ? * *',
]) {
  test(`refuses "${wrong}"`, (t) => {
    t.true(t.throws(() => parseSchedule(wrong)).message.startsWith('schedule is '));
  });
}
