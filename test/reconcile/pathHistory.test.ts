/** The history of paths as the loop writes it: what it says after a story, how little it writes, and when it goes. */
import test from 'ava';
import { dayOf, historyPartition, startOf } from '../../shared/model/history.ts';
import { rowKey } from '../../shared/model/store.ts';
import { readHistory } from '../../shared/views/history.ts';
import { articleWorld, SUBSCRIPTION, vmId, type World } from '../helpers/world.ts';

const DAY_MS = 86_400_000;

const historyOfAll = (world: World, days = 30, narrowed: { vm?: string; vip?: string } = {}) =>
  readHistory(world.store, [SUBSCRIPTION], { days, ...narrowed }, world.now);

/** `hs-a 10.0.1.100: active repairable, active compliant`, by VM and VIP. */
async function told(world: World): Promise<string[]> {
  const { paths } = await historyOfAll(world);
  return paths
    .map(
      ({ vm, vip, spans }) =>
        `${vm} ${vip}: ${spans.map(({ exposure, verdict }) => `${exposure} ${verdict}`).join(', ')}`,
    )
    .toSorted();
}

test('how each path stood, from when, and by which run', async (t) => {
  const world = articleWorld();
  const began = world.now;
  const first = world.sweep();
  await world.run();
  t.deepEqual(await told(world), [
    'hs-a 10.0.1.100: active unknown, active compliant',
    'hs-a 10.0.1.101: active unknown, active compliant',
    'hs-b 10.0.1.100: latent unknown, latent compliant',
    'hs-b 10.0.1.101: latent unknown, latent compliant',
  ]);
  const { paths } = await historyOfAll(world);
  const own = paths.find(({ vm, vip }) => vm === 'hs-a' && vip === '10.0.1.100');
  const [unknown, compliant] = own?.spans ?? [];
  t.true(Date.parse(unknown?.from ?? '') >= began);
  t.is(unknown?.to, compliant?.from);
  t.is(compliant?.to, undefined, 'it lasts');
  t.is(compliant?.runId, first);
  t.is(compliant?.proof, 'self');
  t.is(compliant?.provedAt, compliant?.from);
  t.is(own?.seconds.unknown, (Date.parse(unknown?.to ?? '') - Date.parse(unknown?.from ?? '')) / 1000);

  const moved = world.failover('ucr', 'hs-b');
  await world.run();
  const after = (await historyOfAll(world)).paths;
  const now = (vm: string) => after.find((item) => item.vm === vm && item.vip === '10.0.1.100')?.spans.at(-1);
  t.like(now('hs-a'), { exposure: 'latent', verdict: 'compliant' });
  t.like(now('hs-b'), { exposure: 'active', verdict: 'compliant', runId: moved });
});

test('exposed for how many seconds: from when it was seen to when it was repaired', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  world.guests.set('hs-a', 'wrong');
  world.now += 3_600_000;
  world.commandMs = 40_000;
  const check = world.manual('check', 'hs-a');
  await world.run();
  const from = world.log.find(({ step, fields }) => step === 'report' && fields.runId === check)?.at ?? 0;
  const apply = world.manual('apply', 'hs-a');
  await world.run();
  const to = world.log.find(({ step, fields }) => step === 'report' && fields.runId === apply)?.at ?? 0;
  t.true(to - from >= 40_000);
  const { paths } = await historyOfAll(world);
  for (const vip of ['10.0.1.100', '10.0.1.101']) {
    const path = paths.find((item) => item.vm === 'hs-a' && item.vip === vip);
    t.is(path?.seconds.exposed, (to - from) / 1000, vip);
  }
  t.is(paths[0]?.vm, 'hs-a', 'the worst first');
});

test('a pass in which nothing changed writes no history; a day without a change adds no row', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  const puts = world.store.history.puts;
  t.true(puts >= 2);
  for (let hour = 0; hour < 30; hour += 1) {
    world.now += 600_000;
    world.sweep();
    await world.run(500_000);
  }
  t.is(world.store.history.puts, puts);
});

