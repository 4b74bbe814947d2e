import test from 'ava';
import { InputError } from '../../shared/errors.ts';
import { acceptedFormat, readFormat, readParameters, readRunId } from '../../shared/requests/query.ts';

const of = (query: string) => new URLSearchParams(query);

test('parameters by name, without the function key', (t) => {
  t.deepEqual({ ...readParameters(of('code=secret&a=1&__proto__=x&b=')) }, { a: '1', ['__proto__']: 'x', b: '' });
});

test('a format, JSON when none is asked for', (t) => {
  t.is(readFormat(of('')), 'json');
  t.is(readFormat(of('code=secret')), 'json');
  for (const format of ['json', 'csv', 'html'] as const) t.is(readFormat(of(`format=${format}`)), format);
});

for (const [query, field, says] of [
  ['format=pdf', 'format', /"pdf": must be one of json, csv, html$/],
  ['format=', 'format', /must be one of/],
  ['format=csv&format=html', 'format', /may be given once/],
  ['state=failed', 'state', /is not known; known is format$/],
  ['constructor=x', 'constructor', /is not known/],
] as const) {
  test(`refused: ${query}`, (t) => {
    const error = t.throws(() => readFormat(of(query)), { instanceOf: InputError });
    t.is(error?.code, 'INPUT_INVALID');
    t.is(error?.field, field);
    t.regex(error?.message ?? '', says);
  });
}

test('a value of 2,048 characters is taken, a longer one is not', (t) => {
  t.is(readParameters([['a', 'x'.repeat(2048)]]).a?.length, 2048);
  const error = t.throws(() => readParameters([['a', 'x'.repeat(2049)]]), { instanceOf: InputError });
  t.like(error, { code: 'INPUT_INVALID', field: 'a' });
});

test('what the header Accept asks for', (t) => {
  t.is(acceptedFormat(null), 'json');
  t.is(readFormat(of('')), 'json', 'no header');
  t.is(readFormat(of(''), 'text/csv'), 'csv');
  t.is(readFormat(of('format=html'), 'text/csv'), 'html');
});

test('a run’s id in any letter case; what is none is refused', (t) => {
  t.is(readRunId('ABCDEF0123456789'.repeat(2)), 'abcdef0123456789'.repeat(2));
  for (const id of ['', 'abc', 'g'.repeat(32), 'a'.repeat(33)]) {
    const error = t.throws(() => readRunId(id), { instanceOf: InputError });
    t.like(error, { code: 'INPUT_INVALID', field: 'id' });
    t.is(error?.message, `id is "${id}": must be a run id of 32 hex digits, as the answer to POST /api/runs gave it`);
  }
});
