/** The header Idempotency-Key: by it a request that is sent again is known for the same one. */
import { InputError } from '../errors.ts';
import type { HeaderReader } from './sender.ts';

/** The longest key that is taken, characters. */
const MOST_KEY = 128;

/** Printable ASCII without spaces: a header that comes twice is joined by a comma and a space, and is refused so. */
const KEY = /^[!-~]+$/;

/**
 * The key as it was sent, quotes and all; undefined without the header. Throws InputError INPUT_INVALID for an empty one,
 * one that is too long, and one with other characters.
 */
export function readIdempotencyKey(headers: HeaderReader): string | undefined {
  const key = headers.get('idempotency-key');
  if (key === null) return undefined;
  if (key.length <= MOST_KEY && KEY.test(key)) return key;
  throw new InputError(
    'INPUT_INVALID',
    'idempotency-key',
    key,
    `must be 1 to ${MOST_KEY} printable ASCII characters without spaces, such as a new GUID`,
  );
}
