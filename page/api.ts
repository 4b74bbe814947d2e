/** What the page asks the app: with the key as a header, conditionally, and never anything elsewhere. */

/** What a request came to. `key`: the app wants a key, or another one. `missing`: this app has no such function. */
export type Answer<T> =
  | { kind: 'ok'; value: T; etag: string | undefined; at: number }
  | { kind: 'same'; at: number }
  | { kind: 'key' }
  | { kind: 'signIn' }
  | { kind: 'missing'; problem?: Problem }
  | { kind: 'refused'; problem: Problem }
  | { kind: 'silent'; text: string };

/** An answer of the app that says what is wrong (RFC 9457). */
export interface Problem {
  status: number;
  detail: string;
  code?: string;
  nextStep?: string;
}

const KEYS = { read: 'hairpin-key', act: 'hairpin-key-act' } as const;
export type KeyKind = keyof typeof KEYS;

/** Kept for this tab alone; storage that is shut off keeps it until the page is left. */
const held: Partial<Record<KeyKind, string>> = {};

export function keyOf(kind: KeyKind): string | undefined {
  try {
    return sessionStorage.getItem(KEYS[kind]) ?? held[kind] ?? (kind === 'act' ? keyOf('read') : undefined);
  } catch {
    return held[kind];
  }
}

export function keepKey(kind: KeyKind, key: string): void {
  held[kind] = key;
  try {
    sessionStorage.setItem(KEYS[kind], key);
  } catch {
    // Held above.
  }
}

export function forgetKeys(): void {
  for (const kind of ['read', 'act'] as const) {
    delete held[kind];
    try {
      sessionStorage.removeItem(KEYS[kind]);
    } catch {
      // Nothing was kept.
    }
  }
}

/** How far the app's clock is ahead of this one, milliseconds. Ages are told by the app's. */
let ahead = 0;
export const appNow = (): number => Date.now() + ahead;

interface Asked {
  method?: 'GET' | 'POST' | 'DELETE';
  etag?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
  /** As it came, for a file to keep. */
  text?: boolean;
}

/** Waited for so long, milliseconds. */
const PATIENCE = 60_000;

/** Asks the app. Never throws. */
export async function ask<T>(
  path: string,
  { method = 'GET', etag, body, headers = {}, text }: Asked = {},
): Promise<Answer<T>> {
  const key = keyOf(method === 'GET' ? 'read' : 'act');
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      // Signed in by the platform: its cookie goes along. A redirect to a sign-in page is no answer.
      credentials: 'same-origin',
      redirect: 'manual',
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE),
      headers: {
        ...(key === undefined ? {} : { 'x-functions-key': key }),
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { status } = response;
    const date = Date.parse(response.headers.get('date') ?? '');
    if (Number.isFinite(date)) ahead = Math.abs(date - Date.now()) < 2000 ? 0 : date - Date.now();
    const at = appNow();
    if (status === 304) return { kind: 'same', at };
    if (response.type === 'opaqueredirect') return { kind: 'signIn' };
    if (status === 401 || (status === 403 && !isProblem(response)))
      return { kind: (await isSignedOut()) ? 'signIn' : 'key' };
    if (response.ok) {
      const value = (text ? await response.text() : await response.json()) as T;
      return { kind: 'ok', value, etag: response.headers.get('etag') ?? undefined, at };
    }
    if (!isProblem(response)) {
      if (status === 404 || status === 405) return { kind: 'missing' };
      return { kind: 'silent', text: `it answered ${status}` };
    }
    const problem = (await response.json()) as Problem;
    return { kind: status === 404 ? 'missing' : 'refused', problem };
  } catch (error) {
    return {
      kind: 'silent',
      text: error instanceof Error && error.name === 'TimeoutError' ? 'no answer within a minute' : 'no connection',
    };
  }
}

const isProblem = ({ headers }: Response): boolean =>
  (headers.get('content-type') ?? '').startsWith('application/problem+json');

/** True where the platform signs people in (Easy Auth has `/.auth/me`) and nobody is. */
async function isSignedOut(): Promise<boolean> {
  try {
    const response = await fetch('/.auth/me', { credentials: 'same-origin', redirect: 'manual', cache: 'no-store' });
    if (response.status === 401 || response.type === 'opaqueredirect') return true;
    if (!response.ok || !(response.headers.get('content-type') ?? '').includes('json')) return false;
    const who = (await response.json()) as unknown;
    return Array.isArray(who) && who.length === 0;
  } catch {
    return false;
  }
}

/** Something that is asked for again and again. */
export interface Polled<T> {
  value?: T;
  etag?: string | undefined;
  /** When the app last said that it is so. */
  at?: number;
  /** Why it does not say so now. */
  trouble?: Exclude<Answer<T>, { kind: 'ok' | 'same' }>;
  /** Since when. */
  since?: number;
}

/** What is polled, after one more answer: what was known stays while there is trouble. */
export function heard<T>(known: Polled<T>, answer: Answer<T>): Polled<T> {
  if (answer.kind === 'ok') return { value: answer.value, etag: answer.etag, at: answer.at };
  const { trouble: _, since, ...kept } = known;
  if (answer.kind === 'same') return { ...kept, at: answer.at };
  return { ...kept, trouble: answer, since: since ?? appNow() };
}
