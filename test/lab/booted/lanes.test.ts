/** Work on things of which a few are open at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Lanes } from '../../../lab/booted/lanes.ts';

function lanesOf(most: number) {
  const seen: string[] = [];
  const open = new Set<string>();
  const opened: Record<string, number> = {};
  let peak = 0;
  const lanes = new Lanes(most, {
    async open(name: string) {
      await sleep(5);
      opened[name] = (opened[name] ?? 0) + 1;
      if (name === 'broken' || (name === 'late' && opened[name] === 1)) throw new Error('it does not open');
      open.add(name);
      peak = Math.max(peak, open.size);
      return name;
    },
    async close(name) {
      open.delete(name);
      seen.push(`close ${name}`);
      if (name === 'stuck') throw new Error('it does not close');
    },
    async discard(name) {
      open.delete(name);
      seen.push(`discard ${name}`);
    },
  });
  const work = (name: string, what: string) =>
    lanes.run(
      name,
      async (thing) => {
        await sleep(5);
        seen.push(`${thing} ${what}`);
        if (what === 'throws') throw new Error('on purpose');
        return what;
      },
      (result) => result === 'fails',
    );
  return { work, seen, peak: () => peak };
}

test('work on one thing is done in order, and never more things are open than may be', async (t) => {
  const { work, seen, peak } = lanesOf(2);
  const names = ['a', 'b', 'c', 'd', 'e'];
  const done = await Promise.all(names.flatMap((name) => ['1', '2', '3'].map((what) => work(name, what))));
  t.is(done.length, 15);
  t.is(peak(), 2);
  for (const name of names) {
    t.deepEqual(
      seen.filter((it) => it.startsWith(`${name} `)),
      [`${name} 1`, `${name} 2`, `${name} 3`],
    );
  }
});

test('a thing with nothing to do makes room, and is opened again when it is asked for', async (t) => {
  const { work, seen } = lanesOf(1);
  await work('a', '1');
  await work('b', '1');
  await work('a', '2');
  t.deepEqual(seen, ['a 1', 'close a', 'b 1', 'close b', 'a 2']);
});

test('one that does not open fails its own work and holds nobody up', async (t) => {
  const { work } = lanesOf(1);
  const broken = t.throwsAsync(work('broken', '1'), { message: 'it does not open' });
  t.is(await work('a', '1'), '1');
  await broken;
});

test('one whose work failed is discarded, and what was asked of it later meets a new one', async (t) => {
  for (const how of ['fails', 'throws']) {
    const { work, seen, peak } = lanesOf(1);
    const failing = work('a', how);
    const later = [work('a', '2'), work('a', '3'), work('b', '1')];
    if (how === 'throws') await t.throwsAsync(failing, { message: 'on purpose' });
    else t.is(await failing, how);
    t.deepEqual(await Promise.all(later), ['2', '3', '1']);
    t.deepEqual(seen, [`a ${how}`, 'discard a', 'a 2', 'a 3', 'close a', 'b 1']);
    t.is(peak(), 1);
  }
});

test('one that did not open is opened anew for what was asked of it later', async (t) => {
  const { work, seen } = lanesOf(1);
  const first = t.throwsAsync(work('late', '1'), { message: 'it does not open' });
  t.is(await work('late', '2'), '2');
  await first;
  t.deepEqual(seen, ['discard late', 'late 2']);
});

test('one that does not close is discarded', async (t) => {
  const { work, seen } = lanesOf(1);
  await work('stuck', '1');
  await work('a', '1');
  t.deepEqual(seen, ['stuck 1', 'close stuck', 'discard stuck', 'a 1']);
});
