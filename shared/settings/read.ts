/** Typed getters of settings. Each checks by the setting's description; a wrong value is told with it and an example. */
import { SettingError } from '../errors.ts';
import { isSchedule } from './schedule.ts';
import { type NameOf, type NameWithFallback, SETTINGS, type SettingName } from './settings.ts';

/** The environment, or anything like it. */
export type Env = Readonly<Record<string, string | undefined>>;

/** A setting's text; undefined when it is not set, or set to nothing. */
export const text = (env: Env, name: SettingName): string | undefined => env[name]?.trim() || undefined;

/** A setting's text, or the one that stands for it. */
export const textOr = (env: Env, name: NameWithFallback): string => text(env, name) ?? SETTINGS[name].fallback;

/** What is wrong with a text, by its description. */
export function wrong(name: NameOf<'text' | 'schedule'>, value: string | undefined): SettingError {
  const { expected, example } = SETTINGS[name];
  return new SettingError(name, value, expected, example);
}

/** The items of a list with commas between. */
export const list = (env: Env, name: NameOf<'text'>): string[] =>
  (text(env, name) ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/**
 * A whole number in the setting's range.
 * @param atLeast What another setting asks of it, above its own least value.
 */
export function whole(env: Env, name: NameOf<'whole'>, atLeast = 0): number {
  const { least, most, fallback } = SETTINGS[name];
  const given = text(env, name);
  if (given === undefined) return fallback;
  const value = Number(given);
  const lowest = Math.max(least, atLeast);
  if (/^\d{1,9}$/.test(given) && value >= lowest && value <= most) return value;
  throw new SettingError(name, given, `a whole number from ${lowest} to ${most}`, String(fallback));
}

/** One of the setting's words. */
export function word<Name extends NameOf<'word'>>(env: Env, name: Name): (typeof SETTINGS)[Name]['words'][number] {
  const { words, fallback } = SETTINGS[name];
  const given = text(env, name) ?? fallback;
  const found = words.find((candidate) => candidate === given.toLowerCase());
  if (found !== undefined) return found;
  throw new SettingError(name, given, `one of ${words.join(', ')}`, fallback);
}

/** Checks a timer's schedule, which the host reads itself. Throws SettingError for one that is missing or wrong. */
export function checkSchedule(env: Env, name: NameOf<'schedule'>): void {
  const given = text(env, name);
  if (given === undefined || !isSchedule(given)) throw wrong(name, given);
}

/** The address that a setting gives, without a slash at its end; undefined when it is not set. */
export function httpsUrl(env: Env, name: NameOf<'text'>): string | undefined {
  const given = text(env, name);
  if (given === undefined) return undefined;
  if (URL.canParse(given) && new URL(given).protocol === 'https:') return given.replace(/\/$/, '');
  throw wrong(name, given);
}
