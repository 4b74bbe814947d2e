/** The mirror's own notice, through Event Grid: in both schemas, twice, wrong, foreign, and too early for the probes. */
import { randomUUID } from 'node:crypto';
import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import test from 'ava';
import { articleEstate } from '../../simulator/estate/articleEstate.ts';
import { vmId } from '../../simulator/estate/ids.ts';
import type { CustomTopic } from '../../simulator/eventgrid/eventGrid.ts';
import { until } from '../../simulator/until.ts';
import { type App, failures, LONG_MS, startApp } from './app.ts';

/** A subscription that is configured, and in which the app's identity has no role. */
const DENIED = '00000000-0000-0000-0000-000000000003';
const TYPE = 'IlbHairpinGuard.MirrorFailover';
let app: App;
/** Topics beside the stack's own: one that takes CloudEvents, one whose subscription lets every type pass. */
let cloud: CustomTopic;
let open: CustomTopic;
const id = (vm: string): string => vmId(app.estate, vm);
const webhook = (): string => `${app.host.url}/runtime/webhooks/EventGrid?functionName=mirrorFailover`;

test.before(async () => {
  const { subscriptionId } = articleEstate();
  app = await startApp({ settings: { HAIRPIN_SUBSCRIPTIONS: `${subscriptionId},${DENIED}` } });
  cloud = app.eventGrid.customTopic({ name: 'cloud', inputSchema: 'CloudEventSchemaV1_0' });
  await cloud.subscribe({ name: 'cloud', endpoint: webhook() });
  open = app.eventGrid.customTopic({ name: 'open' });
  await open.subscribe({ name: 'open', endpoint: webhook() });
});
test.after.always(async () => app?.stop());
test.beforeEach((t) => t.timeout(2 * LONG_MS));

const publisher = <S extends 'EventGrid' | 'CloudEvent'>(topic: CustomTopic, schema: S) =>
  new EventGridPublisherClient(topic.endpoint, schema, new AzureKeyCredential(topic.keys[0]), {
    ...{ tlsOptions: { ca: app.arm.ca } },
  });

/** Publishes to the open topic; resolves when Event Grid has nothing left to deliver. */
async function publish(event: { eventType?: string; subject?: string; data: unknown }): Promise<string> {
  const eventId = randomUUID();
  const full = { eventType: TYPE, subject: id('hs-b'), dataVersion: '1', ...event, id: eventId };
  await publisher(open, 'EventGrid').send([full]);
  await app.eventGrid.idle();
  return eventId;
}

const attempts = (eventId: string) => app.eventGrid.attempts.filter((attempt) => attempt.eventId === eventId);
const endedRun = async (watch: ReturnType<App['watch']>, eventId: string) => {
  const signal = await watch.step((step) => step.step === 'signal' && step.eventId === eventId);
  return app.ended(String(signal.runId), LONG_MS);
};

test.serial(
  'as deployed, CloudEvents: the new primary first, then the other members; confirmed by the probes',
  async (t) => {
    const watch = app.watch();
    const { eventId, at } = await app.failOver('ucr-registry', 'hs-b');
    const run = await endedRun(watch, eventId);
    t.like(run, { signal: 'failover', mode: 'apply', state: 'settled', scope: [id('hs-b'), '10.0.1.100'] });
    t.is(run.confirmation?.state, 'confirmed');
    t.like(run.event, { id: eventId, source: id('hs-b') });
    t.true(Date.parse(run.acceptedAt) >= at && Math.abs(Date.parse(run.event?.time ?? '') - at) < LONG_MS);
    t.deepEqual(app.puts(), ['hs-b', 'hs-a']);
    t.deepEqual(
      run.vms.map((vm) => [vm.vm, vm.result]),
      [
        ['hs-a', 'repaired'],
        ['hs-b', 'repaired'],
        ['hs-c', 'blocked'],
      ],
    );
    const [path] = run.vms.find((vm) => vm.vm === 'hs-b')?.paths ?? [];
    t.like(path, { vip: '10.0.1.100', exposure: 'active', verdict: 'compliant' });
    t.is(path?.proof.kind, 'self');
  },
);

