/** A run id as a caller gives it. */
import { InputError } from '../errors.ts';

/** The id as it is kept. Throws InputError INPUT_INVALID for what is none. */
export function readRunId(id: string): string {
  if (/^[0-9a-f]{32}$/i.test(id)) return id.toLowerCase();
  throw new InputError(
    'INPUT_INVALID',
    'id',
    id,
    'must be a run id of 32 hex digits, as the answer to POST /api/runs gave it',
  );
}
