/** What nobody can work on: it is tried again, then put aside with its reason, and never lost without a word. */
import { TableClient } from '@azure/data-tables';
import test from 'ava';
import { TABLES } from '../../shared/state/tables.ts';
import { ROW_VERSION } from '../../shared/state/upgrades.ts';
import { articleEstate } from '../../simulator/estate/articleEstate.ts';
import { vmId } from '../../simulator/estate/ids.ts';
import { until } from '../../simulator/until.ts';
import { type App, failures, LONG_MS, startApp } from './app.ts';

const BROKEN = '00000000-0000-0000-0000-000000000002';
let app: App;

test.before(async () => {
  const { subscriptionId } = articleEstate();
  app = await startApp({
    emptySubscription: BROKEN,
    settings: { HAIRPIN_SUBSCRIPTIONS: `${subscriptionId},${BROKEN}` },
  });
  await app.sweep(LONG_MS); // the tables are there
});
test.after.always(async () => app?.stop());
test.beforeEach((t) => t.timeout(3 * LONG_MS));

const put = async (queue: string, message: unknown): Promise<void> => {
  const client = app.queues.getQueueClient(queue);
  await client.createIfNotExists();
  await client.sendMessage(typeof message === 'string' ? message : JSON.stringify(message));
};
/** The host deletes a message after its function has ended, which is later than what the function logs. */
const emptied = () => until('no poison', async () => (await count('reconcile-poison')) === 0);
const count = async (queue: string): Promise<number | undefined> =>
  (await app.queues.getQueueClient(queue).getProperties()).approximateMessagesCount;

const signal = (runId: string, subscriptionId = app.estate.subscriptionId) => ({
  v: 1,
  kind: 'signal',
  subscriptionId,
  runId,
  signal: 'manual',
  scope: [{ kind: 'vm', id: vmId({ ...app.estate, subscriptionId }, 'hs-a') }],
  mode: 'apply',
  dryRun: false,
  observedAt: Date.now(),
});

test.serial('a signal put aside: its run is there, failed, with the reason', async (t) => {
  const watch = app.watch();
  const runId = 'a'.repeat(32);
  await put('reconcile-poison', signal(runId));
  t.like(await watch.step((step) => step.step === 'dead-letter'), { runId, signal: 'manual' });
  const { status, body: run } = await app.call('GET', `/api/runs/${runId}`);
  t.is(status, 200);
  t.like(run, { state: 'failed', signal: 'manual', vms: [] });
  t.is(run.reason.code, 'DEAD_LETTER');
  t.regex(run.reason.text, /failed on this signal five times/);
  t.truthy(run.settledAt);
  await emptied();
});

test.serial('a signal put aside is seen in the list of failed runs, and its retry does the work', async (t) => {
  const listed = await app.call('GET', '/api/runs?state=failed');
  t.is(listed.status, 200);
  t.false('unreadableMessages' in listed.body);
  const [failed] = listed.body.runs;
  t.like(failed, { runId: 'a'.repeat(32), state: 'failed', reason: { code: 'DEAD_LETTER' } });
  const answer = await app.call('POST', `/api/runs/${failed.runId}/retry`);
  t.is(answer.status, 202);
  const run = await app.ended(answer.body.runId, LONG_MS);
  t.like(run, { state: 'settled', retryOf: failed.runId, scope: failed.scope });
  t.is(run.vms[0]?.state, 'settled');
});

test.serial('a signal put aside whose run ended meanwhile stays as it ended', async (t) => {
  const run = await app.run({ scope: vmId(app.estate, 'hs-a'), mode: 'check' }, LONG_MS);
  const watch = app.watch();
  await put('reconcile-poison', signal(run.runId));
  await watch.step((step) => step.step === 'dead-letter');
  t.deepEqual((await app.call('GET', `/api/runs/${run.runId}`)).body, run);
});

test.serial('a bell put aside is told and gone: the next minute rings anew', async (t) => {
  const watch = app.watch();
  await put('reconcile-poison', { v: 1, kind: 'bell', subscriptionId: app.estate.subscriptionId });
  await watch.step((step) => step.step === 'dead-bell');
  await emptied();
  t.pass();
});