test.serial('Event Grid’s own schema, without a VIP: every frontend of that VM', async (t) => {
  const watch = app.watch();
  await app.guests.setPrimary('patient-index', 'hs-b');
  const eventId = await publish({ data: { vmId: id('hs-b') } });
  const run = await endedRun(watch, eventId);
  t.like(run.event, { id: eventId });
  t.regex(run.event?.source ?? '', /topics\/open$/);
  t.is(run.confirmation?.state, 'confirmed');
  t.like(run.counts, { compliant: 2, blocked: 1, repaired: 0 });
  const paths = run.vms.find((vm) => vm.vm === 'hs-b')?.paths ?? [];
  t.deepEqual(
    paths.map((path) => [path.vip, path.exposure, path.proof.kind]),
    [
      ['10.0.1.100', 'active', 'self'],
      ['10.0.1.101', 'active', 'self'],
    ],
  );
});

test.serial('one notice delivered twice is one run, and a VIP narrows it to that mirror’s members', async (t) => {
  const watch = app.watch();
  app.eventGrid.disturb({ duplicates: 1 });
  const { eventId } = await app.failOver('patient-index', 'hs-a');
  const run = await endedRun(watch, eventId);
  await app.eventGrid.idle();
  app.eventGrid.disturb({});
  t.deepEqual(
    attempts(eventId).map((attempt) => attempt.status),
    [202, 202],
  );
  t.is(watch.all('signal').length, 2);
  // The second message is taken as soon as the queue is read; that it changes nothing shows in the rows.
  const repeated = await watch.step((step) => step.step === 'repeated');
  t.is(repeated.runId, run.runId);
  t.is(watch.all('accepted').length, 1);
  t.deepEqual(
    run.vms.map((vm) => [vm.vm, vm.result, vm.changed]),
    [
      ['hs-a', 'compliant', 0],
      ['hs-b', 'compliant', 0],
    ],
  );
  t.is(run.counts.commands, 2);
  t.deepEqual(await app.ended(run.runId, LONG_MS), run);
});

test.serial('a notice with an id that was guessed and sent before does not swallow the real one', async (t) => {
  const eventId = randomUUID();
  const send = (data: object, subject: string) =>
    publisher(cloud, 'CloudEvent').send([{ id: eventId, type: TYPE, source: '/mirrors/ucr', subject, data }]);
  const guessed = app.watch();
  await send({ vmId: id('hs-a'), vip: '10.0.1.100' }, id('hs-a'));
  const first = await endedRun(guessed, eventId);
  const watch = app.watch();
  await send({ vmId: id('hs-b'), vip: '10.0.1.100' }, id('hs-b'));
  const real = await endedRun(watch, eventId);
  t.is(first.confirmation?.state, 'refused');
  t.not(real.runId, first.runId);
  t.deepEqual(watch.all('repeated'), []);
  t.deepEqual(real.scope, [id('hs-b'), '10.0.1.100']);
});

test.serial('a notice that the probes never follow is refused, and nothing is called proved by it', async (t) => {
  const watch = app.watch();
  const eventId = await publish({ data: { vmId: id('hs-b'), vip: '10.0.1.101' } });
  const run = await endedRun(watch, eventId);
  t.is(run.confirmation?.state, 'refused');
  const vm = run.vms.find((item) => item.vm === 'hs-b');
  t.is(vm?.result, 'blocked');
  t.true(
    vm?.findings.some(({ code }) => code === 'PRIMARY_NOT_CONFIRMED'),
    JSON.stringify(vm?.findings),
  );
});

