/** A body's JSON, looked at before it is parsed. */
import { clip, InputError } from '../errors.ts';

/** Deeper than anything that is taken. */
const MOST_DEPTH = 8;
/** Characters in one string, as it is written: longer than any id, escapes counted. */
const MOST_STRING = 4096;

/**
 * Parses a body. Throws InputError INPUT_INVALID for what is no JSON, what is nested deeper than any body is, and a string
 * longer than any field takes: found in one pass over the text, before anything is made of it.
 */
export function parseJson(text: string): unknown {
  measure(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refused('body', text, `must be JSON (${(error as Error).message})`);
  }
}

/** Where in the text we are: a place in a list, or the name of a member. */
type Place = number | string;

function measure(text: string): void {
  const places: Place[] = [];
  let name = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    const inner = places.length - 1;
    const place = places[inner];
    if (char === '"') {
      const end = endOfString(text, at, places);
      name = text.slice(at + 1, end);
      at = end;
    } else if (char === ':') places[inner] = clip(name, 100);
    else if (char === ',' && typeof place === 'number') places[inner] = place + 1;
    else if (char === '[' || char === '{') places.push(char === '[' ? 0 : '');
    else if (char === ']' || char === '}') places.pop();
    if (places.length > MOST_DEPTH) throw refused('body', text, `must not be nested deeper than ${MOST_DEPTH} levels`);
  }
}

/** Where the string that begins at `from` ends; of one that does not, the end of the text. */
function endOfString(text: string, from: number, places: readonly Place[]): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '"') return at;
    if (at - from > MOST_STRING)
      throw refused(fieldOf(places), text.slice(from), `must be at most ${MOST_STRING} characters`);
    if (text[at] === '\\') at += 1;
  }
  return text.length;
}

/** `scope[2]`, as other errors name fields. */
const fieldOf = (places: readonly Place[]): string =>
  places
    .map((place) => (typeof place === 'number' ? `[${place}]` : `.${place}`))
    .join('')
    .replace(/^\./, '') || 'body';

const refused = (field: string, text: string, why: string): InputError =>
  new InputError('INPUT_INVALID', field, clip(text), why);
