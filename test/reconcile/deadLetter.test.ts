import test from 'ava';
import { signalMessage } from '../../shared/model/messages.ts';
import { markFailed } from '../../shared/reconcile/deadLetter.ts';
import { articleWorld, SUBSCRIPTION } from '../helpers/world.ts';
import { breaches } from '../reliability/invariants.ts';

const REASON = 'the app failed on it five times';

test('a signal that was never recorded is a failed run', async (t) => {
  const world = articleWorld();
  const signal = world.signal('manual', []);
  t.true(await markFailed(world.store, signalMessage(signal), REASON, world.now));
  t.like(await world.runRow(signal.runId), { state: 'failed', reason: { code: 'DEAD_LETTER', text: REASON } });
});

test('in a run that was begun nothing stays open, and a command that runs is ended all the same', async (t) => {
  const world = articleWorld();
  const signal = world.signal('manual', [{ kind: 'subscription', id: `/subscriptions/${SUBSCRIPTION}` }]);
  world.post(signal);
  await world.run(5000);
  t.is((await world.outcome(signal.runId, 'hs-a'))?.state, 'waiting');
  t.is((await world.outcome(signal.runId, 'hs-b'))?.state, 'commanded');
  t.true(await markFailed(world.store, signalMessage(signal), REASON, world.now));
  t.like(await world.runRow(signal.runId), { state: 'failed', counts: { vms: 2, failed: 2, commands: 1 } });
  await world.run();
  t.deepEqual(await breaches(world, [signal.runId]), []);
  t.deepEqual(world.sent(), ['apply hs-b']);
  t.false(await markFailed(world.store, signalMessage(signal), REASON, world.now));
});
