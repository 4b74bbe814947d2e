/** Who is told that a person cancels a run. */
import test from 'ava';
import { cancelMessages } from '../../shared/decide/cancelRun.ts';
import { ago, NOW, run } from '../helpers/seen.ts';
import { OTHER, SUBSCRIPTION } from '../helpers/world.ts';

const ended = run('m1 manual hs-a', { state: 'settled', settledAt: ago(1) });

test('the loops of all subscriptions in which it is open', (t) => {
  const messages = cancelMessages(
    [run('m1 manual hs-a'), { ...run('m1 manual hs-a'), subscriptionId: OTHER }],
    'nurse',
    NOW,
  );
  t.like(messages, [
    { subscriptionId: SUBSCRIPTION, runId: 'm1', by: 'nurse', at: NOW },
    { subscriptionId: OTHER, runId: 'm1', by: 'nurse', at: NOW },
  ]);
  t.is(cancelMessages([ended, { ...run('m1 manual hs-a'), subscriptionId: OTHER }], 'nurse', NOW).length, 1);
});

test('a run that has ended: nobody where it ended cancelled, and an error where it ended by itself', (t) => {
  t.deepEqual(cancelMessages([{ ...ended, cancel: { by: 'nurse', at: ago(9) } }], 'nurse', NOW), []);
  t.like(
    t.throws(() => cancelMessages([ended], 'nurse', NOW)),
    { code: 'RUN_ENDED', field: 'id', value: 'm1' },
  );
});
