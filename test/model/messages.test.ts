import test from 'ava';
import fc from 'fast-check';
import { InputError } from '../../shared/errors.ts';
import { bellMessage, readMessage, refuseForeign, signalMessage } from '../../shared/model/messages.ts';
import { runIdOf } from '../../shared/model/runId.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
const signal = signalMessage({
  subscriptionId: SUBSCRIPTION,
  runId: runIdOf('sweep', 'x'),
  signal: 'sweep',
  scope: [{ kind: 'subscription', id: `/subscriptions/${SUBSCRIPTION}` }],
  mode: 'apply',
  dryRun: false,
  observedAt: 1,
});

test('what is written is read, as text or as the host parsed it', (t) => {
  t.deepEqual(readMessage(JSON.stringify(signal)), signal);
  t.deepEqual(readMessage(structuredClone(bellMessage(SUBSCRIPTION))), bellMessage(SUBSCRIPTION));
});

test('an unknown version is told as such, with the version', (t) => {
  const error = t.throws(() => readMessage({ ...signal, v: 2 }), { instanceOf: InputError });
  t.is(error?.code, 'MESSAGE_VERSION_UNKNOWN');
  t.true(error?.message.includes('2'));
});

for (const [title, message, field] of [
  ['no kind', { v: 1 }, 'kind'],
  ['a run id with other characters', { ...signal, runId: 'x' }, 'runId'],
  ['an unknown mode', { ...signal, mode: 'destroy' }, 'mode'],
  ['no scope', { ...signal, scope: [] }, 'scope'],
  ['a time before all time', { ...signal, observedAt: -1 }, 'observedAt'],
  ['another subscription id', { v: 1, kind: 'bell', subscriptionId: 'x' }, 'subscriptionId'],
] as const) {
  test(`refused: ${title}`, (t) => {
    const error = t.throws(() => readMessage(message), { instanceOf: InputError });
    t.is(error?.code, 'MESSAGE_INVALID');
    t.is(error?.field, field);
  });
}

test('a message about a subscription that is not configured is refused, with what to do', (t) => {
  const other = '00000000-0000-0000-0000-000000000001';
  const configured = { subscriptionIds: [SUBSCRIPTION], within: [] };
  t.notThrows(() => refuseForeign(bellMessage(SUBSCRIPTION), configured));
  const error = t.throws(() => refuseForeign(bellMessage(other), configured), { instanceOf: InputError });
  t.like(error, { code: 'MESSAGE_FOREIGN', field: 'subscriptionId', value: other });
  t.regex(error?.nextStep ?? '', /^Add it to HAIRPIN_SUBSCRIPTIONS/);
});

test('a subscription in other letters is the same one, with the same rows', (t) => {
  const id = 'ABCDEF00-0000-0000-0000-000000000000';
  t.is(readMessage({ v: 1, kind: 'bell', subscriptionId: id }).subscriptionId, id.toLowerCase());
});

test('whatever comes, it is a message or an InputError', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.json(), fc.string()), (raw) => {
      try {
        readMessage(raw);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
      }
    }),
  );
  t.pass();
});

test('run ids: parts do not run together', (t) => {
  t.not(runIdOf('ab', 'c'), runIdOf('a', 'bc'));
  t.is(runIdOf('ab', 'c'), runIdOf('ab', 'c'));
});
