/** An app to which nobody has said `enforce`: it looks and tells, and changes nothing. */
import test from 'ava';
import { vmId } from '../../simulator/estate/ids.ts';
import { type App, failures, LONG_MS, startApp } from './app.ts';

let app: App;

test.before(async () => {
  // As not set: the local stack alone says `enforce`.
  app = await startApp({ settings: { HAIRPIN_ENFORCEMENT: '' } });
});
test.after.always(async () => app?.stop());
test.beforeEach((t) => t.timeout(3 * LONG_MS));

const modes = () => [...new Set(app.guests.commands().map(({ mode }) => mode))];

test.serial('a sweep looks into guests that need a repair, and repairs none', async (t) => {
  const run = await app.sweep(LONG_MS);
  t.is(run.counts.repairable, 2);
  t.is(run.counts.repaired, 0);
  t.deepEqual(modes(), ['check']);
});

for (const mode of ['apply', 'remove']) {
  test.serial(`a run by hand with ${mode} is a check too`, async (t) => {
    const sent = app.guests.commands().length;
    const run = await app.run({ scope: vmId(app.estate, 'hs-a'), mode }, LONG_MS);
    t.is(run.vms[0]?.result, 'repairable');
    t.is(app.guests.commands().length, sent + 1);
    t.deepEqual(modes(), ['check']);
  });
}

test.serial('a failover is verified without a change', async (t) => {
  const { eventId } = await app.failOver('patient-index', 'hs-b');
  const { runId } = await app.step((step) => step.step === 'signal' && step.eventId === eventId, LONG_MS);
  t.is((await app.ended(String(runId), LONG_MS)).counts.repaired, 0);
  t.deepEqual(modes(), ['check']);
  t.deepEqual(failures(app), []);
});
