/** The parameters of a request's address. */
import * as z from 'zod/mini';
import { clip, InputError } from '../errors.ts';
import { firstIssue } from '../model/firstIssue.ts';
import { LIST_FORMATS, type ListFormat, RUN_FORMATS, type RunFormat } from '../model/formats.ts';
import { RUN_ID } from '../model/runId.ts';

/** Longer than any id, name or mark that a parameter may be: looked at before anything else. */
const MOST_VALUE = 2048;

/**
 * Each parameter's value, but for the function key. Throws InputError INPUT_INVALID for one that is given twice, or that is
 * longer than any may be.
 */
export function readParameters(parameters: Iterable<[string, string]>): Record<string, string> {
  const raw: Record<string, string> = Object.create(null);
  for (const [name, value] of parameters) {
    if (name === 'code') continue; // the host has seen to it
    const field = clip(name, 100);
    if (name in raw) throw new InputError('INPUT_INVALID', field, value, 'may be given once');
    if (value.length > MOST_VALUE)
      throw new InputError('INPUT_INVALID', field, value, `must be at most ${MOST_VALUE} characters`);
    raw[name] = value;
  }
  return raw;
}

/**
 * Reads all parameters by a schema. `expected` says what each must be, by name. Throws InputError INPUT_INVALID that names
 * the first one that is wrong, unknown, missing or doubled.
 */
export function readQuery<T extends z.ZodMiniType>(
  schema: T,
  expected: Readonly<Record<string, string>>,
  parameters: Iterable<[string, string]>,
): z.output<T> {
  const raw = readParameters(parameters);
  const result = schema.safeParse({ ...raw });
  if (result.success) return result.data;
  const { field: name } = firstIssue(result.error, raw);
  const says = Object.hasOwn(expected, name) ? expected[name] : undefined;
  const names = Object.keys(expected);
  const known = names.length === 1 ? 'known is' : 'known are';
  throw new InputError(
    'INPUT_INVALID',
    clip(name, 100),
    raw[name],
    says ?? `is not known; ${known} ${names.join(', ')}`,
  );
}

/** `GET /api/runs/{id}`. */
export const runQuerySchema = z.lazy(() => z.strictObject({ format: z.optional(z.enum(RUN_FORMATS)) }));
export const RUN_EXPECTED = { format: `must be one of ${RUN_FORMATS.join(', ')}` };

/** What a run is to be shown as. Throws InputError INPUT_INVALID for a format or a parameter that is not known. */
export const readFormat = (parameters: Iterable<[string, string]>, accept: string | null = null): RunFormat =>
  readQuery(runQuerySchema, RUN_EXPECTED, parameters).format ?? acceptedFormat(accept);

/** What the header Accept asks for, where the address does not say: CSV when it is named and JSON is not. */
export function acceptedFormat(accept: string | null): ListFormat {
  const types = (accept ?? '').split(',', 20).map((part) => part.split(';', 1)[0]?.trim().toLowerCase());
  const [json, csv] = LIST_FORMATS;
  return types.includes('text/csv') && !types.includes('application/json') ? csv : json;
}

/** A run's id as a caller gives it, in lower case. Throws InputError INPUT_INVALID for what is none. */
export function readRunId(id: string): string {
  if (RUN_ID.test(id.toLowerCase())) return id.toLowerCase();
  throw new InputError(
    'INPUT_INVALID',
    'id',
    id,
    'must be a run id of 32 hex digits, as the answer to POST /api/runs gave it',
  );
}
