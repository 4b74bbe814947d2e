/** Reads that many ask for and that are made seldom. */

/** How long what was read serves, milliseconds, from how long the reading took. */
type Keep = (tookMs: number) => number;

/**
 * A read that whoever asks shares: one at a time, and what it brought serves all who ask within `keep` of its end. A
 * failure is kept as long, so that a source that refuses is not asked more often than one that answers. `now`: epoch
 * milliseconds; a clock that was set back reads anew.
 */
export function readRarely<T>(read: () => Promise<T>, keep: Keep, now: () => number): () => Promise<T> {
  let kept: { result: Promise<T>; began: number; until: number } | undefined;
  return () => {
    const at = now();
    if (kept && kept.began <= at && at < kept.until) return kept.result;
    const own = { result: read(), began: at, until: Number.POSITIVE_INFINITY };
    kept = own;
    const ended = () => {
      own.until = now() + keep(now() - at);
    };
    own.result.then(ended, ended);
    return own.result;
  };
}
