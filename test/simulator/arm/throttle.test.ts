import test from 'ava';
import { CALLS } from '../../../simulator/arm/actions.ts';
import { ArmError } from '../../../simulator/arm/errors.ts';
import { AZURE_LIMITS, Throttle } from '../../../simulator/arm/throttle.ts';
import { vmId } from '../../../simulator/estate/ids.ts';
import { commandBody, rest } from './rest.ts';
import { withArm } from './withArm.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';

test('reads: a bucket of 250, refilled with 25 a second', (t) => {
  let now = 0;
  const throttle = new Throttle(AZURE_LIMITS, () => now);
  const read = () => throttle.count(CALLS.listVms, SUBSCRIPTION, 'app');
  t.deepEqual(read(), { header: 'x-ms-ratelimit-remaining-subscription-reads', left: 249 });
  for (let i = 1; i < 250; i++) read();
  const error = t.throws(read, { instanceOf: ArmError });
  t.deepEqual([error?.status, error?.code, error?.headers['Retry-After']], [429, 'SubscriptionRequestsThrottled', '1']);
  now = 1000;
  for (let i = 0; i < 25; i++) read();
  t.throws(read);
  now = 1_000_000;
  t.is(read().left, 249, 'never fuller than full');
});

test('buckets are apart by kind, subscription and principal', (t) => {
  const throttle = new Throttle({ ...AZURE_LIMITS, reads: { capacity: 1, perSecond: 1 } }, () => 0);
  throttle.count(CALLS.listVms, SUBSCRIPTION, 'app');
  t.throws(() => throttle.count(CALLS.getNic, SUBSCRIPTION.toUpperCase(), 'app'));
  throttle.count(CALLS.listVms, SUBSCRIPTION, 'other');
  throttle.count(CALLS.listVms, '1', 'app');
  t.is(throttle.count(CALLS.putRunCommand, SUBSCRIPTION, 'app').header, 'x-ms-ratelimit-remaining-subscription-writes');
  t.is(
    throttle.count(CALLS.deleteRunCommand, SUBSCRIPTION, 'app').header,
    'x-ms-ratelimit-remaining-subscription-deletes',
  );
});

test('Run Commands: a bucket of 12 per VM, refilled with 4 a minute', (t) => {
  let now = 0;
  const throttle = new Throttle(AZURE_LIMITS, () => now);
  for (let i = 0; i < 12; i++) throttle.countRunCommand('/vm/a');
  throttle.countRunCommand('/vm/b');
  const error = t.throws(() => throttle.countRunCommand('/VM/A'), { instanceOf: ArmError });
  t.is(error?.headers['Retry-After'], '15');
  now = 15_000;
  throttle.countRunCommand('/vm/a');
});

test('over the wire: what is left, and 429 with Retry-After', async (t) => {
  const { arm, estate } = await withArm(t, { throttle: { runCommandsPerVm: { capacity: 1, perSecond: 0.1 } } });
  const path = `${vmId(estate, 'hs-a')}/runCommands/c`;
  const first = await rest(arm, 'PUT', path, commandBody('x'));
  t.is(first.headers.get('x-ms-ratelimit-remaining-subscription-writes'), '199');
  const second = await rest(arm, 'PUT', path, commandBody('y'));
  t.deepEqual([second.status, second.headers.get('retry-after')], [429, '10']);
  t.is(second.body.error.details[0].code, 'TooManyRequests');
});
