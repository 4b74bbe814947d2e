/** Tables of codes with a sentence each. */

/** The sentence of a code; undefined for one that is not in the table, of an older or a later program. */
export const sentenceOf = (table: Readonly<Record<string, string>>, code: string): string | undefined =>
  Object.hasOwn(table, code) ? table[code] : undefined;
