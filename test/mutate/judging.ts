/** Tests that notice each change of size.ts. */
import test from 'ava';
import { sumTo, unitOf, wordOf } from './size.ts';

test('a unit', (t) => t.is(unitOf(), 'mm'));
test('words', (t) => t.deepEqual([2, 3, 4].map(wordOf), ['small', 'large', 'large']));
test('a sum', async (t) => t.deepEqual(await Promise.all([0, 1, 4].map(async (last) => sumTo(last))), [0, 1, 10]));
