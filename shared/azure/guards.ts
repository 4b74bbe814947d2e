/** Foreign JSON, read with care: what is missing, null or of another type is undefined. Pure. */

/** A JSON object of which nothing is known. */
export type Json = Readonly<Record<string, unknown>>;

/** The value as an object; undefined for all else, arrays too. */
export const objectOf = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;

/** An own property: Object’s own methods are no properties of Azure’s. */
const own = (item: Json | undefined, name: string): unknown =>
  item !== undefined && Object.hasOwn(item, name) ? item[name] : undefined;

export const textIn = (item: Json | undefined, name: string): string | undefined => {
  const value = own(item, name);
  return typeof value === 'string' ? value : undefined;
};

export const objectIn = (item: Json | undefined, name: string): Json | undefined => objectOf(own(item, name));

export const listIn = (item: Json | undefined, name: string): readonly unknown[] => {
  const value = own(item, name);
  return Array.isArray(value) ? value : [];
};

export const numberIn = (item: Json | undefined, name: string): number | undefined => {
  const value = own(item, name);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
};
