/** The timers, rung by hand as the host's endpoint does: the hour's sweep, and the minute's watch of the primaries. */
import test from 'ava';
import { articleEstate } from '../../simulator/estate/articleEstate.ts';
import { until } from '../../simulator/until.ts';
import { type App, failures, LONG_MS, startApp } from './app.ts';

const EMPTY = '00000000-0000-0000-0000-000000000002';
let app: App;

test.before(async () => {
  const { subscriptionId } = articleEstate();
  app = await startApp({
    emptySubscription: EMPTY,
    settings: { HAIRPIN_SUBSCRIPTIONS: `${subscriptionId}, ${EMPTY}` },
  });
});
test.after.always(async () => app?.stop());
test.beforeEach((t) => t.timeout(3 * LONG_MS));

/** Rings a timer by the host's endpoint; resolves to its invocation. */
async function ring(name: string) {
  const before = app.host.invocations.length;
  const { status } = await app.call('POST', `/admin/functions/${name}`, {});
  if (status !== 202) throw new Error(`POST /admin/functions/${name}: ${status}`);
  return until(`the end of ${name}`, () => app.host.invocations.slice(before).find((run) => run.function === name));
}

const sweepOf = async (watch: ReturnType<App['watch']>) => {
  const settled = await watch.step((step) => step.step === 'run-settled' && step.signal === 'sweep' && step.vms !== 0);
  return app.ended(String(settled.runId), LONG_MS);
};

test.serial(
  'the sweep covers every subscription: the estate is repaired, the empty one settles with nothing',
  async (t) => {
    const watch = app.watch();
    const rung = await ring('complianceSweep');
    t.like(rung, { ok: true, sent: 2 });
    const run = await sweepOf(watch);
    t.like(run, {
      signal: 'sweep',
      mode: 'apply',
      state: 'settled',
      scope: [`/subscriptions/${app.estate.subscriptionId}`],
    });
    t.like(run.counts, { vms: 3, repaired: 2, blocked: 1, commands: 2, looked: 2, believed: 0 });
    const accepted = watch.all('accepted');
    t.is(new Set(accepted.map((step) => step.runId)).size, 2, 'a run for each subscription');
    const other = accepted.find((step) => step.runId !== run.runId);
    const empty = await app.ended(String(other?.runId), LONG_MS);
    t.like(empty, { state: 'settled', scope: [`/subscriptions/${EMPTY}`], vms: [] });
    t.is(empty.counts.vms, 0);
  },
);

test.serial('the next sweep finds fresh proofs: lists alone, no command', async (t) => {
  const sent = app.puts().length;
  const watch = app.watch();
  await ring('complianceSweep');
  const run = await sweepOf(watch);
  t.like(run.counts, { vms: 3, compliant: 2, blocked: 1, commands: 0, looked: 0, believed: 2 });
  t.deepEqual(
    run.vms.map((vm) => vm.vm),
    ['hs-c'],
    'a line for the one that a person must help',
  );
  t.is(app.puts().length, sent);
});

test.serial(
  'the watch rings each subscription; while nothing is due Azure is asked for nothing but rows',
  async (t) => {
    // A bell of the sweep before may still be on its way.
    const queue = app.queues.getQueueClient('reconcile');
    await until(
      'an empty queue',
      async () => (await queue.getProperties()).approximateMessagesCount === 0 || undefined,
    );
    const reconciled = app.host.invocations.filter((run) => run.function === 'reconcile').length;
    const calls = app.arm.calls.length;
    t.like(await ring('primaryWatch'), { ok: true, sent: 2 });
    const bells = () => app.host.invocations.filter((run) => run.function === 'reconcile').length - reconciled;
    await until('two bells', () => bells() >= 2);
    t.is(bells(), 2);
    t.deepEqual(
      app.arm.calls.slice(calls).filter((call) => !/runCommands/i.test(call.path)),
      [],
    );
  },
);

test.serial(
  'a mirror that moved and nobody told: the watch sees it by rule health and looks at its members',
  async (t) => {
    await app.guests.setPrimary('patient-index', 'hs-b');
    const watch = app.watch();
    // Each mirror is asked about once a minute; until then a ring asks nothing.
    const seen = watch.step((step) => step.step === 'primary-moved', 2 * LONG_MS);
    const ringing = setInterval(() => void app.call('POST', '/admin/functions/primaryWatch', {}), 2000);
    const moved = await seen.finally(() => clearInterval(ringing));
    t.like(moved, { vip: '10.0.1.101', from: '10.0.1.10', to: '10.0.1.20', explained: false });
    const settled = await watch.step((step) => step.step === 'run-settled' && step.signal === 'primaryMoved');
    const run = await app.ended(String(settled.runId), LONG_MS);
    t.deepEqual(
      run.vms.map((vm) => [vm.vm, vm.result, vm.changed]),
      [
        ['hs-a', 'compliant', 0],
        ['hs-b', 'compliant', 0],
      ],
    );
    const path = run.vms.find((vm) => vm.vm === 'hs-b')?.paths.find((item) => item.vip === '10.0.1.101');
    t.like(path, { exposure: 'active', verdict: 'compliant' });
    t.is(path?.proof.kind, 'self');
    t.is(watch.all('primary-moved').length, 1);
  },
);

test.serial('no function threw', (t) => {
  t.deepEqual(failures(app), []);
});
