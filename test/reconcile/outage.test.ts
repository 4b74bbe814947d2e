/**
 * Nobody looked for a while, or one loop stood still: what histories found, each as a case of its own.
 * Long: one table of cases about one thing.
 */
import test from 'ava';
import type { OutcomeRow } from '../../shared/model/rows.ts';
import { rowKey } from '../../shared/model/store.ts';
import { articleWorld, refusal, SUBSCRIPTION, vmId } from '../helpers/world.ts';
import { MortalWorld } from '../reliability/mortal.ts';

const article = (): MortalWorld =>
  new MortalWorld(['hs-a', 'hs-b'], [{ name: 'ucr', vip: '10.0.1.100', members: ['hs-a', 'hs-b'], primary: 'hs-a' }]);

/** A world whose only loop was killed at the first call of that name, with an apply by hand accepted. */
async function killedAt(name: string, when: 'before' | 'after', vm = 'hs-a'): Promise<[MortalWorld, string]> {
  const calm = article();
  calm.manual('apply', vm);
  await calm.run(60_000);
  const world = article();
  world.kill = { call: calm.calls.indexOf(name), when };
  const runId = world.manual('apply', vm);
  await world.run(1000);
  return [world, runId];
}

test('a command that was only intended before an outage does not fail by the first look that fails after it', async (t) => {
  const [world, runId] = await killedAt('commands.look', 'before');
  t.is((await world.vmRow('hs-a'))?.command?.phase, 'intended');
  world.now += 600_000;
  const { look } = world;
  let failed = 0;
  world.look = (...given) => {
    if (failed++ === 0) throw refusal(503);
    return look.apply(world, given);
  };
  world.bell();
  await world.run(300_000);
  t.true(failed > 1);
  t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
});

test('a look that always fails still ends it', async (t) => {
  const [world, runId] = await killedAt('commands.look', 'before');
  world.now += 600_000;
  world.look = () => {
    throw refusal(503);
  };
  world.bell();
  await world.run(300_000);
  t.like(await world.outcome(runId, 'hs-a'), { result: 'failed' });
});

test('a command whose PUT never went out before an outage goes out after it, once', async (t) => {
  const [world, runId] = await killedAt('commands.send', 'before');
  t.is((await world.vmRow('hs-a'))?.command?.phase, 'sent');
  world.now += 1_200_000;
  world.bell();
  await world.run(300_000);
  t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
  t.deepEqual(world.sent(), ['apply hs-a']);
});

for (const [call, phase] of [
  ['commands.look', 'intended'],
  ['commands.send', 'sent'],
] as const) {
  test(`one outage after another does not fail a command that never went out (${phase})`, async (t) => {
    const [world, runId] = await killedAt(call, 'before');
    t.is((await world.vmRow('hs-a'))?.command?.phase, phase);
    const { look } = world;
    world.look = () => {
      throw refusal(503);
    };
    world.send = () => {
      throw refusal(503);
    };
    for (let outage = 0; outage < 3; outage += 1) {
      world.queue.length = 0;
      world.now += 1_200_000;
      if (phase === 'sent') world.look = look;
      world.bell();
      await world.run(0);
    }
    Object.assign(world, { look, send: MortalWorld.prototype.send });
    await world.run(300_000);
    t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
    t.deepEqual(world.sent(), ['apply hs-a']);
  });
}

test('a command that had to be sent again at the last moment is given its time', async (t) => {
  const [world, runId] = await killedAt('commands.send', 'before');
  const { send } = world;
  let lost = true;
  // Lost on its way, and the app then down until a second before the deadline.
  world.send = (...given) => {
    if (!lost) send.apply(world, given);
  };
  world.now += 61_000;
  world.bell();
  await world.run(1000);
  const { deadline = 0 } = (await world.vmRow('hs-a'))?.command ?? {};
  world.queue.length = 0;
  lost = false;
  world.now = deadline - 1000;
  world.bell();
  await world.run(300_000);
  t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
  t.deepEqual(world.sent(), ['apply hs-a']);
});

test('a connect that failed while nobody was primary counts against nobody when somebody is by the time it is read', async (t) => {
  const world = article();
  const [mirror] = world.mirrors;
  if (mirror) mirror.primary = undefined;
  const { look } = world;
  world.look = (...given) => {
    const view = look.apply(world, given);
    // Between the guest's connects and the next question to health.
    if (view?.state === 'Succeeded' && mirror) mirror.primary = 'hs-a';
    return view;
  };
  const runId = world.manual('apply', 'hs-a');
  await world.run(60_000);
  t.like(await world.outcome(runId, 'hs-a'), { result: 'unknown', changed: 4 });
});

test('a signal that waited for the app is not failed by the first reading that fails', async (t) => {
  const [world, runId] = await killedAt('topology.read', 'before');
  world.now += 1_200_000;
  world.topologyFault = refusal(503);
  world.bell();
  await world.run(60_000);
  t.like(await world.runRow(runId), { state: 'accepted', reason: { code: 'AZURE_FAILED' } });
  world.topologyFault = undefined;
  await world.run(300_000);
  t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
});

