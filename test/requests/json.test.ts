/** A body is measured before it is parsed. */
import test from 'ava';
import fc from 'fast-check';
import { InputError } from '../../shared/errors.ts';
import { parseJson } from '../../shared/requests/json.ts';

test('a body as it is sent', (t) => {
  const body = { scope: ['a\\"]', '{[{[{[{['], mode: 'apply', more: [[[[[[{}]]]]]] };
  t.deepEqual(parseJson(JSON.stringify(body)), body);
  t.is(parseJson(' "" '), '');
});

const nested = (levels: number, open = '[', close = ']') => open.repeat(levels) + close.repeat(levels);

test('eight levels, and no more: told without parsing', (t) => {
  t.notThrows(() => parseJson(nested(8)));
  for (const text of [nested(9), nested(60_000), '{"a":'.repeat(9), `["${'x'.repeat(100)}",${nested(8)}]`]) {
    const error = t.throws(() => parseJson(text), { instanceOf: InputError });
    t.like(error, { code: 'INPUT_INVALID', field: 'body' });
    t.regex(error?.message ?? '', /deeper than 8 levels$/);
    t.true((error?.message.length ?? 0) < 400);
  }
});

test('a string of 4,096 characters, and none longer, escapes counted; the field is named', (t) => {
  t.is(parseJson(`"${'x'.repeat(4096)}"`), 'x'.repeat(4096));
  const long = ['x'.repeat(4097), '\\u0000'.repeat(700), '\\"'.repeat(3000), 'x'.repeat(120_000)];
  for (const text of long) {
    for (const [body, field] of [
      [`"${text}"`, 'body'],
      [`"${text}`, 'body'],
      [`{"mode":"apply","scope":"${text}"}`, 'scope'],
      [`{"a":1,"scope":["b","c",{"id":"${text}"}]}`, 'scope[2].id'],
      [`[["a"],"${text}"]`, '[1]'],
    ] as const) {
      const error = t.throws(() => parseJson(body), { instanceOf: InputError });
      t.is(error?.field, field);
      t.regex(error?.message ?? '', /must be at most 4096 characters$/);
      t.true((error?.message.length ?? 0) < 600);
    }
  }
});

test('a field within a list within a list, a place behind a place, and a text in a list that follows an object', (t) => {
  const long = 'x'.repeat(4097);
  for (const [body, field] of [
    [`[[1,2],[3,"${long}"]]`, '[1][1]'],
    [`{"a":{"b":1},"c":"${long}"}`, 'c'],
    [`[{"a":1},{"b":2,"c":"${long}"}]`, '[1].c'],
    [`{"a.b":"${long}"}`, 'a.b'],
    [`{"${long}":1}`, 'body'],
  ] as const) {
    const error = t.throws(() => parseJson(body), { instanceOf: InputError });
    t.is(error?.field, field, body.slice(0, 30));
    t.true(error?.value.startsWith('"xxx'), 'what was too long is shown');
  }
});

test('levels that were closed count no more', (t) => {
  t.notThrows(() => parseJson(`[${Array(20).fill('{"a":{}}').join(',')}]`));
});

test('what is no JSON is told as such', (t) => {
  for (const text of ['', '{', ']', '"\\', 'mode=apply', '{"a":1}}']) {
    const error = t.throws(() => parseJson(text), { instanceOf: InputError });
    t.regex(error?.message ?? '', /must be JSON \(/, text);
  }
});

test('whatever is within the limits is parsed as JSON.parse does', (t) => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => {
      t.deepEqual(parseJson(text), JSON.parse(text));
    }),
  );
});
