/** What the loop tells others: each change once, from rows, and never in the way of a repair. */
import test from 'ava';
import * as z from 'zod/mini';
import { AzureError } from '../../shared/errors.ts';
import { idKey } from '../../shared/model/ids.ts';
import { signalMessage } from '../../shared/model/messages.ts';
import { MOST_PENDING, type NewsKind, type NewsRow } from '../../shared/model/news.ts';
import { newsData, newsEvent } from '../../shared/model/newsSchema.ts';
import type { OutgoingEvent } from '../../shared/model/ports.ts';
import { rowKey } from '../../shared/model/store.ts';
import { markFailed } from '../../shared/reconcile/deadLetter.ts';
import { MOST_AGE_MS, MOST_EVENTS } from '../../shared/reconcile/publish.ts';
import { readMirrorFailover } from '../../shared/requests/mirrorFailover.ts';
import { readResourceChange } from '../../shared/requests/resourceChange.ts';
import { articleWorld, refusal, SUBSCRIPTION, type World } from '../helpers/world.ts';

const telling = (settings = {}): World => articleWorld({ tellsEvents: true, ...settings });
const events = (world: World): OutgoingEvent[] => world.published.flat();
const kindOf = ({ type }: OutgoingEvent): NewsKind => type.replace('IlbHairpinGuard.', '') as NewsKind;
const told = (world: World, kind?: NewsKind): string[] =>
  events(world)
    .filter((event) => kind === undefined || kindOf(event) === kind)
    .map((event) =>
      `${kindOf(event)} ${idKey(event.subject).split('/').at(-1)} ${(event.data as { vip?: string }).vip ?? ''}`.trim(),
    );
const rows = async (world: World): Promise<NewsRow[]> =>
  (await world.store.news.list(SUBSCRIPTION)).map(({ row }) => row as NewsRow);
const pending = async (world: World) => (await rows(world)).flatMap((row) => row.pending);
const topicRefusal = (status: number, retryAfterSeconds?: number) =>
  new AzureError({ status, azureCode: 'Test', action: 'publish', message: `answered ${status}`, retryAfterSeconds });

/** An hour of bells. */
async function minutes(world: World, count: number): Promise<void> {
  for (let minute = 0; minute < count; minute += 1) {
    world.bell();
    await world.run(60_000);
    world.now = Math.max(world.now, Math.ceil((world.now + 1) / 60_000) * 60_000);
  }
}

test('primaries that nobody looked at yet are exposed, and proved once they are repaired; the others are proved', async (t) => {
  const world = telling();
  world.sweep();
  await world.run();
  t.deepEqual(told(world, 'PathExposed'), ['PathExposed hs-a 10.0.1.100', 'PathExposed hs-a 10.0.1.101']);
  t.deepEqual(told(world, 'PathProved').toSorted(), [
    'PathProved hs-a 10.0.1.100',
    'PathProved hs-a 10.0.1.101',
    'PathProved hs-b 10.0.1.100',
    'PathProved hs-b 10.0.1.101',
  ]);
  const proved = events(world).filter((event) => kindOf(event) === 'PathProved');
  t.deepEqual(proved.map(({ data }) => (data as { proof: string }).proof).toSorted(), [
    'remote',
    'remote',
    'self',
    'self',
  ]);
  t.deepEqual(await pending(world), []);
  const before = events(world).length;
  world.now += 3_600_000;
  world.sweep();
  await world.run();
  t.is(events(world).length, before, 'what did not change is not told again');
});

test('each event is as its schema says, with an id and a fact of its own', async (t) => {
  const world = telling();
  world.oneNic.add('hs-b');
  world.guests.set('hs-a', 'silent');
  world.sweep();
  await world.run();
  world.topologyFault = refusal(403);
  world.sweep();
  await minutes(world, 30);
  const kinds = new Set(events(world).map(kindOf));
  t.deepEqual(kinds, new Set(['PathExposed', 'PathNeedsPerson', 'RunFailed', 'AzureRefuses']));
  for (const event of events(world)) {
    const wire = JSON.parse(JSON.stringify({ specversion: '1.0', ...event })) as unknown;
    t.true(z.safeParse(newsEvent, wire).success, JSON.stringify(wire));
    const parsed = newsData[kindOf(event)].safeParse(event.data);
    t.true(parsed.success, JSON.stringify([event, parsed.error?.issues]));
  }
  const ids = events(world).map(({ id }) => id);
  t.is(new Set(ids).size, ids.length);
});

