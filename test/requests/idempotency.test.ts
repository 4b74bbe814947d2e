import test from 'ava';
import { InputError } from '../../shared/errors.ts';
import { readIdempotencyKey } from '../../shared/requests/idempotency.ts';

for (const key of [undefined, 'a', '"8e03978e-40d5-43dd-bc93-6894a57f9324"', '!~', 'k'.repeat(128)]) {
  test(`key ${key}: taken as it is`, (t) => {
    t.is(readIdempotencyKey(new Headers(key === undefined ? {} : { 'Idempotency-Key': key })), key);
  });
}

for (const [title, key] of [
  ['empty', ''],
  ['too long', 'k'.repeat(129)],
  ['with a space', 'a b'],
  ['a letter beyond ASCII', 'é'],
] as const) {
  test(`key ${title}: refused, with what it may be`, (t) => {
    const error = t.throws(() => readIdempotencyKey(new Headers({ 'idempotency-key': key })), {
      instanceOf: InputError,
    });
    t.like(error, { code: 'INPUT_INVALID', field: 'idempotency-key', value: key });
    t.regex(error?.message ?? '', /1 to 128 printable ASCII characters/);
  });
}

test('a key that comes twice is refused', (t) => {
  const headers = new Headers({ 'idempotency-key': 'one' });
  headers.append('idempotency-key', 'two');
  t.throws(() => readIdempotencyKey(headers), { instanceOf: InputError });
});
