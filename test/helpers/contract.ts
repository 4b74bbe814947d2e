/**
 * Holds answers to the description of the HTTP API: whatever a test sees, the operation, its status, its type, its headers
 * and its document must be in it, and nothing that it does not name.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { ApiDocument, Response } from '../../docs/api/shape.ts';

const FILE = join(import.meta.dirname, '../../shared/views/openapi.json');

/** The document as the app serves it. */
export const apiDocument = (): ApiDocument => JSON.parse(readFileSync(FILE, 'utf8'));

/** An answer as it came over HTTP. */
export interface Answered {
  method: string;
  /** With its query. */
  path: string;
  status: number;
  headers: Headers;
  text: string;
}

/** What is wrong with an answer, a sentence each; empty: all is as described. */
export type Check = (answered: Answered) => string[];

/** A check against a document; the repository's own when none is given. */
export function contract(document: ApiDocument = apiDocument()): Check {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'api:', ...closed(document) });
  const validators = new Map<string, ValidateFunction>();
  const routes = Object.keys(document.paths).map((path) => ({ path, pattern: patternOf(path) }));

  return ({ method, path, status, headers, text }) => {
    const { pathname } = new URL(path, 'http://app');
    // A path of words comes before one with a parameter.
    const route = routes
      .filter(({ pattern }) => pattern.test(pathname))
      .sort((a, b) => parameters(a) - parameters(b))[0];
    const verb = method.toLowerCase();
    const operation = route && document.paths[route.path]?.[verb];
    const told = `${method} ${pathname} answered ${status}`;
    if (!route || !operation) {
      // The host's own: there is no such function.
      return status === 404 && text === '' ? [] : [`${told}: no such operation is described`];
    }
    const response = operation.responses[status];
    if (!response) return [`${told}: this status is not described`];
    const missing = Object.entries(response.headers ?? {})
      .filter(([name, { required }]) => required && !headers.has(name))
      .map(([name]) => `${told} without the header ${name}`);
    const nosniff = headers.get('x-content-type-options') === 'nosniff' ? [] : [`${told} without nosniff`];
    const kept = headers.get('cache-control') ?? '';
    const isTagged = headers.has('etag');
    if (kept !== (isTagged ? 'private, no-cache' : 'no-store')) nosniff.push(`${told} with cache-control "${kept}"`);
    return [
      ...missing,
      ...nosniff,
      ...bodyFaults(route.path, verb, status, response, headers, text).map((why) => `${told}: ${why}`),
    ];
  };

  function bodyFaults(
    path: string,
    verb: string,
    status: number,
    response: Response,
    headers: Headers,
    text: string,
  ): string[] {
    const type = headers.get('content-type')?.split(';', 1)[0]?.trim() ?? '';
    const { content } = response;
    if (!content) return text === '' ? [] : [`a body of type "${type}", and none is described`];
    if (!Object.hasOwn(content, type)) return [`the type "${type}" is not described`];
    if (!type.endsWith('json')) return text === '' ? ['no body'] : [];
    const pointer = ['paths', path, verb, 'responses', status, 'content', type, 'schema'].map(asPointer).join('/');
    const validate = validators.get(pointer) ?? ajv.compile({ $ref: `api:#/${pointer}` });
    validators.set(pointer, validate);
    if (validate(JSON.parse(text))) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath || 'the document'} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** Asks the app as `fetch` does, and returns the answer with its text. Throws where it is not as described. */
export async function ask(
  check: Check,
  url: string,
  init: RequestInit = {},
): Promise<{ status: number; headers: Headers; text: string }> {
  const answer = await fetch(url, init);
  const { status, headers } = answer;
  const text = await answer.text();
  const { pathname, search } = new URL(url);
  const method = init.method ?? 'GET';
  // The host's own ways (timers rung by hand) are no part of the API.
  if (!pathname.startsWith('/api/')) return { status, headers, text };
  const faults = check({ method, path: `${pathname}${search}`, status, headers, text });
  if (faults.length > 0) throw new Error(`not as the description of the API says: ${faults.join('; ')}`);
  return { status, headers, text };
}

const parameters = ({ path }: { path: string }): number => path.split('{').length;

const asPointer = (part: string | number): string =>
  encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'));

/** `/api/runs/{id}` as a pattern. */
const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`);

/** Every object that names its properties takes no others: what an answer says must be described. */
function closed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(closed) as T;
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, closed(one)]));
  const names = 'properties' in inner && inner.type === 'object' && !('additionalProperties' in inner);
  return (names ? { ...inner, additionalProperties: false } : inner) as T;
}
