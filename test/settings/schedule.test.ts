/** Schedules that the Functions host takes, and those that it would disable a timer for. */
import test from 'ava';
import fc from 'fast-check';
import { isSchedule } from '../../shared/settings/schedule.ts';

for (const text of [
  '0 7 * * * *',
  '30 * * * * *',
  '*/20 * * * * *',
  '0 5/10 8-18 * * *',
  '0 0,15,30-45/5 * * * *',
  '0 0 9 * * MON-FRI',
  '0 0 9 1 january,Jul 0',
  '0  0   9 * *  Sunday',
  '0 0 0 29 2 *',
  '0 0 0 31 2,3 *',
]) {
  test(`taken: "${text}"`, (t) => {
    t.true(isSchedule(text));
  });
}

for (const [text, why] of [
  ['', 'nothing'],
  ['hourly', 'a word'],
  ['0 * * * *', 'five fields: its seconds are missing'],
  ['0 0 7 * * * *', 'seven fields'],
  ['00:05:00', 'a time span, which Flex Consumption does not take'],
  ['@daily', 'a name that other crons know'],
  ['60 * * * * *', 'no such second'],
  ['0 60 * * * *', 'no such minute'],
  ['0 7 24 * * *', 'no such hour'],
  ['0 7 0 0 * *', 'no such day'],
  ['0 7 0 32 * *', 'no such day'],
  ['0 7 0 * 13 *', 'no such month'],
  ['0 7 0 * * 7', 'no such day of the week to this host'],
  ['0 7 0 ? * *', 'a sign of another cron'],
  ['0 7 0 L * *', 'a sign of another cron'],
  ['0 7 0 * * MON#1', 'a sign of another cron'],
  ['0 7 0 * * HAI', 'no such name'],
  ['0 7 0 * MO *', 'a name of the wrong field, too short'],
  ['0 MON * * * *', 'a name where there are none'],
  ['*/0 * * * * *', 'a step of 0'],
  ['*/x * * * * *', 'a step that is no number'],
  ['-5 * * * * *', 'below 0'],
  ['0 7, * * * *', 'a list with nothing at its end'],
  ['0 5-1 * * * *', 'a range from high to low, which the host turns round'],
  ['0 0 0 * * FRI-MON', 'a range from high to low, which the host turns round'],
  ['0 0 0 30 2 *', 'a day that never comes'],
  ['0 0 0 31 4,6,9,11 *', 'a day that never comes'],
  ['0\t7 * * * *', 'a tab'],
  ['1.5 * * * * *', 'no whole number'],
] as const) {
  test(`refused: "${text}", ${why}`, (t) => {
    t.false(isSchedule(text));
  });
}

const LIMITS = [
  [0, 59],
  [0, 59],
  [0, 23],
  [1, 28],
  [1, 12],
  [0, 6],
] as const;

/** A field of numbers, ranges and steps, all within its limits. */
function field([least, most]: readonly [number, number]): fc.Arbitrary<string> {
  const value = fc.integer({ min: least, max: most });
  const range = fc.tuple(value, value).map((ends) => ends.toSorted((a, b) => a - b).join('-'));
  const step = fc.integer({ min: 1, max: 99 }).map((every) => `/${every}`);
  const item = fc
    .tuple(fc.oneof(fc.constant('*'), value.map(String), range), fc.option(step, { nil: '' }))
    .map((parts) => parts.join(''));
  return fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
}
const right = fc.tuple(...LIMITS.map(field));

test('whatever is within the limits is taken; one number beyond them in one field is not', (t) => {
  const place = fc.integer({ min: 0, max: 5 });
  const beyond = [60, 60, 24, 32, 13, 7];
  t.notThrows(() =>
    fc.assert(
      fc.property(right, place, (fields, at) => {
        const wrong = fields.with(at, `${fields[at]},${beyond[at]}`);
        return isSchedule(fields.join(' ')) && !isSchedule(wrong.join(' '));
      }),
    ),
  );
});