test.serial(
  'a notice from a subscription without a role: the run stays open and says which action Azure refused',
  async (t) => {
    const denied = vmId({ ...app.estate, subscriptionId: DENIED }, 'hs-b');
    const watch = app.watch();
    const eventId = await publish({ subject: denied, data: { vmId: denied } });
    const { runId } = await watch.step((step) => step.step === 'signal' && step.eventId === eventId);
    const run = await until('the reason', async () => {
      const { body } = await app.call('GET', `/api/runs/${runId}`);
      return body.reason === undefined ? undefined : body;
    });
    t.is(run.state, 'accepted');
    t.is(run.reason.code, 'AZURE_DENIED');
    t.regex(run.reason.text, /^Microsoft\.(Compute|Network)\/\w+\/read: /);
  },
);

const foreign = (): string => id('hs-b').replace('000000000000', '000000000009');
const wrong: [
  title: string,
  event: () => { eventType?: string; subject?: string; data: unknown },
  code: string,
  field: string,
][] = [
  ['without vmId', () => ({ data: {} }), 'EVENT_INVALID', 'data.vmId'],
  ['with a name for an id', () => ({ data: { vmId: 'hs-b' } }), 'EVENT_INVALID', 'data.vmId'],
  [
    'that names a disk',
    () => ({ data: { vmId: id('d').replace('virtualMachines', 'disks') } }),
    'EVENT_INVALID',
    'data.vmId',
  ],
  [
    'with a subject of its own',
    () => ({ subject: id('hs-a'), data: { vmId: id('hs-b') } }),
    'EVENT_INVALID',
    'subject',
  ],
  [
    'with a VIP that is none',
    () => ({ data: { vmId: id('hs-b'), vip: '10.0.1.100; reboot' } }),
    'EVENT_INVALID',
    'data.vip',
  ],
  [
    'of another subscription',
    () => ({ subject: foreign(), data: { vmId: foreign() } }),
    'SCOPE_NOT_ALLOWED',
    'data.vmId',
  ],
  [
    'of another type',
    () => ({ eventType: 'Microsoft.Storage.BlobCreated', data: { vmId: id('hs-b') } }),
    'EVENT_FOREIGN',
    'type',
  ],
];
for (const [title, event, code, field] of wrong) {
  test.serial(`an event ${title} is told once, acknowledged, and causes no run`, async (t) => {
    const watch = app.watch();
    const eventId = await publish(event());
    t.deepEqual(
      attempts(eventId).map((attempt) => [attempt.attempt, attempt.status]),
      [[1, 202]],
    );
    const told = watch.all('refused-event');
    t.deepEqual(
      told.map((step) => [step.code, step.field]),
      [[code, field]],
    );
    t.true(String(told[0]?.text).startsWith(`${field} is `), String(told[0]?.text));
    t.deepEqual(watch.all('signal'), []);
    t.deepEqual(watch.all('accepted'), []);
  });
}

for (const body of [
  '[null]',
  '["x"]',
  '[{}]',
  '[{"specversion":"1.0"}]',
  `[{"id":"1","eventType":"${TYPE}","eventTime":"2026-01-05T10:00:00Z","data":"hs-b"}]`,
  `[{"specversion":"2.0","id":"${'x'.repeat(5000)}"}]`,
]) {
  test.serial(`${body.slice(0, 30)} straight to the webhook is told once and not asked for again`, async (t) => {
    const watch = app.watch();
    const answer = await fetch(webhook(), { method: 'POST', headers: { 'aeg-event-type': 'Notification' }, body });
    t.is(answer.status, 202);
    const told = watch.all('refused-event');
    t.is(told.length, 1);
    t.is(told[0]?.code, 'EVENT_INVALID');
    t.true(JSON.stringify(told[0]).length < 1500);
  });
}

test.serial('no function threw, and nothing was given up', (t) => {
  t.deepEqual(failures(app), []);
  t.deepEqual(app.eventGrid.dropped, []);
});
