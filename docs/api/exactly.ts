/** A schema held to a type: the compiler refuses one that says more or less than the type, optional properties too. */
import type * as z from 'zod';

/** Every property there, so that one that may be missing is not taken for one that is not known. */
type Whole<T> = T extends readonly (infer Item)[]
  ? Whole<Item>[]
  : T extends object
    ? { [K in keyof T]-?: Whole<Exclude<T[K], undefined>> }
    : T;

/** The same properties, and the same ones that may be missing: either can stand for the other. */
type Same<A, B> = [Whole<A>, A] extends [Whole<B>, B] ? ([Whole<B>, B] extends [Whole<A>, A] ? true : false) : false;

/** The schema itself. `exactly<Type>()(schema)` does not compile where the two differ. */
export const exactly =
  <T>() =>
  <S extends z.ZodType>(schema: Same<z.output<S>, T> extends true ? S : never): S =>
    schema;
