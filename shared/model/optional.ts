/** Optional properties: a property that has no value is left out, and never there as undefined. */

/** The same properties; those that may be undefined may be missing instead. */
export type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The object without the properties that are undefined. All other values stay: null, 0, false and empty text too. */
export function defined<T extends object>(values: T): Defined<T> {
  const kept: Partial<T> = {};
  for (const key of Object.keys(values) as (keyof T)[]) {
    if (values[key] !== undefined) kept[key] = values[key];
  }
  return kept as unknown as Defined<T>;
}
