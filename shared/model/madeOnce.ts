/** What is made from something that is read seldom and asked for often. */

/**
 * Makes each kind of thing once for each source, and keeps it as long as the source is kept. A kind must be one of a few
 * words, and nothing that a caller chose.
 */
export function madeOnce<Source extends WeakKey, Made>(): (source: Source, kind: string, make: () => Made) => Made {
  const made = new WeakMap<Source, Map<string, Made>>();
  return (source, kind, make) => {
    const ofSource = made.get(source) ?? new Map<string, Made>();
    made.set(source, ofSource);
    const known = ofSource.get(kind);
    if (known !== undefined) return known;
    const fresh = make();
    ofSource.set(kind, fresh);
    return fresh;
  };
}