for (const nth of [2, 3, 4, 5]) {
  test(`a loop that stands still for minutes at its lease (write ${nth}) decides anew: its deadlines begin when it acts`, async (t) => {
    const world = articleWorld();
    const { leases } = world.store;
    const put = leases.put.bind(leases);
    let puts = 0;
    leases.put = (...given) => {
      puts += 1;
      if (puts === nth) world.now += 235_000;
      return put(...given);
    };
    const runId = world.manual('apply', 'hs-a');
    await world.run(600_000);
    t.true(puts > nth);
    t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
    t.false(world.log.some((line) => line.step === 'cancel'));
    t.is(world.executions.length, 1);
  });
}

test('a deadline that passes while a loop waits for Azure’s answer is not one that the guest missed', async (t) => {
  const world = articleWorld();
  const runId = world.manual('apply', 'hs-a');
  await world.run(5000);
  const { look } = world;
  let stood = false;
  world.look = (...given) => {
    const view = look.apply(world, given);
    if (!stood) world.now += 600_000;
    stood = true;
    return view;
  };
  await world.run(600_000);
  await world.run(600_000);
  t.true(stood);
  t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
  t.false(world.log.some((line) => line.step === 'cancel'));
});

test('a loop whose lease runs out while it writes does nothing more', async (t) => {
  const world = articleWorld();
  const { vms } = world.store;
  const put = vms.put.bind(vms);
  let stood = false;
  vms.put = async (partition, key, row, etag) => {
    const answer = await put(partition, key, row, etag);
    if (!stood && (row as { command?: { phase: string } }).command?.phase === 'sent') {
      stood = true;
      world.now += 61_000;
    }
    return answer;
  };
  const runId = world.manual('apply', 'hs-a');
  await world.run(600_000);
  t.true(world.log.some(({ step, fields }) => step === 'rows-changed' && /lease ran out/.test(String(fields.text))));
  t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
  t.is(world.executions.length, 1);
});

test('a removal that waits for its turn is not sent to a VM that was opted out meanwhile', async (t) => {
  const world = articleWorld();
  world.manual('apply', 'hs-b');
  await world.run(5000);
  const runId = world.manual('remove', 'hs-a');
  await world.run(5000);
  t.like(await world.outcome(runId, 'hs-a'), { state: 'waiting', waitingFor: 'MEMBER_BUSY' });
  world.tags.set('hs-a', { 'ilb-hairpin-guard-opt-out': 'true' });
  await world.run();
  const outcome = await world.outcome(runId, 'hs-a');
  t.is(outcome?.state, 'settled');
  t.deepEqual(
    outcome?.findings.map((finding) => finding.code),
    ['OPTED_OUT'],
  );
  t.deepEqual(world.sent(), ['apply hs-b']);
  t.is((await world.vmRow('hs-a'))?.hold, undefined);
});

test('a VM that is no member is told once, though the run was planned twice', async (t) => {
  const [world, runId] = await killedAt('store.outcomes.put', 'after', 'hs-c');
  const first = (await world.store.outcomes.get(runId, rowKey(vmId('hs-c'))))?.row as OutcomeRow;
  t.is(first.state, 'settled');
  t.is((await world.runRow(runId)).state, 'accepted');
  world.now += 600_000;
  world.bell();
  await world.run(60_000);
  t.is((await world.runRow(runId)).state, 'settled');
  t.deepEqual(await world.outcome(runId, 'hs-c'), first);
});

test('an apply whose end was not kept does not say what a later removal came to', async (t) => {
  const world = article();
  const { outcomes, runs } = world.store;
  const apply = world.manual('apply', 'hs-a');
  await world.run(5000);
  const before = { outcome: await world.outcome(apply, 'hs-a'), run: await world.runRow(apply) };
  t.is(before.outcome?.state, 'commanded');
  world.manual('remove', 'hs-a');
  await world.run(30_000);
  t.like((await world.vmRow('hs-a'))?.command, { mode: 'remove', phase: 'sent' });
  // The row that holds the apply's end and the removal was written, and what came of the apply was not.
  const outcome = await outcomes.get(apply, rowKey(vmId('hs-a')));
  const run = await runs.get(SUBSCRIPTION, apply);
  if (!before.outcome || !outcome || !run) throw new Error('no rows');
  await outcomes.put(apply, rowKey(vmId('hs-a')), before.outcome, outcome.etag);
  await runs.put(SUBSCRIPTION, apply, before.run, run.etag);
  world.topologyFault = refusal(503);
  await world.run(60_000);
  t.is((await world.vmRow('hs-a'))?.last?.mode, 'remove');
  t.is((await world.outcome(apply, 'hs-a'))?.state, 'commanded');
  world.topologyFault = undefined;
  await world.run();
  t.like(await world.outcome(apply, 'hs-a'), { result: 'blocked', changed: 0 });
});

test('a run that was half planned by a loop that was killed, and whose estate is not read again, leaves nothing open', async (t) => {
  const [world, runId] = await killedAt('store.outcomes.put', 'after');
  t.is((await world.runRow(runId)).state, 'accepted');
  world.topologyFault = refusal(503);
  for (let minute = 0; minute < 15; minute += 1) {
    world.now += 60_000;
    world.bell();
    await world.run(0);
  }
  t.is((await world.runRow(runId)).state, 'failed');
  t.like(await world.outcome(runId, 'hs-a'), { state: 'settled', result: 'failed' });
});
