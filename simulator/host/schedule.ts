/**
 * NCRONTAB, the schedules of timer triggers: `{second} {minute} {hour} {day} {month} {day of week}`, in UTC
 * (azure-webjobs-sdk-extensions, CronSchedule.cs). Read with cron-parser; where both day fields are given, NCRONTAB
 * wants both to match and cron-parser either, so days that match one alone are passed over.
 */
import { CronExpressionParser } from 'cron-parser';
import { InputError, messageOf } from '../../shared/errors.ts';

export interface Schedule {
  /** First time after `from`, to the second. */
  next(from: Date): Date;
  /** True when two following times are never less than a minute apart: the real host then keeps the timer's status. */
  monitored: boolean;
}

const MOST_SKIPPED = 5_000;

/** Throws InputError for anything that is no NCRONTAB expression of 5 or 6 fields. */
export function parseSchedule(expression: string): Schedule {
  const fields = expression.trim().split(/\s+/);
  const refuse = (why: string): InputError => new InputError('INPUT_INVALID', 'schedule', expression, why);
  // Predefined names and H are cron-parser's own; ? and # are not NCRONTAB's.
  if (!fields.every((field) => /^[\d*,/\-A-Za-z]+$/.test(field) && !/\bH\b|L/i.test(field.replace(/JUL/i, '')))) {
    throw refuse('must be NCRONTAB, {second} {minute} {hour} {day} {month} {day of week}');
  }
  if (fields.length !== 5 && fields.length !== 6) throw refuse('must have 6 fields, or 5 without seconds');
  const withSeconds = fields.length === 6 ? fields : ['0', ...fields];
  const [, , , day, , weekday] = withSeconds;
  const parse = (from: Date) => CronExpressionParser.parse(withSeconds.join(' '), { currentDate: from, tz: 'UTC' });
  try {
    parse(new Date(0));
  } catch (error) {
    throw refuse(messageOf(error));
  }
  const needsBoth = day !== '*' && weekday !== '*';

  function next(from: Date): Date {
    const times = parse(from);
    for (let skipped = 0; skipped < MOST_SKIPPED; skipped++) {
      const time = times.next();
      if (
        !needsBoth ||
        (matches(times.fields.dayOfMonth.values, time.getDate()) &&
          matches(times.fields.dayOfWeek.values, time.getDay()))
      ) {
        return time.toDate();
      }
    }
    throw refuse('does not come round');
  }

  return { next, monitored: spacedByMinutes(next) };
}

const matches = (values: readonly (number | string)[], value: number): boolean =>
  values.some((allowed) => Number(allowed) === value);

function spacedByMinutes(next: (from: Date) => Date): boolean {
  let time = next(new Date(0));
  for (let step = 0; step < 10; step++) {
    const following = next(time);
    if (following.getTime() - time.getTime() < 60_000) return false;
    time = following;
  }
  return true;
}