test('what ended on a day is put aside once, and removed with the runs of its time', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  const day = dayOf(world.now);
  const aside = (of = day) => world.store.history.list(historyPartition(SUBSCRIPTION, of));
  t.deepEqual(await aside(), []);
  world.now += DAY_MS;
  world.guests.set('hs-a', 'wrong');
  world.manual('check', 'hs-a');
  await world.run();
  t.is((await aside()).length, 1, 'of hs-a, which changed since');
  t.is((await world.store.history.get(SUBSCRIPTION, rowKey(vmId('hs-a'))))?.row.day, dayOf(world.now));
  const month = await historyOfAll(world);
  t.true(month.paths.every(({ spans }) => spans.length > 1));
  const today = await historyOfAll(world, 1);
  t.is(today.from, new Date(startOf(dayOf(world.now))).toISOString());
  for (const { spans } of today.paths) t.true(spans.every(({ from }) => from >= today.from));

  world.now += 89 * DAY_MS;
  world.bell();
  await world.run(60_000);
  t.is((await aside()).length, 1, 'kept as long as runs');
  world.now += 2 * DAY_MS;
  world.bell();
  await world.run(60_000);
  t.is((await aside()).length, 0);
  const lease = (await world.store.leases.get('lease', SUBSCRIPTION))?.row;
  t.is(lease?.historyDay, dayOf(world.now - world.settings.runAgeMs));
});

test('a VM that is gone has an end in it, and goes in its time', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  for (const mirror of world.mirrors) mirror.members = ['hs-a'];
  world.vms.splice(1);
  world.now += 3_600_000;
  world.sweep();
  await world.run();
  const gone = (await historyOfAll(world)).paths.filter(({ vm }) => vm === 'hs-b');
  t.is(gone.length, 2);
  t.true(gone.every(({ spans }) => spans.at(-1)?.to !== undefined));
  world.now += 92 * DAY_MS;
  world.bell();
  await world.run(60_000);
  t.is(await world.store.history.get(SUBSCRIPTION, rowKey(vmId('hs-b'))), undefined);
  t.truthy(await world.store.history.get(SUBSCRIPTION, rowKey(vmId('hs-a'))));
});

test('of one VM, or one VIP', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  const names = async (narrowed: { vm?: string; vip?: string }) =>
    (await historyOfAll(world, 30, narrowed)).paths.map(({ vm, vip }) => `${vm} ${vip}`).toSorted();
  t.deepEqual(await names({ vm: vmId('hs-a').toUpperCase() }), ['hs-a 10.0.1.100', 'hs-a 10.0.1.101']);
  t.deepEqual(await names({ vip: '10.0.1.101' }), ['hs-a 10.0.1.101', 'hs-b 10.0.1.101']);
  t.deepEqual(await names({ vm: vmId('hs-a'), vip: '10.0.1.101' }), ['hs-a 10.0.1.101']);
  t.deepEqual(await names({ vm: vmId('hs-z') }), []);
});

test('a history row that cannot be read or written costs nobody else anything', async (t) => {
  const world = articleWorld();
  world.store.history.broken.add(`${SUBSCRIPTION}/${rowKey(vmId('hs-a'))}`);
  world.store.history.tooLarge.when = (row) => row.vmId === vmId('hs-b');
  const runId = world.sweep();
  await world.run();
  t.like(await world.runRow(runId), { state: 'settled', counts: { repaired: 2 } });
  t.true(world.log.some(({ step, fields }) => step === 'row-not-written' && fields.table === 'history'));
  const view = await historyOfAll(world);
  t.is(view.unreadable?.length, 1);
});

for (const [days, rows] of [
  [2, 1],
  [100, 0],
] as const) {
  test(`a change ${days} days after the last: what ended is put aside only while such days are kept`, async (t) => {
    const world = articleWorld();
    const day = dayOf(world.now);
    world.sweep();
    await world.run();
    world.now += days * DAY_MS;
    world.guests.set('hs-a', 'wrong');
    world.sweep();
    await world.run();
    const aside = await world.store.history.list(historyPartition(SUBSCRIPTION, day));
    t.is(aside.filter(({ row }) => row.vmId === vmId('hs-a')).length, rows);
  });
}
