/** Collects what a mapper could not make sense of, by resource. */
export class Notes {
  readonly list: { id: string; text: string }[] = [];

  add(id: string, text: string): void {
    this.list.push({ id, text });
  }

  /**
   * A word of Azure's in lower case when it is one of the known ones, else `unknown` with a note. A missing word is
   * `unknown` without one.
   */
  word<T extends string>(id: string, field: string, value: string | undefined, known: readonly T[]): T | 'unknown' {
    if (value === undefined) return 'unknown';
    const found = known.find((word) => word === value.toLowerCase());
    if (found === undefined) this.add(id, `${field} is ${JSON.stringify(value)}, which is not known`);
    return found ?? 'unknown';
  }
}

/** Items that carry an id; the others are noted, and missing ones are no items. */
export function withId<T extends { id?: string; name?: string }>(
  items: readonly T[] | undefined,
  where: string,
  notes: Notes,
): (T & { id: string })[] {
  return (items ?? []).filter((item): item is T & { id: string } => {
    if (item?.id) return true;
    notes.add(where, `an item${item?.name ? ` named ${JSON.stringify(item.name)}` : ''} has no id and is left out`);
    return false;
  });
}

/** The ids of references; a reference without id is noted. */
export const idsOf = (items: readonly { id?: string }[] | undefined, where: string, notes: Notes): string[] =>
  withId(items, where, notes).map((item) => item.id);
