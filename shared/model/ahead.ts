/** Times that are set ahead, on a clock that may be set back. */

/**
 * True while a time lies ahead, epoch milliseconds. `mostMs` is the furthest that it is ever set: one beyond that was set
 * before the clock was set back, and is over.
 */
export const isAhead = (at: number | undefined, now: number, mostMs: number): boolean =>
  at !== undefined && at > now && at <= now + mostMs;
