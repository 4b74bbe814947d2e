import test from 'ava';
import { madeOnce } from '../../shared/model/madeOnce.ts';

test('once for each source and kind; what could not be made is tried again', (t) => {
  const once = madeOnce<object, string>();
  const [one, two] = [{}, {}];
  let count = 0;
  const make = () => `made ${++count}`;
  t.is(once(one, 'json', make), 'made 1');
  t.is(once(one, 'json', make), 'made 1');
  t.is(once(one, 'csv', make), 'made 2');
  t.is(once(two, 'json', make), 'made 3');
  const three = {};
  t.throws(() =>
    once(three, 'json', () => {
      throw new Error('no');
    }),
  );
  t.is(once(three, 'json', make), 'made 4');
});
