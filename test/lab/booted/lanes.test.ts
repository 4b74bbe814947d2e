/** Work on things of which a few are open at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Lanes } from '../../../lab/booted/lanes.ts';

function lanesOf(most: number) {
  const seen: string[] = [];
  const open = new Set<string>();
  let peak = 0;
  const lanes = new Lanes(
    most,
    async (name: string) => {
      await sleep(5);
      if (name === 'broken') throw new Error('it does not open');
      open.add(name);
      peak = Math.max(peak, open.size);
      return name;
    },
    async (name) => {
      open.delete(name);
      seen.push(`close ${name}`);
    },
  );
  const work = (name: string, what: string) =>
    lanes.run(name, async (thing) => {
      await sleep(5);
      seen.push(`${thing} ${what}`);
      return what;
    });
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
