/** A run once more: what is repeated, and what is refused. */
import test from 'ava';
import { retrySignals } from '../../shared/decide/retry.ts';
import { type ErrorCode, InputError } from '../../shared/errors.ts';
import { acceptedRun, noCounts, type RunRow } from '../../shared/model/rows.ts';
import { articleWorld, SUBSCRIPTION, vmId } from '../helpers/world.ts';

const NEW = 'e'.repeat(32);
const ALLOWED = { subscriptionIds: [SUBSCRIPTION], within: [] as string[] };

const run = (more: Partial<RunRow> = {}): RunRow => ({
  ...acceptedRun({
    subscriptionId: SUBSCRIPTION,
    runId: 'a'.repeat(32),
    signal: 'failover',
    scope: [
      { kind: 'vm', id: vmId('hs-a') },
      { kind: 'vip', id: '10.0.1.100' },
    ],
    mode: 'apply',
    dryRun: false,
    observedAt: 1,
    event: { source: 's', id: 'i', time: 't' },
  }),
  state: 'failed',
  ...more,
});

test('a failed run is repeated by hand: scope and mode as they were, a new id, and whose retry it is', (t) => {
  t.deepEqual(retrySignals([run()], ALLOWED, NEW, 9), [
    {
      subscriptionId: SUBSCRIPTION,
      runId: NEW,
      signal: 'manual',
      scope: run().scope,
      mode: 'apply',
      dryRun: false,
      observedAt: 9,
      retryOf: 'a'.repeat(32),
    },
  ]);
});

for (const word of ['failed', 'blocked', 'unknown', 'repairable'] as const) {
  test(`a settled run with a VM that is ${word} may be repeated`, (t) => {
    const settled = run({ state: 'settled', counts: { ...noCounts(), vms: 2, compliant: 1, [word]: 1 } });
    t.is(retrySignals([settled], ALLOWED, NEW, 9).length, 1);
  });
}

const refused: [string, RunRow[], typeof ALLOWED, ErrorCode, RegExp][] = [
  ['one that is accepted', [run({ state: 'accepted' })], ALLOWED, 'RUN_OPEN', /the run is still accepted/],
  ['one of whose parts still runs', [run(), run({ state: 'running' })], ALLOWED, 'RUN_OPEN', /is still running/],
  [
    'one in which nothing failed',
    [run({ state: 'settled', counts: { ...noCounts(), vms: 2, compliant: 1, repaired: 1 } })],
    ALLOWED,
    'RUN_NOT_FAILED',
    /no VM in it failed/,
  ],
  [
    'one of a subscription that is not configured any more',
    [run()],
    { ...ALLOWED, subscriptionIds: [] },
    'SCOPE_NOT_ALLOWED',
    /hs-a.* is outside the configured scope by now/,
  ],
  [
    'one outside the groups that are left',
    [run()],
    { ...ALLOWED, within: [`/subscriptions/${SUBSCRIPTION}/resourceGroups/other`] },
    'SCOPE_NOT_ALLOWED',
    /outside/,
  ],
];
for (const [title, runs, allowed, code, says] of refused) {
  test(`refused: ${title}`, (t) => {
    const error = t.throws(() => retrySignals(runs, allowed, NEW, 9), { instanceOf: InputError });
    t.is(error?.code, code);
    t.regex(error?.message ?? '', says);
  });
}

test('a retry does the work, past a halted rollout, and takes back no removal', async (t) => {
  const world = articleWorld();
  world.guests.set('hs-b', 'silent');
  const first = world.sweep();
  await world.run();
  t.like(await world.outcome(first, 'hs-b'), { result: 'failed' });
  t.like(await world.outcome(first, 'hs-a'), { result: 'blocked' });
  world.guests.set('hs-b', 'wrong');
  const again = retrySignals([await world.runRow(first)], ALLOWED, NEW, world.now);
  for (const signal of again) world.post(signal);
  await world.run();
  t.like(await world.runRow(NEW), { state: 'settled', retryOf: first, counts: { repaired: 2, failed: 0, blocked: 0 } });

  // A run that named the VM, then a removal: the retry of the first is not the person who takes the removal back.
  world.guests.set('hs-a', 'silent');
  const named = world.manual('apply', 'hs-a');
  await world.run();
  t.like(await world.outcome(named, 'hs-a'), { result: 'failed' });
  world.guests.set('hs-a', 'right');
  world.manual('remove', 'hs-a');
  await world.run();
  const before = world.executions.length;
  const runId = 'f'.repeat(32);
  for (const signal of retrySignals([await world.runRow(named)], ALLOWED, runId, world.now)) world.post(signal);
  await world.run();
  t.is((await world.outcome(runId, 'hs-a'))?.result, 'blocked');
  t.is((await world.outcome(runId, 'hs-a'))?.findings[0]?.code, 'REMOVED_BY_HAND');
  t.truthy((await world.vmRow('hs-a'))?.hold);
  t.is(world.executions.length, before);
});
