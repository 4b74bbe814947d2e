/** The estate for requests that only look: what the loop knows, read seldom, and told whole where a part cannot be read. */
import test from 'ava';
import { AzureError } from '../../shared/errors.ts';
import { heldSince } from '../../shared/evaluate/history.ts';
import { idKey, shortName } from '../../shared/model/ids.ts';
import { rowKey } from '../../shared/model/store.ts';
import { type EstateRead, openEstate } from '../../shared/reconcile/estate.ts';
import { articleWorld, OTHER, SUBSCRIPTION, type World } from '../helpers/world.ts';

const reader = (world: World): (() => Promise<EstateRead>) => openEstate(world.ports(), world.settings);

/** `hs-a 10.0.1.100 active compliant self`. */
const paths = ({ evaluation }: EstateRead): string[] =>
  evaluation.paths.map(({ vmId, vip, exposure, verdict, proof }) =>
    [shortName(vmId), vip, exposure, verdict, proof.kind].join(' '),
  );

test('before anybody looked: members, and nothing known of them', async (t) => {
  const known = await reader(articleWorld())();
  t.deepEqual(paths(known), [
    'hs-a 10.0.1.100 latent unknown none',
    'hs-b 10.0.1.100 latent unknown none',
    'hs-a 10.0.1.101 latent unknown none',
    'hs-b 10.0.1.101 latent unknown none',
  ]);
  t.is(known.believed.size, 0);
});

test('after a sweep: what the run says of each path, and who is believed', async (t) => {
  const world = articleWorld();
  const runId = world.sweep();
  await world.run();
  const known = await reader(world)();
  t.deepEqual(paths(known), [
    'hs-a 10.0.1.100 active compliant self',
    'hs-b 10.0.1.100 latent compliant remote',
    'hs-a 10.0.1.101 active compliant self',
    'hs-b 10.0.1.101 latent compliant remote',
  ]);
  for (const vm of ['hs-a', 'hs-b']) {
    const outcome = await world.outcome(runId, vm);
    const own = known.evaluation.pathsOfVm.get(idKey(world.vmId(vm))) ?? [];
    t.deepEqual(
      own.map(({ vip, verdict, exposure, proof }) => ({ vip, verdict, exposure, proof })),
      outcome?.paths.map(({ vip, verdict, exposure, proof }) => ({ vip, verdict, exposure, proof })),
    );
  }
  t.is(known.believed.size, 2);
  t.deepEqual([...known.observed.heard.values()], ['report', 'report']);
  world.now += world.settings.proofAgeMs + 60_000;
  t.is((await reader(world)()).believed.size, 0, 'a look that is too old is not believed');
});

test('what was taken away again, or never put there, is in no guest', async (t) => {
  const world = articleWorld();
  world.manual('apply', 'hs-a');
  await world.run();
  world.manual('remove', 'hs-a');
  await world.run();
  const { observed } = await reader(world)();
  t.is(observed.heard.get(idKey(world.vmId('hs-a'))), 'never');
  t.is(observed.knowledge.get(idKey(world.vmId('hs-a')))?.held, true);
  t.is(observed.heard.get(idKey(world.vmId('hs-b'))), undefined);
});

test('ten who ask for a minute: the lists once, no health, no guest', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  const { topologyReads, healthReads } = world;
  const asked = world.asked.size;
  const read = reader(world);
  for (let second = 0; second < 60; second += 1) {
    await Promise.all(Array.from({ length: 10 }, read));
    world.now += 1000;
  }
  t.deepEqual([world.topologyReads - topologyReads, world.healthReads - healthReads], [1, 0]);
  t.is(world.asked.size, asked);
  await read();
  t.is(world.topologyReads - topologyReads, 2, 'then the lists are read again');
});

test('what a run changes shows within five seconds, without the lists', async (t) => {
  const world = articleWorld();
  const read = reader(world);
  t.true(paths(await read()).every((path) => path.endsWith('unknown none')));
  const before = world.topologyReads;
  world.commandMs = 1000;
  world.sweep();
  await world.run(30_000);
  const ofLoop = world.topologyReads;
  t.true(ofLoop > before);
  world.now += 5000;
  t.true(paths(await read()).every((path) => path.includes('compliant')));
  t.is(world.topologyReads, ofLoop);
});

test('lists that are refused: thrown, and not asked for again at each request', async (t) => {
  const world = articleWorld();
  world.topologyFault = new AzureError({
    status: 403,
    azureCode: 'AuthorizationFailed',
    action: 'x/read',
    message: 'no',
  });
  const read = reader(world);
  for (let i = 0; i < 5; i += 1) await t.throwsAsync(read(), { instanceOf: AzureError, code: 'AZURE_DENIED' });
  t.is(world.topologyReads, 1);
  world.topologyFault = undefined;
  world.now += 60_000;
  t.is(paths(await read()).length, 4);
});

test('one of two subscriptions cannot be read: the other one is told, and what is missing is named', async (t) => {
  const world = articleWorld();
  world.settings.scope = { ...world.settings.scope, subscriptionIds: [SUBSCRIPTION, OTHER] };
  world.homes.set('elsewhere', OTHER);
  world.unreadable.add(OTHER);
  const { observed, evaluation } = await reader(world)();
  t.is(evaluation.paths.length, 4);
  t.deepEqual(
    observed.unread.map(({ what, id, code }) => [what, id, code]),
    [['lists', `/subscriptions/${OTHER}`, 'AZURE_DENIED']],
  );
  t.deepEqual(observed.subscriptions, [{ id: SUBSCRIPTION }]);
});

test('a row that cannot be read: told, and of that VM nothing is known', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  world.store.vms.broken.add(`${SUBSCRIPTION}/${rowKey(world.vmId('hs-a'))}`);
  const known = await reader(world)();
  t.is(known.unreadable.length, 1);
  t.deepEqual(
    paths(known).filter((path) => path.startsWith('hs-a')),
    ['hs-a 10.0.1.100 active unknown none', 'hs-a 10.0.1.101 active unknown none'],
  );
});

test('a row of how paths stand that cannot be read: told, and since when its paths stand so is not known', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  world.store.history.broken.add(`${SUBSCRIPTION}/${rowKey(world.vmId('hs-a'))}`);
  const { unreadable, evaluation, histories } = await reader(world)();
  t.is(unreadable.length, 1);
  const since = (vm: string) =>
    evaluation.pathsOfVm.get(idKey(world.vmId(vm)))?.map((path) => heldSince(histories.get(path.vmKey), path)?.at);
  t.deepEqual(since('hs-a'), [undefined, undefined]);
  t.true((since('hs-b')?.[0] ?? 0) > 0);
  t.is(paths(await reader(world)()).filter((path) => path.includes('compliant')).length, 4, 'all else is known');
});

test('rows are read once in five seconds: no day of the history before', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  world.now += 3 * 86_400_000;
  world.sweep();
  await world.run();
  const { history } = world.store;
  const { list } = history;
  const listed: string[] = [];
  history.list = (partition, ...more) => {
    listed.push(partition);
    return list.call(history, partition, ...more);
  };
  const read = reader(world);
  await Promise.all([read(), read(), read()]);
  t.deepEqual(listed, [SUBSCRIPTION]);
});