test('no event of the app’s own is ever a signal', async (t) => {
  const world = telling();
  world.oneNic.add('hs-b');
  world.guests.set('hs-a', 'silent');
  world.sweep();
  await world.run();
  world.topologyFault = refusal(403);
  world.sweep();
  await minutes(world, 30);
  const { subscriptionIds, within } = world.settings.scope;
  const allowed = { subscriptionIds, within };
  t.true(events(world).length > 4);
  for (const event of events(world)) {
    const wire = { specversion: '1.0', ...event, time: event.time.toISOString() };
    t.throws(() => readMirrorFailover(wire, allowed, 0), { code: 'EVENT_FOREIGN' });
    const inOtherSchema = { ...event, eventType: event.type, topic: event.source, eventTime: wire.time };
    t.throws(() => readMirrorFailover(inOtherSchema, allowed, 0), { code: 'EVENT_FOREIGN' });
    for (const raw of [wire, inOtherSchema]) {
      let kind: string;
      try {
        ({ kind } = readResourceChange(raw, allowed, 0));
      } catch (error) {
        kind = (error as { code: string }).code;
      }
      t.true(['ignored', 'EVENT_FOREIGN', 'EVENT_INVALID'].includes(kind), kind);
    }
  }
});

test('audit: what is wrong is exposed, and a repair ends it', async (t) => {
  const world = telling({ enforcement: 'audit' });
  world.sweep();
  await world.run();
  t.is(told(world, 'PathExposed').length, 4, 'the primary’s now, the other member’s after a failover');
  t.is(told(world, 'PathProved').length, 0);
  Object.assign(world.settings, { enforcement: 'enforce' });
  world.now += 3_600_000;
  world.sweep();
  await world.run();
  t.is(told(world, 'PathProved').length, 4);
  const over = world.log.filter(({ step }) => step === 'exposure-over');
  t.is(over.length, 4);
  t.true(over.every(({ fields }) => fields.why === 'compliant' && Number(fields.lastedMs) >= 3_600_000));
});

test('what lasts is said again in the log with each sweep, and told others once', async (t) => {
  const world = telling();
  world.oneNic.add('hs-a');
  for (let hour = 0; hour < 3; hour += 1) {
    world.sweep();
    await world.run();
    world.now += 3_600_000;
  }
  const said = (step: string) =>
    world.log.filter((line) => line.step === step && line.fields.vip === '10.0.1.100').length;
  t.is(said('needs-person'), 3);
  t.is(said('path-exposed'), 3);
  t.is(told(world, 'PathNeedsPerson').length, 2);
  t.is(told(world, 'PathExposed').filter((text) => text.includes('hs-a')).length, 2);
});

test('a path that is gone is exposed no more; one whose lists are missing stays as it was', async (t) => {
  const world = telling();
  world.oneNic.add('hs-a');
  world.sweep();
  await world.run();
  world.mirrors.splice(1, 1);
  world.now += 3_600_000;
  world.sweep();
  await world.run();
  const over = world.log
    .filter(({ step }) => step === 'exposure-over')
    .map(({ fields }) => `${fields.vip} ${fields.why}`);
  t.deepEqual(over, ['10.0.1.101 gone']);
});

test('a topic that refuses delays no repair; it is asked less and less, and then gets all that waited', async (t) => {
  const world = telling();
  const calm = telling();
  calm.sweep();
  await minutes(calm, 30);
  world.topicFaults.push(...Array.from({ length: 4 }, () => topicRefusal(503)));
  const runId = world.sweep();
  await minutes(world, 30);
  const settledAt = (await world.runRow(runId)).settledAt;
  t.is(settledAt, (await calm.runRow((await calm.store.runs.list(SUBSCRIPTION))[0]?.row.runId ?? '')).settledAt);
  const refused = world.log.filter(({ step }) => step === 'events-not-published').map(({ at }) => at);
  const gaps = refused.slice(1).map((at, i) => at - (refused[i] ?? 0));
  t.is(refused.length, 4);
  t.deepEqual(
    gaps,
    gaps.toSorted((a, b) => a - b),
  );
  t.deepEqual(told(world).toSorted(), told(calm).toSorted());
  t.deepEqual(
    events(world)
      .map(({ id }) => id)
      .toSorted(),
    events(calm)
      .map(({ id }) => id)
      .toSorted(),
  );
  t.deepEqual(await pending(world), []);
});

