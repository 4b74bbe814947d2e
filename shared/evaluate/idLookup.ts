/** Things by their ids. Most ids that refer to a thing are written in the letters of its own: then no key is made. */
import { type IdKey, idKey } from '../model/ids.ts';

/** Finds things by id, whatever the letter case. Of things with one id the first counts. */
export class IdLookup<T extends { id: string }> {
  readonly #asWritten = new Map<string, T>();
  #byKey: Map<IdKey, T> | undefined;

  constructor(things: readonly T[]) {
    for (const thing of things) if (!this.#asWritten.has(thing.id)) this.#asWritten.set(thing.id, thing);
  }

  get(id: string): T | undefined {
    return this.#asWritten.get(id) ?? this.#keys().get(idKey(id));
  }

  #keys(): Map<IdKey, T> {
    if (this.#byKey) return this.#byKey;
    this.#byKey = new Map();
    for (const thing of this.#asWritten.values()) {
      const key = idKey(thing.id);
      if (!this.#byKey.has(key)) this.#byKey.set(key, thing);
    }
    return this.#byKey;
  }
}
