/** A request's body, read up to its limit. */
import type { HttpRequest } from '@azure/functions';
import { InputError } from '../../shared/errors.ts';

/**
 * The body as text. Throws InputError BODY_TOO_LARGE beyond `most` bytes: by the length that the request names before
 * anything is read, else as soon as more came.
 */
export async function readText(request: Pick<HttpRequest, 'headers' | 'body'>, most: number): Promise<string> {
  const named = Number(request.headers.get('content-length') ?? 0);
  if (named > most) throw tooLarge(named, most);
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of (request.body as AsyncIterable<Uint8Array> | null) ?? []) {
    bytes += chunk.byteLength;
    if (bytes > most) throw tooLarge(`more than ${most}`, most);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

const tooLarge = (length: number | string, most: number): InputError =>
  new InputError(
    'BODY_TOO_LARGE',
    'body',
    `${length} bytes`,
    `must be at most ${most} bytes`,
    'Name fewer ids at once.',
  );
