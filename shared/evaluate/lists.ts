/** Lists, and lists by key. */

/** Puts a value at the end of its key's list. */
export function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else if (list.length < FEW) map.set(key, list.concat([value]));
  else list.push(value);
}

/** Most lists stay as short: each is made anew, for V8 keeps room for 16 more behind one that grew. */
const FEW = 4;

/** A list that will not grow any more, without the room for 16 more that V8 keeps behind one that grew. */
export const trimmed = <T>(list: readonly T[]): T[] => list.slice();

/** The members of a list that pass; the list itself where all do, as mostly. */
export function passing<T, P extends T>(list: readonly T[], passes: (item: T) => item is P): readonly P[];
export function passing<T>(list: readonly T[], passes: (item: T) => boolean): readonly T[];
export function passing<T>(list: readonly T[], passes: (item: T) => boolean): readonly T[] {
  return list.every(passes) ? list : list.filter(passes);
}

/** Each of a list once, in order. */
export const distinct = <T>(list: readonly T[]): readonly T[] => (list.length < 2 ? list : [...new Set(list)]);

const EMPTY: readonly never[] = [];

/** Lists one after another. There is one empty list for all: most findings come to none. */
export const joined = <T>(...lists: readonly (readonly T[])[]): readonly T[] =>
  lists.every((list) => list.length === 0) ? EMPTY : lists.flat();