test('Event Grid’s own wait is kept, ten minutes at most', async (t) => {
  const world = telling();
  world.topicFaults.push(topicRefusal(429, 300), topicRefusal(429, 100_000));
  world.sweep();
  await minutes(world, 30);
  const refused = world.log.filter(({ step }) => step === 'events-not-published').map(({ at }) => at);
  const publishedAt = world.log.find(({ step }) => step === 'events-published')?.at ?? 0;
  t.true((refused[1] ?? 0) - (refused[0] ?? 0) >= 300_000);
  t.true(publishedAt - (refused[1] ?? 0) >= 600_000 && publishedAt - (refused[1] ?? 0) < 720_000);
});

test('an event that the topic will never take is given up alone, and said', async (t) => {
  const world = telling();
  world.topicFaults.push(topicRefusal(400), topicRefusal(400));
  world.sweep();
  await minutes(world, 40);
  t.is(world.log.filter(({ step }) => step === 'events-dropped').length, 1);
  t.is(events(world).length, 5);
  t.deepEqual(await pending(world), []);
});

test('what waits is bounded: by number in a row, and by a day', async (t) => {
  const world = telling();
  world.topicFaults.push(...Array.from({ length: 2000 }, () => topicRefusal(503)));
  // Broken and mended again and again, a failing run each time.
  world.guests.set('hs-a', 'silent');
  for (let i = 0; i < MOST_PENDING + 10; i += 1) {
    world.manual('apply', 'hs-a');
    await world.run(1_200_000);
    world.now += 1000;
  }
  t.true((await rows(world)).every((row) => row.pending.length <= MOST_PENDING));
  t.true(world.log.some(({ step }) => step === 'events-dropped'));
  world.now += MOST_AGE_MS + 1;
  world.topicFaults.length = 0;
  world.guests.set('hs-a', 'right');
  const before = world.published.length;
  await minutes(world, 15);
  t.deepEqual(await pending(world), []);
  t.is(
    world.published
      .slice(before)
      .flat()
      .filter(({ time }) => world.now - time.getTime() > MOST_AGE_MS + 1_200_000).length,
    0,
  );
  for (const request of world.published) t.true(request.length <= MOST_EVENTS);
});

test('a run that the host gave up on is told by the next bell', async (t) => {
  const world = telling();
  const signal = world.signal('manual', [{ kind: 'vm', id: world.vmId('hs-a') }]);
  const { kind: _kind, ...message } = signalMessage(signal);
  await markFailed(
    world.store,
    { kind: 'signal', ...message } as never,
    'The app failed on it five times.',
    world.now,
    true,
  );
  t.is((await world.store.news.get(SUBSCRIPTION, rowKey(`/subscriptions/${SUBSCRIPTION}`)))?.row.pending.length, 1);
  await minutes(world, 1);
  t.deepEqual(
    events(world).map(({ data }) => (data as { runId: string }).runId),
    [signal.runId],
  );
});

test('without a topic nothing waits and nothing is published; the log tells the same', async (t) => {
  const [silent, loud] = [articleWorld(), telling()];
  for (const world of [silent, loud]) {
    world.sweep();
    await world.run();
  }
  t.deepEqual(silent.published, []);
  t.deepEqual(await pending(silent), []);
  const steps = (world: World) => world.log.map(({ step }) => step).filter((step) => step !== 'events-published');
  t.deepEqual(steps(silent), steps(loud));
});

test('a row of what was told that cannot be read stops no repair', async (t) => {
  const world = telling();
  world.store.news.broken.add(`${SUBSCRIPTION}/${rowKey(world.vmId('hs-a'))}`);
  world.store.news.broken.add(`${SUBSCRIPTION}/${rowKey(`/subscriptions/${SUBSCRIPTION}`)}`);
  const runId = world.sweep();
  await world.run();
  t.like(await world.runRow(runId), { state: 'settled', counts: { repaired: 2 } });
  t.true(told(world).every((text) => text.includes('hs-b')));
  t.true(world.log.some(({ step }) => step === 'row-unreadable'));
});
