/** Keeps what was made first, as schemas are kept. Not changed itself. */
export function once(make: () => string): () => string {
  let kept: string | undefined;
  return () => {
    kept ??= make();
    return kept;
  };
}
