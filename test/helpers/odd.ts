/** Answers with something odd at one place: null, nothing, or a value of another type. */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Path = (string | number)[];

/** Every place in a value, the inner ones too. */
export function* places(value: Json, at: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    const path = [...at, Array.isArray(value) ? Number(name) : name];
    yield path;
    yield* places(inner, path);
  }
}

/** A copy with something else at one place; `undefined` takes it away. A place that an earlier change took is left alone. */
export function changed(value: Json, path: Path, to: Json | undefined): Json {
  const copy = structuredClone(value);
  let at = copy as Record<string | number, Json>;
  for (const name of path.slice(0, -1)) {
    at = at[name] as Record<string | number, Json>;
    if (typeof at !== 'object' || at === null) return copy;
  }
  const last = path.at(-1) as string | number;
  if (to !== undefined) at[last] = to;
  else if (Array.isArray(at)) at.splice(Number(last), 1);
  else delete at[last];
  return copy;
}

/** What stands at a place. */
export const valueAt = (value: Json, path: Path): Json | undefined =>
  path.reduce<Json | undefined>((at, name) => (at as Record<string | number, Json> | undefined)?.[name], value);

export const kindOf = (value: Json | undefined): string => (Array.isArray(value) ? 'list' : typeof value);

/** What may stand in place of any property. */
export const OTHERS: (Json | undefined)[] = [
  null,
  undefined,
  0,
  -1.5,
  7,
  '',
  'x',
  true,
  [],
  [null],
  [7, 'x', []],
  {},
  { id: 7 },
  { length: 3, toLowerCase: 1 },
];
