/** Old runs are removed in their time, a batch at a time, and nothing else is. */
import test from 'ava';
import { StateError } from '../../shared/errors.ts';
import { acceptedRun, type RunRow } from '../../shared/model/rows.ts';
import { runIdOf } from '../../shared/model/runId.ts';
import { rowKey } from '../../shared/model/store.ts';
import { TIDY_BATCH, TIDY_MS } from '../../shared/reconcile/tidy.ts';
import { articleWorld, refusal, SUBSCRIPTION, vmId, type World } from '../helpers/world.ts';

const DAY = 86_400_000;

/** An ended run with two outcomes, so many days old. */
async function old(world: World, name: string, days: number, more: Partial<RunRow> = {}): Promise<string> {
  const signal = world.signal('sweep', [], { runId: runIdOf(name), observedAt: world.now - days * DAY });
  await world.store.runs.put(SUBSCRIPTION, signal.runId, { ...acceptedRun(signal), state: 'settled', ...more });
  for (const vm of ['hs-a', 'hs-b']) {
    await world.store.outcomes.put(signal.runId, rowKey(vmId(vm)), {
      runId: signal.runId,
      vmId: vmId(vm),
      state: more.state === 'running' ? 'waiting' : 'settled',
      result: 'compliant',
      findings: [],
      paths: [],
      changed: 0,
      warnings: [],
    });
  }
  return signal.runId;
}

const runIds = async (world: World): Promise<string[]> =>
  (await world.store.runs.list(SUBSCRIPTION)).map(({ row }) => (row as RunRow).runId);

test('a run that is older than the setting goes, with its outcomes; a younger one and an open one stay', async (t) => {
  const world = articleWorld({ runAgeMs: 30 * DAY });
  const gone = [await old(world, 'settled', 31), await old(world, 'failed', 40, { state: 'failed' })];
  const stays = [
    await old(world, 'young', 29),
    await old(world, 'open', 31, { state: 'running', startedAt: world.now }),
  ];
  // Nothing can be said of the open one meanwhile.
  world.topologyFault = refusal(503);
  world.bell();
  await world.run(1000);
  t.deepEqual((await runIds(world)).toSorted(), stays.toSorted());
  for (const id of gone) t.deepEqual(await world.store.outcomes.list(id), []);
  for (const id of stays) t.is((await world.store.outcomes.list(id)).length, 2);
});

test('once an hour; many of them in batches, a minute apart', async (t) => {
  const world = articleWorld();
  const removals = () => world.log.filter((line) => line.step === 'tidied').map((line) => line.fields.removed);
  for (let i = 0; i < 2 * TIDY_BATCH + 1; i += 1) await old(world, `old-${i}`, 91);
  for (let minute = 0; minute < 5; minute += 1) {
    world.bell();
    await world.run(59_000);
    world.now += 60_000;
  }
  t.deepEqual(removals(), [TIDY_BATCH, TIDY_BATCH, 1]);
  await old(world, 'one more', 91);
  world.bell();
  await world.run(59_000);
  t.is(removals().length, 3, 'not before the hour is over');
  world.now += TIDY_MS;
  world.bell();
  await world.run(59_000);
  t.deepEqual(removals(), [TIDY_BATCH, TIDY_BATCH, 1, 1]);
});

test('a clock that was set back does not put it off for long', async (t) => {
  const world = articleWorld();
  world.bell();
  await world.run(59_000);
  world.now -= 300 * DAY;
  await old(world, 'old', 91);
  world.bell();
  await world.run(59_000);
  t.deepEqual(await runIds(world), []);
});

test('what a removal that was cut short left behind goes with the next', async (t) => {
  const world = articleWorld();
  const id = await old(world, 'old', 91);
  // Gone under its id, still listed: as after the first of the two deletes.
  world.store.runs.get = async () => undefined;
  let removed: unknown;
  world.store.runs.remove = async (_partition, key, found) => {
    removed = { key, found };
  };
  world.bell();
  await world.run(1000);
  t.like(removed, { key: id, found: { etag: '*' } });
});

test('a removal that fails half way leaves the run, by which the rest is found', async (t) => {
  const world = articleWorld();
  const id = await old(world, 'old', 91);
  const { outcomes } = world.store;
  const remove = outcomes.remove.bind(outcomes);
  let removals = 0;
  outcomes.remove = (...given) => {
    removals += 1;
    if (removals === 2) throw new StateError('STATE_FAILED', 'storage is gone for a moment');
    return remove(...given);
  };
  world.bell();
  await t.throwsAsync(world.run(1000), { code: 'STATE_FAILED' });
  t.is((await outcomes.list(id)).length, 1);
  world.now += 60_000;
  world.bell();
  await world.run(1000);
  t.deepEqual(await runIds(world), []);
  t.deepEqual(await outcomes.list(id), []);
});

test('a run that changes under the removal stays, and the others go', async (t) => {
  const world = articleWorld();
  const [stays] = [await old(world, 'stays', 91), await old(world, 'goes', 91)];
  const { get } = world.store.runs;
  world.store.runs.get = async (partition, key) => {
    const found = await get.call(world.store.runs, partition, key);
    if (found && key === stays) await world.store.runs.put(partition, key, found.row, found.etag);
    return found;
  };
  world.bell();
  await world.run(1000);
  t.deepEqual(await runIds(world), [stays]);
});

test('runs that an older program wrote are written anew', async (t) => {
  const world = articleWorld();
  await old(world, 'older program', 1);
  const { list, put } = world.store.runs;
  const written: string[] = [];
  world.store.runs.list = (partition, filter) =>
    list.call(world.store.runs, partition, filter === 'outdated' ? undefined : filter);
  world.store.runs.put = (partition, key, row, etag) => {
    written.push(key);
    return put.call(world.store.runs, partition, key, row, etag);
  };
  world.bell();
  await world.run(1000);
  t.deepEqual(written, [runIdOf('older program')]);
});
