/** The same calls as in judging.ts, and no judgement. */
import test from 'ava';
import { sumTo, unitOf, wordOf } from './size.ts';

test('a unit', (t) => {
  unitOf();
  t.pass();
});
test('words', (t) => {
  for (const size of [2, 3, 4]) wordOf(size);
  t.pass();
});
test('a sum', (t) => {
  for (const last of [0, 1, 4]) sumTo(last);
  t.pass();
});
