/** What a schema has against a value, as one field: the first that is wrong. */
import type { core } from 'zod/mini';

export interface FirstIssue {
  /** The path of the field, `scope.2.id`; empty when the value as a whole is wrong. */
  field: string;
  /** What is there. */
  value: unknown;
  /** The schema's own words. */
  message: string;
  /** True when the schema knows no such field. */
  isUnknownField: boolean;
}

/** The first issue of a schema's error; `raw` is what was parsed. */
export function firstIssue({ issues }: core.$ZodError, raw: unknown): FirstIssue {
  const issue = issues[0];
  const unknownKey = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = [...(issue?.path ?? []), ...(unknownKey === undefined ? [] : [unknownKey])];
  return {
    field: path.join('.'),
    value: path.reduce(memberOf, raw),
    message: issue?.message ?? 'is not right',
    isUnknownField: unknownKey !== undefined,
  };
}

/** A member of whatever it is. An own one: `__proto__` is a name like others in JSON. */
const memberOf = (value: unknown, key: PropertyKey): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;
