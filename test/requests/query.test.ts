import test from 'ava';
import { InputError } from '../../shared/errors.ts';
import { readFormat, readParameters } from '../../shared/requests/query.ts';

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
