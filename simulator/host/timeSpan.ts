/** .NET's TimeSpan as host.json writes it. */
import { InputError } from '../../shared/errors.ts';

const TIME_SPAN = /^(?:(\d+)\.)?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?$/;

/** Milliseconds of `[d.]hh:mm[:ss[.fffffff]]`. Throws InputError for anything else. */
export function timeSpanMs(field: string, text: unknown): number {
  const found = typeof text === 'string' ? TIME_SPAN.exec(text) : null;
  if (!found) throw new InputError('INPUT_INVALID', field, text, 'must be a time span such as 00:00:30');
  const [, days = '0', hours = '0', minutes = '0', seconds = '0', fraction = '0'] = found;
  const whole = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return whole * 1000 + Math.round(Number(`0.${fraction}`) * 1000);
}
