/** Who may send what changes something: programs that say that they send JSON, and pages of this app alone. */
import { InputError } from '../errors.ts';

/** The part of a request's headers that is asked; names in any letter case. */
export interface HeaderReader {
  get(name: string): string | null;
}

const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

/**
 * Throws InputError TYPE_NOT_JSON for a body of another type. A page of another site can send text and forms without
 * asking first, with the cookie of a person who is signed in; JSON it cannot (fetch.spec.whatwg.org, "CORS-safelisted
 * request-header").
 */
export function mustBeJson(headers: HeaderReader): void {
  const type = headers.get('content-type');
  if (JSON_TYPE.test(type ?? '')) return;
  const nextStep = 'Send the header content-type: application/json.';
  throw new InputError('TYPE_NOT_JSON', 'content-type', type ?? 'nothing', 'must be application/json', nextStep);
}

/**
 * Throws InputError CROSS_SITE when a browser says that a page of another site sent the request. Browsers say so by
 * Sec-Fetch-Site (w3.org/TR/fetch-metadata), older ones by Origin alone; programs send neither. `address` is the
 * request's own.
 */
export function mustBeSameSite(headers: HeaderReader, address: string): void {
  const site = headers.get('sec-fetch-site');
  const origin = headers.get('origin');
  if (site !== null ? site === 'same-origin' || site === 'none' : origin === null || isOwn(origin, address)) return;
  const field = site === null ? 'origin' : 'sec-fetch-site';
  const nextStep = 'Send it from a page of this app, or from a program.';
  throw new InputError('CROSS_SITE', field, site ?? origin, 'a page of another site may not ask for this', nextStep);
}

/** By host alone: the app may stand behind something that ends TLS. */
const isOwn = (origin: string, address: string): boolean =>
  URL.canParse(origin) && URL.canParse(address) && new URL(origin).host === new URL(address).host;
