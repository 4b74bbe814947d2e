/** Subscription-wide lists in pages, the next one behind `nextLink` with a skip token. */
import { ArmError } from './errors.ts';
import type { FaultKind } from './faults.ts';
import type { Answer } from './operations.ts';

export interface PageRequest {
  /** URL of the request, absolute. */
  url: URL;
  pageSize: number;
  fault?: Extract<FaultKind, { paging: unknown }>['paging'] | undefined;
}

/** One page: the items from the skip token on, made into resources only as far as the page goes. */
export function page<T>(items: T[], shape: (item: T) => unknown, request: PageRequest): Answer {
  const token = request.url.searchParams.get('$skiptoken');
  const start = token === null ? 0 : readToken(token);
  const value = items.slice(start, start + request.pageSize).map(shape);
  const next = start + request.pageSize;
  if (request.fault === 'no-value') return { status: 200, body: { nextLink: null } };
  return {
    status: 200,
    body: { value, ...(next < items.length ? { nextLink: nextLink(request, next) } : {}) },
  };
}

function nextLink(request: PageRequest, next: number): string {
  const url = new URL(request.url);
  url.searchParams.set('$skiptoken', writeToken(request.fault === 'loop' ? 0 : next));
  if (request.fault === 'gone') url.pathname = `${url.pathname}/gone`;
  if (request.fault === 'other-host') url.hostname = 'localhost.invalid';
  return url.href;
}

const writeToken = (start: number): string => Buffer.from(`start=${start}`).toString('base64url');

function readToken(token: string): number {
  const [, start] = /^start=(\d+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (start === undefined) throw new ArmError(400, 'InvalidSkipToken', `The skip token '${token}' is not valid.`);
  return Number(start);
}
