/** Lists, and lists by key. */

/** Puts a value at the end of its key's list. */
export function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** A list that will not grow any more, without the room for 16 more that V8 keeps behind one that grew. */
export const trimmed = <T>(list: readonly T[]): T[] => list.slice();
