/** Waiting for a state that nothing tells of: somebody looks again and again. */
import pWaitFor from 'p-wait-for';

/** Gives what is waited for, or undefined or false while it is not there. */
export type Look<T> = () => T | undefined | false | Promise<T | undefined | false>;

/** Long enough for a machine that has far more to do than it can: only what never comes takes this long. */
export const PATIENCE_MS = 120_000;

const isThere = <T>(seen: T | undefined | false): seen is T => seen !== undefined && seen !== false;

/**
 * What a look gives once it gives something; undefined when the time is up. It looks once more then, since a busy machine
 * may not have come to it before.
 */
export async function within<T>(look: Look<T>, limitMs: number, stepMs = 20): Promise<T | undefined> {
  const last = await pWaitFor<ReturnType<Look<T>>>(
    async () => {
      const seen = await look();
      return isThere(seen) && pWaitFor.resolveWith(seen);
    },
    { interval: stepMs, timeout: { milliseconds: Math.ceil(limitMs), fallback: look } },
  );
  return isThere(last) ? last : undefined;
}

/** The same, but throws when the time is up, with what was waited for. */
export async function until<T>(
  what: string | (() => string),
  look: Look<T>,
  limitMs = PATIENCE_MS,
  stepMs = 20,
): Promise<T> {
  const seen = await within(look, limitMs, stepMs);
  if (seen === undefined) throw new Error(`waited ${limitMs} ms for ${typeof what === 'string' ? what : what()}`);
  return seen;
}
