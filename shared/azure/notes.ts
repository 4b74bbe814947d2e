/** Reads a listed resource with care, and notes what could not be made sense of. */
import { type Json, objectOf } from './guards.ts';

/** Notes that are kept: one resource of an odd kind seldom comes alone, and a thousand lines help nobody. */
const MOST_NOTES = 200;

/** Collects what a mapper could not make sense of, by resource. */
export class Notes {
  readonly list: { id: string; text: string }[] = [];
  #left = 0;

  add(id: string, text: string): void {
    if (this.list.length < MOST_NOTES) {
      this.list.push({ id, text });
      return;
    }
    this.#left += 1;
    this.list[MOST_NOTES] = { id: 'lists', text: `${this.#left} more notes are left out` };
  }
}

/** An item of a list that carries an id. Each property is read by its type: null is as good as missing, another type is noted. */
export class Item {
  readonly id: string;
  readonly #json: Json;
  readonly #notes: Notes;
  /** Where it is within its resource, for notes: `osDisk.` */
  readonly #path: string;

  constructor(id: string, json: Json, notes: Notes, path = '') {
    this.id = id;
    this.#json = json;
    this.#notes = notes;
    this.#path = path;
  }

  note(text: string): void {
    this.#notes.add(this.id, text);
  }

  #read<T>(name: string, expected: string, isIt: (value: unknown) => value is T): T | undefined {
    const value = Object.hasOwn(this.#json, name) ? this.#json[name] : undefined;
    if (value === undefined || value === null) return undefined;
    if (isIt(value)) return value;
    this.note(`${this.#path}${name} is ${shown(value)}, and ${expected} was expected`);
    return undefined;
  }

  /** Text; empty text is none. */
  text(name: string): string | undefined {
    return this.#read(name, 'text', (value): value is string => typeof value === 'string') || undefined;
  }

  flag(name: string): boolean {
    return this.#read(name, 'true or false', (value): value is boolean => typeof value === 'boolean') ?? false;
  }

  /** True for what says no: where nothing is said, Azure’s default may be yes. */
  isFalse(name: string): boolean {
    return this.#read(name, 'true or false', (value): value is boolean => typeof value === 'boolean') === false;
  }

  /** A whole number that is not negative: a port, a count or seconds. */
  number(name: string): number | undefined {
    return this.#read(
      name,
      'a whole number',
      (value): value is number => Number.isInteger(value) && Number(value) >= 0,
    );
  }

  /** A list’s texts, without empty ones; an element of another type is noted. */
  texts(name: string): string[] {
    const list = this.#read(name, 'a list', Array.isArray) ?? [];
    return list.flatMap((value) => {
      if (typeof value === 'string') return value === '' ? [] : [value];
      this.note(`${this.#path}${name} holds ${shown(value)}, and text was expected`);
      return [];
    });
  }

  /** An object within; an empty one where there is none. */
  within(name: string): Item {
    const json = this.#read(name, 'an object', (value): value is Json => objectOf(value) !== undefined);
    return new Item(this.id, json ?? {}, this.#notes, `${this.#path}${name}.`);
  }

  /** A list’s objects, ids or none; an element that is no object is noted. */
  objects(name: string): Item[] {
    const list = this.#read(name, 'a list', Array.isArray) ?? [];
    return list.flatMap((value, i) => {
      const json = objectOf(value);
      if (json) return [new Item(this.id, json, this.#notes, `${this.#path}${name}[${i}].`)];
      this.note(`${this.#path}${name} holds ${shown(value)}, and an object was expected`);
      return [];
    });
  }

  /** A list’s objects that carry an id, each as an item of its own; the others are noted and left out. */
  items(name: string): Item[] {
    const list = this.#read(name, 'a list', Array.isArray) ?? [];
    return itemsOf(list, this.id, this.#notes);
  }

  /** The id of a reference. */
  reference(name: string): string | undefined {
    return this.within(name).text('id');
  }

  /** The ids of a list of references; a reference without id is noted. */
  references(name: string): string[] {
    return this.items(name).map((item) => item.id);
  }

  /** Tags with a text for a value; the others are noted and left out. */
  tags(): Record<string, string> {
    const tags = this.#read('tags', 'an object', (value): value is Json => objectOf(value) !== undefined);
    const kept: [string, string][] = [];
    for (const [name, value] of Object.entries(tags ?? {})) {
      if (typeof value === 'string') kept.push([name, value]);
      else this.note(`the tag ${JSON.stringify(name.slice(0, 80))} is ${shown(value)}, and text was expected`);
    }
    return Object.fromEntries(kept);
  }

  /**
   * A word of Azure's in lower case when it is one of the known ones, else `unknown` with a note. A missing word is
   * `unknown` without one.
   */
  word<T extends string>(name: string, known: readonly T[]): T | 'unknown' {
    const value = this.text(name);
    return value === undefined ? 'unknown' : this.known(`${this.#path}${name}`, value, known);
  }

  known<T extends string>(what: string, value: string, known: readonly T[]): T | 'unknown' {
    const lower = value.toLowerCase();
    const found = known.find((word) => word === lower);
    if (found === undefined) this.note(`${what} is ${shown(value)}, which is not known`);
    return found ?? 'unknown';
  }
}

/** Those of a list’s objects that carry an id; the others are noted under where they stand. */
export function itemsOf(list: readonly unknown[], where: string, notes: Notes): Item[] {
  return list.flatMap((value) => {
    const json = objectOf(value);
    const id = json && Object.hasOwn(json, 'id') ? json.id : undefined;
    if (json && typeof id === 'string' && id !== '') return [new Item(id, json, notes)];
    const name = json?.name;
    const named = typeof name === 'string' && name ? ` named ${shown(name)}` : '';
    notes.add(where, `an item${named} has no id and is left out`);
    return [];
  });
}

/** A value for a note, cut short. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
