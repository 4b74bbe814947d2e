/** The parameters of a request's address. */
import { clip, InputError } from '../errors.ts';
import { RUN_FORMATS, type RunFormat } from '../model/formats.ts';
import { RUN_ID } from '../model/runId.ts';

/** Each parameter's value, but for the function key. Throws InputError INPUT_INVALID for one that is given twice. */
export function readParameters(parameters: Iterable<[string, string]>): Record<string, string> {
  const raw: Record<string, string> = Object.create(null);
  for (const [name, value] of parameters) {
    if (name === 'code') continue; // the host has seen to it
    if (name in raw) throw new InputError('INPUT_INVALID', clip(name, 100), value, 'may be given once');
    raw[name] = value;
  }
  return raw;
}

/** What a run is to be shown as. Throws InputError INPUT_INVALID for a format or a parameter that is not known. */
export function readFormat(parameters: Iterable<[string, string]>): RunFormat {
  const { format = 'json', ...others } = readParameters(parameters);
  for (const [name, value] of Object.entries(others))
    throw new InputError('INPUT_INVALID', clip(name, 100), value, 'is not known; known is format');
  const known = RUN_FORMATS.find((item) => item === format);
  if (!known) throw new InputError('INPUT_INVALID', 'format', format, `must be one of ${RUN_FORMATS.join(', ')}`);
  return known;
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
