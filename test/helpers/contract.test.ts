/** The check that holds answers to the description: what it must not let through. */
import test from 'ava';
import { apiDocument, contract } from './contract.ts';

const check = contract();
const ID = '0'.repeat(32);
const HEADERS = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' };
const PROBLEM = {
  type: 'about:blank',
  title: 'There is no such thing',
  status: 404,
  detail: 'id is "0"',
  code: 'NOT_FOUND',
  nextStep: 'Look.',
  field: 'id',
};
const ACCEPTED = { runId: ID, state: 'accepted' };

const faults = (
  method: string,
  path: string,
  status: number,
  document: unknown,
  more: { headers?: Record<string, string>; type?: string } = {},
): string[] =>
  check({
    method,
    path,
    status,
    headers: new Headers({ 'content-type': more.type ?? 'application/json', ...HEADERS, ...more.headers }),
    text: typeof document === 'string' ? document : JSON.stringify(document),
  });
const location = { location: `/api/runs/${ID}` };
const problem = { type: 'application/problem+json' };

test('what is as described passes', (t) => {
  t.deepEqual(faults('POST', '/api/runs', 202, ACCEPTED, { headers: location }), []);
  t.deepEqual(faults('GET', `/api/runs/${ID}?format=csv`, 404, PROBLEM, problem), []);
  t.deepEqual(faults('GET', '/api/runs/a/b/c', 404, ''), [], 'no function: the host answers');
  const tagged = { etag: 'W/"x"', 'cache-control': 'private, no-cache' };
  t.deepEqual(faults('GET', `/api/runs/${ID}`, 304, '', { headers: tagged }), []);
});

for (const [title, found, says] of [
  ['a status', faults('POST', '/api/runs', 200, ACCEPTED), /status is not described/],
  ['an operation', faults('PUT', '/api/runs', 200, ACCEPTED), /no such operation/],
  ['an address with a document', faults('GET', '/api/nothing', 404, PROBLEM, problem), /no such operation/],
  ['a type', faults('POST', '/api/runs', 202, 'ok', { type: 'text/plain', headers: location }), /text\/plain/],
  ['a header that is missing', faults('POST', '/api/runs', 202, ACCEPTED), /without the header location/],
  [
    'sniffing',
    faults('POST', '/api/runs', 202, ACCEPTED, { headers: { ...location, 'x-content-type-options': '' } }),
    /nosniff/,
  ],
  [
    'a copy',
    faults('POST', '/api/runs', 202, ACCEPTED, { headers: { ...location, 'cache-control': '' } }),
    /cache-control/,
  ],
  ['a field', faults('POST', '/api/runs', 202, { ...ACCEPTED, more: 1 }, { headers: location }), /"more"/],
  ['a word', faults('POST', '/api/runs', 202, { ...ACCEPTED, state: 'done' }, { headers: location }), /\/state/],
  ['a field that is missing', faults('POST', '/api/runs', 202, { state: 'accepted' }, { headers: location }), /runId/],
  ['a code', faults('GET', `/api/runs/${ID}`, 404, { ...PROBLEM, code: 'GONE' }, problem), /\/code/],
  [
    'a body where none is',
    faults('GET', `/api/runs/${ID}`, 304, '{}', { headers: { etag: 'x', 'cache-control': 'private, no-cache' } }),
    /none is described/,
  ],
  [
    'no body where one is',
    faults('GET', `/api/runs/${ID}?format=csv`, 200, '', {
      type: 'text/csv',
      headers: { etag: 'x', 'cache-control': 'private, no-cache' },
    }),
    /no body/,
  ],
] as const) {
  test(`${title} that is not described fails`, (t) => {
    t.is(found.length, 1, found.join('; '));
    t.regex(found[0] ?? '', says);
  });
}

test('deep inside a document too', (t) => {
  const document = apiDocument();
  t.true(Object.keys(document.components.schemas).includes('CompliancePath'));
  const list = { runs: [{ runId: ID, surprise: true }] };
  const found = faults('GET', '/api/runs', 200, list, { headers: { etag: 'x', 'cache-control': 'private, no-cache' } });
  t.true(
    found.some((fault) => fault.includes('/runs/0') && fault.includes('surprise')),
    found.join('; '),
  );
});
