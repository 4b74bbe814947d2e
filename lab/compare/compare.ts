/** Strategies side by side. */

/** Compares, and resolves to the exit code. */
export async function compareMain(_options: { json: boolean }): Promise<number> {
  console.error('The comparison is not in this checkout.');
  return 3;
}
