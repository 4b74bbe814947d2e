/** Copies and comparisons of rows, beside Node's own that also know what is no plain data. */
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { copyPlain, isSamePlain } from '../../shared/decide/plain.ts';

/** As the store reads a row: from JSON. */
const plain = fc.json({ maxDepth: 4 }).map((text) => JSON.parse(text) as unknown);

test('a copy is the same and shares nothing', (t) => {
  fc.assert(
    fc.property(plain, (value) => {
      const frozen = JSON.parse(JSON.stringify(value), (_, part) => Object.freeze(part));
      const copy = copyPlain(frozen);
      t.deepEqual(copy, structuredClone(frozen));
      t.true(isSamePlain(frozen, copy));
      eachObject(copy, (part) => t.false(Object.isFrozen(part) && Object.keys(part).length > 0));
    }),
    { numRuns: 200 },
  );
});

test('two values are the same where Node says so', (t) => {
  fc.assert(
    fc.property(plain, plain, (a, b) => {
      t.is(isSamePlain(a, b), isDeepStrictEqual(a, b));
    }),
    { numRuns: 500 },
  );
});

test('every single difference is seen', (t) => {
  const row = () => ({ id: 'a', at: 1, list: [{ code: 'X' }], nested: { on: true, none: null } as object });
  const changes: ((value: ReturnType<typeof row>) => void)[] = [
    (value) => Object.assign(value, { id: 'b' }),
    (value) => Object.assign(value, { more: 1 }),
    (value) => Object.assign(value, { at: undefined }),
    (value) => Reflect.deleteProperty(value, 'at'),
    (value) => value.list.push({ code: 'Y' }),
    (value) => value.list.pop(),
    (value) => Object.assign(value.list[0] as object, { code: 'Y' }),
    (value) => Object.assign(value.nested, { none: {} }),
    (value) => Object.assign(value, { nested: [] }),
    (value) => Object.assign(value, { list: { 0: { code: 'X' } } }),
  ];
  for (const [i, change] of changes.entries()) {
    const changed = row();
    change(changed);
    t.false(isSamePlain(row(), changed), `change ${i}`);
    t.false(isSamePlain(changed, row()), `change ${i}, the other way round`);
  }
  const { id, ...rest } = row();
  t.true(isSamePlain(row(), { ...rest, id }), 'the order of properties says nothing');
});

test('a property called __proto__ is a property', (t) => {
  const odd = JSON.parse('{"__proto__": {"a": 1}}') as object;
  const copy = copyPlain(odd);
  t.deepEqual(Object.keys(copy), ['__proto__']);
  t.is(Object.getPrototypeOf(copy), Object.prototype);
  t.true(isSamePlain(odd, copy));
  t.false(isSamePlain(odd, {}));
});

function eachObject(value: unknown, visit: (part: object) => void): void {
  if (typeof value !== 'object' || value === null) return;
  visit(value);
  for (const part of Object.values(value)) eachObject(part, visit);
}
