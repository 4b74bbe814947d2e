import test from 'ava';
import { readRarely } from '../../shared/model/readRarely.ts';

/** A source that counts, takes `tookMs` and fails when told to. */
function source(keep: (took: number) => number = () => 100) {
  const it = { now: 1000, reads: 0, tookMs: 0, fails: false, ask: async () => 0 };
  const read = async () => {
    it.reads += 1;
    const own = it.reads;
    await Promise.resolve();
    it.now += it.tookMs;
    if (it.fails) throw new Error(`no ${own}`);
    return own;
  };
  it.ask = readRarely(read, keep, () => it.now);
  return it;
}

test('whoever asks meanwhile shares one reading', async (t) => {
  const it = source();
  t.deepEqual(await Promise.all([it.ask(), it.ask(), it.ask()]), [1, 1, 1]);
  t.is(it.reads, 1);
});

test('it serves for its time, counted from its end', async (t) => {
  const it = source();
  it.tookMs = 50;
  await it.ask();
  it.now += 99;
  t.is(await it.ask(), 1);
  it.now += 1;
  t.is(await it.ask(), 2);
});

test('how long it serves may depend on how long it took', async (t) => {
  const it = source((took) => 10 * took);
  it.tookMs = 50;
  await it.ask();
  it.now += 499;
  t.is(await it.ask(), 1);
  it.now += 1;
  t.is(await it.ask(), 2);
});

test('a failure is kept as long: a source that refuses is not asked more often', async (t) => {
  const it = source();
  it.fails = true;
  await t.throwsAsync(it.ask(), { message: 'no 1' });
  it.fails = false;
  await t.throwsAsync(it.ask(), { message: 'no 1' });
  it.now += 100;
  t.is(await it.ask(), 2);
});

test('a clock that was set back: read anew', async (t) => {
  const it = source();
  await it.ask();
  it.now -= 5000;
  t.is(await it.ask(), 2);
});
