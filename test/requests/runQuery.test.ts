/** The query of the list of runs. */
import test from 'ava';
import fc from 'fast-check';
import { InputError } from '../../shared/errors.ts';
import { readRunQuery } from '../../shared/requests/runQuery.ts';

const GROUP = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/healthshare';
const VM = `${GROUP}/providers/Microsoft.Compute/virtualMachines/hs-a`;
const read = (query: string) => readRunQuery(new URLSearchParams(query));

test('nothing asked for: the newest fifty', (t) => {
  t.deepEqual(read(''), { limit: 50 });
});

test('everything asked for', (t) => {
  const after = `${'0'.repeat(15)}-${'a'.repeat(32)}`;
  const query = `state=failed&signal=failover&scope=${VM}&since=2026-01-05T10:00:00Z&after=${after}&limit=7&format=csv`;
  t.deepEqual(read(query), {
    state: 'failed',
    signal: 'failover',
    scope: VM,
    since: Date.UTC(2026, 0, 5, 10),
    after,
    limit: 7,
    format: 'csv',
  });
  for (const scope of [GROUP, GROUP.split('/resourceGroups')[0]]) t.is(read(`scope=${scope}`).scope, scope);
  t.is(read('since=2026-01-05').since, Date.UTC(2026, 0, 5));
  t.is(read('since=2026-01-05T10:00Z').since, Date.UTC(2026, 0, 5, 10));
  t.is(read('since=2026-01-05T10:00:00.123456789Z').since, Date.UTC(2026, 0, 5, 10, 0, 0, 123));
  for (const limit of [1, 10, 42, 99, 100, 199, 200]) t.is(read(`limit=${limit}`).limit, limit);
  t.is(read('since=2026-01-05T10:00:00.5%2B01:00').since, Date.UTC(2026, 0, 5, 9, 0, 0, 500));
});

test('what the header Accept asks for is kept only where it is CSV', (t) => {
  t.deepEqual(readRunQuery([], 'text/csv'), { limit: 50, format: 'csv' });
  t.deepEqual(readRunQuery([], 'application/json'), { limit: 50 });
  t.deepEqual(readRunQuery([['format', 'json']], 'text/csv'), { limit: 50, format: 'json' });
});

test('a function key is none of the query’s business', (t) => {
  t.deepEqual(read('code=secret&state=failed'), { limit: 50, state: 'failed' });
});

for (const [query, field, says] of [
  ['state=open', 'state', /"open": must be one of accepted, running, settled, failed$/],
  ['signal=bell', 'signal', /must be one of failover, /],
  ['scope=hs-a', 'scope', /must be the id of/],
  ["scope=' or true", 'scope', /must be the id of/],
  ['since=yesterday', 'since', /must be a time such as/],
  ['since=2026-01-05T10:00:00', 'since', /must be a time such as/],
  ['since=2026-13-05T10:00:00Z', 'since', /must be a time such as/],
  ["after=' or RowKey gt '", 'after', /must be what the answer before gave/],
  ['since=x2026-01-05', 'since', /must be a time such as/],
  ['since=2026-01-05T', 'since', /must be a time such as/],
  ['limit=1x', 'limit', /from 1 to 200/],
  ['limit=10x', 'limit', /from 1 to 200/],
  ['limit=7x9', 'limit', /from 1 to 200/],
  ['limit=0', 'limit', /from 1 to 200/],
  ['limit=201', 'limit', /from 1 to 200/],
  ['limit=1e2', 'limit', /from 1 to 200/],
  ['limit=', 'limit', /from 1 to 200/],
  ['state=failed&state=settled', 'state', /may be given once/],
  ['vm=hs-a', 'vm', /is not known; known are state, signal, scope, since, after, limit, format$/],
  ['format=html', 'format', /must be one of json, csv$/],
  ['__proto__=x', '__proto__', /is not known/],
  ['constructor=x', 'constructor', /is not known/],
] as const) {
  test(`refused: ${query}`, (t) => {
    const error = t.throws(() => read(query), { instanceOf: InputError });
    t.is(error?.code, 'INPUT_INVALID');
    t.is(error?.field, field);
    t.regex(error?.message ?? '', says);
  });
}

test('whatever is asked: a query of known words, or a short refusal', (t) => {
  const name = fc.oneof(
    fc.constantFrom('state', 'signal', 'scope', 'since', 'after', 'limit', '__proto__'),
    fc.string(),
  );
  const value = fc.oneof(
    fc.constantFrom('failed', 'sweep', '5', GROUP),
    fc.string({ unit: 'binary', maxLength: 3000 }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 4 }), (pairs) => {
      try {
        const { limit, ...asked } = readRunQuery(pairs);
        if (!(limit >= 1 && limit <= 200)) throw new Error(`limit ${limit}`);
        // The store's filter is made of these without quoting.
        for (const word of [asked.state, asked.signal, asked.after]) {
          if (word !== undefined && !/^[\w-]+$/.test(word)) throw new Error(`let through: ${word}`);
        }
      } catch (error) {
        if (!(error instanceof InputError) || error.message.length > 1500) throw error;
      }
    }),
    { numRuns: 1000 },
  );
  t.pass();
});