test.serial('a cancel put aside is told as such: the run goes on', async (t) => {
  const watch = app.watch();
  const { subscriptionId } = app.estate;
  const runId = '0'.repeat(32);
  await put('reconcile-poison', { v: 1, kind: 'cancel', subscriptionId, runId, by: 'nurse', at: 1 });
  t.like(await watch.step((step) => step.step === 'dead-cancel'), { runId, subscriptionId, askedBy: 'nurse' });
  await emptied();
});

for (const [title, message, says] of [
  ['of a later version', { v: 2, kind: 'signal', runId: 'b'.repeat(32) }, /^v is "2": this program reads version 1$/],
  ['that is no JSON', 'hello', /^message is "hello": must be JSON/],
  [
    'with a field that is wrong',
    { v: 1, kind: 'bell', subscriptionId: 'all' },
    /^subscriptionId is .* must be a subscription id/,
  ],
  [
    'about a subscription that is not configured',
    {
      v: 1,
      kind: 'signal',
      subscriptionId: '00000000-0000-0000-0000-000000000009',
      runId: 'c'.repeat(32),
      signal: 'sweep',
      scope: [{ kind: 'subscription', id: '/subscriptions/00000000-0000-0000-0000-000000000009' }],
      mode: 'apply',
      dryRun: false,
      observedAt: 1,
    },
    /^subscriptionId is .* is not among HAIRPIN_SUBSCRIPTIONS$/,
  ],
] as const) {
  test.serial(`a message ${title}: five tries, then it is kept aside, with its reason in the log`, async (t) => {
    const watch = app.watch();
    const kept = (await count('reconcile-poison')) ?? 0;
    const failed = failures(app).length;
    await put('reconcile', message);
    const dead = await watch.step((step) => step.step === 'dead-message');
    t.regex(String(dead.text), says);
    t.regex(
      String(dead.nextStep),
      /^(Deploy the program that wrote it|Only this program|Add it to HAIRPIN_SUBSCRIPTIONS)/,
    );
    t.deepEqual(
      watch.all('refused-message').map((step) => step.text),
      Array(5).fill(dead.text),
    );
    const threw = await until('every try', () => {
      const names = failures(app)
        .slice(failed)
        .map((text) => text.split(':')[0]);
      return names.length < 6 ? undefined : names;
    });
    t.deepEqual(threw, [...Array(5).fill('reconcile'), 'deadLetter']);
    // A queue of poisoned messages has no such queue of its own: the host leaves the message there, hidden for a while.
    t.is(await count('reconcile-poison'), kept + 1);
    t.is((await app.call('GET', '/api/runs?state=failed')).body.unreadableMessages, kept + 1);
    t.false(await app.queues.getQueueClient('reconcile-poison-poison').exists());
    t.deepEqual(watch.all('accepted'), []);
  });
}

test.serial('a signal that the app fails on five times: its run says so', async (t) => {
  // A lease of a later program, left by a deployment that was taken back: without it no loop may decide.
  const table = TableClient.fromConnectionString(app.azurite.connectionString, TABLES.leases, {
    allowInsecureConnection: true,
  });
  await table.upsertEntity({ partitionKey: 'lease', rowKey: BROKEN, v: 99, pieces: 1, json0: '{}' }, 'Replace');
  const watch = app.watch();
  const runId = 'd'.repeat(32);
  await put('reconcile', signal(runId, BROKEN));
  await watch.step((step) => step.step === 'dead-letter' && step.runId === runId);
  const { body: run } = await app.call('GET', `/api/runs/${runId}`);
  t.like(run, { state: 'failed' });
  t.is(run.reason.code, 'DEAD_LETTER');
  const refused = `has version 99; this program reads up to ${ROW_VERSION}`;
  t.true(failures(app).some((text) => /Row hairpinLeases\//.test(text) && text.includes(refused)));
  // It goes on for the others meanwhile.
  const other = await app.run({ scope: vmId(app.estate, 'hs-a'), mode: 'check' }, LONG_MS);
  t.like(other, { state: 'settled' });
});
