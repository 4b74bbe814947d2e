import test from 'ava';
import { inBatches } from '../../shared/model/batches.ts';

test('at most so many at a time, each item once', async (t) => {
  let atOnce = 0;
  let most = 0;
  const done: number[] = [];
  await inBatches([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    atOnce -= 1;
    done.push(item);
  });
  t.is(most, 3);
  t.deepEqual(done.toSorted(), [1, 2, 3, 4, 5, 6, 7]);
});

test('when one fails nothing more is begun, and nothing is still under way when the whole rejects', async (t) => {
  const begun: number[] = [];
  const ended: number[] = [];
  const slow = Promise.withResolvers<void>();
  const whole = inBatches([1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    if (item === 1) throw new Error('first');
    await slow.promise;
    ended.push(item);
    throw new Error('second');
  });
  let rejected = false;
  whole.catch(() => {
    rejected = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.false(rejected);
  slow.resolve();
  await t.throwsAsync(whole, { message: 'first' });
  t.deepEqual(begun, [1, 2]);
  t.deepEqual(ended, [2]);
});
