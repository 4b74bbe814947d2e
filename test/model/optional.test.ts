import test from 'ava';
import { defined } from '../../shared/model/optional.ts';

interface Shape {
  id: string;
  address?: string;
  port?: number;
}

test('what is undefined is not there, everything else is as it was and in its order', (t) => {
  const found = defined({ a: undefined, z: null, b: 0, c: false, d: '', e: [] as string[] });
  t.deepEqual(Object.keys(found), ['z', 'b', 'c', 'd', 'e']);
  t.deepEqual({ ...found }, { z: null, b: 0, c: false, d: '', e: [] });
});

test('its type fits optional properties that may not be undefined', (t) => {
  const address = ((): string | undefined => undefined)();
  const port = ((): number | undefined => 1972)();
  const shape: Shape = { id: 'a', ...defined({ address, port }) };
  t.deepEqual(shape, { id: 'a', port: 1972 });
  // @ts-expect-error exactOptionalPropertyTypes: this is what the helper is for.
  const wrong: Shape = { id: 'a', address };
  t.true('address' in wrong);
  // @ts-expect-error A property that must be there is not made optional by it, nor another type let through.
  const number: Shape = { id: 'a', ...defined({ address: port }) };
  t.is(Number(number.address), 1972);
});

test('the object that was given stays as it is', (t) => {
  const given = { a: undefined, b: 1 };
  defined(given);
  t.deepEqual(Object.keys(given), ['a', 'b']);
});
