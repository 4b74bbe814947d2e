/** The lists of several subscriptions, side by side: what one of them does to the others. */
import { mock } from 'node:test';
import test from 'ava';
import { clip } from '../../shared/errors.ts';
import { readLists } from '../../shared/reconcile/lists.ts';
import { articleWorld, OTHER, refusal, SUBSCRIPTION } from '../helpers/world.ts';

const BOTH = [SUBSCRIPTION, OTHER];
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A reader whose lists of the other subscription are made by a function; what was asked for, in order. */
function reader(other: (signal?: AbortSignal) => Promise<never>) {
  const world = articleWorld();
  world.homes.set('hs-b', OTHER);
  const asked: string[] = [];
  const ports = {
    clock: { now: () => world.now },
    topology: {
      read: async (id: string, signal?: AbortSignal) => {
        asked.push(id);
        return id === OTHER ? other(signal) : world.lists(id);
      },
    },
  };
  return { world, asked, ports };
}

test.beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
test.afterEach.always(() => mock.timers.reset());

test.serial('lists that never come are waited for no longer than 20 s beyond the loop’s own, and ended', async (t) => {
  let ended = false;
  const { ports } = reader(
    (signal) =>
      new Promise<never>(() => {
        signal?.addEventListener('abort', () => {
          ended = true;
        });
      }),
  );
  let done = false;
  const reading = readLists(ports, SUBSCRIPTION, BOTH).then((lists) => {
    done = true;
    return lists;
  });
  await turn();
  mock.timers.tick(19_999);
  await turn();
  t.false(done);
  mock.timers.tick(1);
  const { topology, unread } = await reading;
  t.true(ended);
  t.is(topology.vms.length, 1);
  t.deepEqual(topology.unread, unread);
  t.like(unread[0], { subscriptionId: OTHER });
  t.regex(unread[0]?.why ?? '', /no answer 20 s after this subscription’s own/);
});

test.serial('lists that fail are not asked for again for a minute, and nobody waits for them', async (t) => {
  const { ports, asked, world } = reader(() => Promise.reject(refusal(403)));
  const { unread, topology } = await readLists(ports, SUBSCRIPTION, BOTH);
  t.deepEqual(asked, [OTHER, SUBSCRIPTION]);
  t.regex(unread[0]?.why ?? '', /answered 403/);
  t.is(topology.loadBalancers.length, 1);
  world.now += 59_999;
  t.deepEqual((await readLists(ports, SUBSCRIPTION, BOTH, unread)).unread, unread);
  t.is(asked.length, 3);
  world.now += 1;
  await readLists(ports, SUBSCRIPTION, BOTH, unread);
  t.is(asked.length, 5);
  // A clock that was set back: what lies further ahead than it was ever set counts for nothing.
  world.now -= 3_600_000;
  await readLists(ports, SUBSCRIPTION, BOTH, unread);
  t.is(asked.length, 7);
});

test.serial('what Azure says is kept with a bound', async (t) => {
  const { ports } = reader(() => Promise.reject(new Error('x'.repeat(5000))));
  const { unread } = await readLists(ports, SUBSCRIPTION, BOTH);
  t.true((unread[0]?.why.length ?? 0) <= clip('x'.repeat(5000), 300).length);
});

test.serial('the subscription’s own lists fail: that is its own matter, and the others are let go', async (t) => {
  let ended = false;
  const { ports, world } = reader(
    (signal) =>
      new Promise<never>(() => {
        signal?.addEventListener('abort', () => {
          ended = true;
        });
      }),
  );
  world.lists = () => {
    throw refusal(503);
  };
  await t.throwsAsync(readLists(ports, SUBSCRIPTION, BOTH), { message: /answered 503/ });
  t.true(ended);
});

test.serial('one subscription: its own lists and no other', async (t) => {
  const { ports, asked } = reader(() => Promise.reject(refusal(403)));
  const { topology, unread } = await readLists(ports, SUBSCRIPTION, [SUBSCRIPTION]);
  t.deepEqual([asked, unread], [[SUBSCRIPTION], []]);
  t.is(topology.unread, undefined);
});
