/** Rows that cannot be read or written: what they are about is told so, and the loop goes on for all others. */
import test from 'ava';
import type { OutcomeRow, RunRow, VmRow } from '../../shared/model/rows.ts';
import { rowKey } from '../../shared/model/store.ts';
import { frontendId, SUBSCRIPTION, vmId, World } from '../helpers/world.ts';

/** hs-a and hs-b behind one mirror, hs-c and hs-d behind another. */
const twoMirrors = (): World =>
  new World(
    ['hs-a', 'hs-b', 'hs-c', 'hs-d'],
    [
      { name: 'one', vip: '10.0.1.100', members: ['hs-a', 'hs-b'], primary: 'hs-a' },
      { name: 'two', vip: '10.0.1.101', members: ['hs-c', 'hs-d'], primary: 'hs-c' },
    ],
  );

/** As long as all of it takes, milliseconds; a loop that looks again and again is stopped by it. */
const ENOUGH = 200_000;

/** What a run says of each VM: `repaired`, `blocked ROW_UNUSABLE`; nothing of one without an outcome. */
async function told(world: World, runId: string): Promise<Record<string, string>> {
  const said: Record<string, string> = {};
  for (const vm of world.vms) {
    if (world.store.outcomes.broken.has(`${runId}/${rowKey(vmId(vm))}`)) continue;
    const outcome = await world.outcome(runId, vm);
    if (outcome) said[vm] = [outcome.result ?? outcome.state, ...outcome.findings.map(({ code }) => code)].join(' ');
  }
  return said;
}
const REPAIRED = { 'hs-a': 'repaired', 'hs-b': 'repaired', 'hs-c': 'repaired', 'hs-d': 'repaired' };
const UNUSABLE = 'blocked ROW_UNUSABLE';
const breakVm = ({ store }: World, vm: string) => store.vms.broken.add(`${SUBSCRIPTION}/${rowKey(vmId(vm))}`);
const errors = (world: World) => world.log.filter(({ level }) => level === 'error').map(({ step }) => step);

const cases: [string, (world: World) => void, Record<string, string>, Partial<RunRow['counts']>][] = [
  ['all rows can be read and written', () => undefined, REPAIRED, { vms: 4, repaired: 4, blocked: 0 }],
  [
    'a VM’s row that cannot be read',
    (world) => breakVm(world, 'hs-a'),
    { ...REPAIRED, 'hs-a': UNUSABLE },
    { vms: 4, repaired: 3, blocked: 1 },
  ],
  [
    'a mirror’s row that cannot be read',
    ({ store }) => store.frontends.broken.add(`${SUBSCRIPTION}/${rowKey(frontendId('one'))}`),
    { ...REPAIRED, 'hs-a': UNUSABLE, 'hs-b': UNUSABLE },
    { vms: 4, repaired: 2, blocked: 2 },
  ],
  [
    'a run’s row that cannot be read',
    ({ store }) => store.runs.broken.add(`${SUBSCRIPTION}/${'f'.repeat(32)}`),
    REPAIRED,
    { vms: 4, repaired: 4 },
  ],
  [
    'a row of nobody in the VMs’ table',
    ({ store }) => store.vms.broken.add(`${SUBSCRIPTION}/a-table-browser-was-here`),
    REPAIRED,
    { vms: 4, repaired: 4 },
  ],
  [
    'a VM’s row that no table takes',
    ({ store }) => {
      store.vms.tooLarge.when = (row: VmRow) => row.vmId === vmId('hs-a');
    },
    { ...REPAIRED, 'hs-a': UNUSABLE },
    { vms: 4, repaired: 3, blocked: 1 },
  ],
  [
    'a VM’s row that no table takes, of the member that is first',
    ({ store }) => {
      store.vms.tooLarge.when = (row: VmRow) => row.vmId === vmId('hs-b');
    },
    { ...REPAIRED, 'hs-b': UNUSABLE },
    { vms: 4, repaired: 3, blocked: 1 },
  ],
  [
    'a mirror’s row that no table takes',
    ({ store }) => {
      store.frontends.tooLarge.when = (row) => row.frontendId === frontendId('one');
    },
    // hs-b was begun before that was known; the next member is left alone.
    { ...REPAIRED, 'hs-a': UNUSABLE },
    { vms: 4, repaired: 3, blocked: 1 },
  ],
  [
    'an outcome with paths that no table takes',
    ({ store }) => {
      store.outcomes.tooLarge.when = (row: OutcomeRow) => row.vmId === vmId('hs-a') && row.paths.length > 0;
    },
    { ...REPAIRED, 'hs-a': 'failed ROW_UNUSABLE' },
    { vms: 4, repaired: 3, failed: 1 },
  ],
];
for (const [what, arrange, outcomes, counts] of cases) {
  test(what, async (t) => {
    const world = twoMirrors();
    arrange(world);
    const runId = world.sweep();
    await world.run(ENOUGH);
    t.deepEqual(await told(world, runId), outcomes);
    const run = await world.runRow(runId);
    t.is(run.state, 'settled');
    t.like(run.counts, counts);
    t.is(errors(world).length > 0, outcomes !== REPAIRED || /nobody|run’s/.test(what), 'the log says which row');
    t.deepEqual(world.queue, [], 'nothing is looked at again and again');
  });
}

test('a report too large for its VM’s row: that VM is told so, its command is over, and all others go on', async (t) => {
  const world = twoMirrors();
  world.store.vms.tooLarge.when = (row: VmRow) => row.vmId === vmId('hs-b') && row.look !== undefined;
  const runId = world.sweep();
  await world.run(ENOUGH);
  // The report was read and its connects worked, so hs-a was next: only the row could not take it.
  t.deepEqual(await told(world, runId), { ...REPAIRED, 'hs-b': 'failed ROW_UNUSABLE' });
  t.is((await world.runRow(runId)).state, 'settled');
  t.like(await world.vmRow('hs-b'), { command: undefined, look: undefined });
  const later = world.manual('apply', 'hs-c');
  await world.run(ENOUGH);
  t.is((await world.outcome(later, 'hs-c'))?.result, 'compliant');
});

test('an outcome that cannot be read: its run ends without it, and counts it as failed', async (t) => {
  const world = twoMirrors();
  const runId = world.sweep();
  await world.run(5000);
  world.store.outcomes.broken.add(`${runId}/${rowKey(vmId('hs-b'))}`);
  await world.run(ENOUGH);
  const run = await world.runRow(runId);
  t.is(run.state, 'settled');
  t.like(run.counts, { vms: 4, failed: 1, repaired: 3 });
  t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
  t.deepEqual([...new Set(errors(world))], ['row-unreadable']);
});

test('a row that can be used again is used again', async (t) => {
  const world = twoMirrors();
  breakVm(world, 'hs-a');
  world.sweep();
  await world.run(ENOUGH);
  world.store.vms.broken.clear();
  const runId = world.manual('apply', 'hs-a');
  await world.run(ENOUGH);
  t.deepEqual(await told(world, runId), { 'hs-a': 'repaired' });
});

test('old runs are removed past a run and an outcome that cannot be read', async (t) => {
  const world = twoMirrors();
  const runId = world.sweep();
  await world.run(ENOUGH);
  world.now += 100 * 86_400_000;
  world.store.runs.broken.add(`${SUBSCRIPTION}/${'f'.repeat(32)}`);
  world.store.outcomes.broken.add(`${runId}/${rowKey(vmId('hs-b'))}`);
  world.bell();
  await world.run(60_000);
  t.is(await world.store.runs.get(SUBSCRIPTION, runId), undefined);
  t.is(await world.outcome(runId, 'hs-a'), undefined);
});
