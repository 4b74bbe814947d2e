import test from 'ava';
import { distinct, joined, passing, push, trimmed } from '../../shared/evaluate/lists.ts';

test('values come to the end of their key’s list, however many', (t) => {
  const lists = new Map<string, number[]>();
  for (let value = 0; value < 20; value += 1) push(lists, value % 2 === 0 ? 'even' : 'odd', value);
  t.deepEqual(lists.get('even'), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
  t.deepEqual(lists.get('odd'), [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
});

test('a list of which all pass is itself what passes', (t) => {
  const list = [1, 2, 3];
  t.is(
    passing(list, (value) => value > 0),
    list,
  );
  t.deepEqual(
    passing(list, (value) => value > 1),
    [2, 3],
  );
  t.deepEqual(list, [1, 2, 3]);
});

test('each once, in order', (t) => {
  t.deepEqual(distinct(['b', 'a', 'b', 'c', 'a']), ['b', 'a', 'c']);
  t.deepEqual(distinct(['b']), ['b']);
  t.deepEqual(distinct([]), []);
});

test('lists one after another', (t) => {
  t.deepEqual(joined([1], [], [2, 3]), [1, 2, 3]);
  t.deepEqual(joined([], []), []);
});

test('what is trimmed is another list', (t) => {
  const list = [1, 2];
  t.deepEqual(trimmed(list), list);
  t.not(trimmed(list), list);
});
