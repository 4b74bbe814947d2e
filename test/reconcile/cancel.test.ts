/** A run that a person cancels, as stories of the whole loop: what is stopped, what goes on, and what is said. */
import test from 'ava';
import { cancelMessage } from '../../shared/model/messages.ts';
import { acceptedRun, type OutcomeRow } from '../../shared/model/rows.ts';
import { readRunView } from '../../shared/views/run.ts';
import { articleWorld, nicId, OTHER, SETTINGS, SUBSCRIPTION, vmId, type World } from '../helpers/world.ts';

const cancel = (world: World, runId: string, subscriptionId = SUBSCRIPTION): void => {
  const at = world.now;
  world.queue.push({ at, message: cancelMessage({ subscriptionId, runId, by: 'nurse@example.org', at }) });
};
const said = (outcome: OutcomeRow | undefined) => [
  outcome?.result,
  ...(outcome?.findings ?? []).map(({ code }) => code),
];
const everything = (world: World, mode: 'apply' | 'check') =>
  world.post(world.signal('manual', [{ kind: 'subscription', id: `/subscriptions/${SUBSCRIPTION}` }], { mode }));

test('the running command is stopped, what waits is dropped, the run says by whom; the next sweep puts it right', async (t) => {
  const world = articleWorld();
  const runId = everything(world, 'apply');
  await world.run(10_000);
  t.is(world.executions.length, 1);
  const [first] = world.executions;
  cancel(world, runId);
  await world.run();
  t.is(world.executions.length, 1, 'nothing more was sent');
  t.is(first?.view.state, 'Canceled');
  t.is(first?.found, undefined, 'it did not end by itself');
  const stopped = first?.vm ?? '';
  t.deepEqual(said(await world.outcome(runId, stopped)), ['cancelled', 'COMMAND_STOPPED']);
  t.deepEqual(said(await world.outcome(runId, stopped === 'hs-a' ? 'hs-b' : 'hs-a')), ['cancelled', 'RUN_CANCELLED']);
  const view = await readRunView(world.store, [SUBSCRIPTION], runId);
  t.like(view, { state: 'settled', counts: { vms: 2, cancelled: 2, commands: 1, failed: 0 } });
  t.is(view?.cancelled?.by, 'nurse@example.org');
  t.is((await world.vmRow(stopped))?.command, undefined);
  t.is(world.log.filter(({ step }) => step === 'cancelled').length, 1);

  // What came of the stopped one is not known: no other member is changed before it works.
  const sweep = world.sweep();
  await world.run();
  t.is((await world.outcome(sweep, stopped))?.result, 'repaired');
  const next = world.sweep();
  await world.run();
  for (const name of world.vms) t.is(world.guests.get(name), 'right', name);
  t.is((await world.runRow(next)).state, 'settled');
});

test('while a stopped apply is not looked at, an automatic run changes no other member of its mirrors', async (t) => {
  const world = articleWorld();
  const runId = world.manual('apply', 'hs-a');
  await world.run(10_000);
  cancel(world, runId);
  await world.run();
  const change = world.post(world.signal('resourceChange', [{ kind: 'vm', id: vmId('hs-b') }]));
  await world.run();
  const outcome = await world.outcome(change, 'hs-b');
  t.is(outcome?.result, 'blocked');
  t.true(outcome?.findings.some(({ code }) => code === 'ROLLOUT_HALTED'));
  t.deepEqual(world.sent(), ['apply hs-a']);
});

test('a run that others joined ends with their work; what comes after the cancel is looked at', async (t) => {
  const world = articleWorld();
  const changed = () => world.post(world.signal('resourceChange', [{ kind: 'vm', id: vmId('hs-a') }]));
  const ids = [changed(), changed()];
  for (const { message } of world.queue.splice(0))
    if (message.kind === 'signal') await world.store.runs.put(SUBSCRIPTION, message.runId, acceptedRun(message));
  world.bell();
  await world.run(3000);
  const [first = '', other = ''] = (await world.runRow(ids[0] ?? '')).joined ? ids.toReversed() : ids;
  t.is((await world.runRow(other)).joined, first);
  t.is(world.executions.length, 1);
  cancel(world, first);
  await world.run();
  t.is((await world.runRow(first)).counts.cancelled, 1);
  t.is(world.executions.length, 1, 'nobody does it for the other');
  const later = changed();
  await world.run();
  t.like(await world.runRow(later), { state: 'settled', counts: { commands: 1 } });
  t.is((await world.runRow(later)).joined, undefined);
});

test('a command that serves another run too goes on for that one', async (t) => {
  const world = articleWorld();
  const scopes = [vmId('hs-a'), nicId('hs-a-0')];
  const [first = '', second = ''] = scopes.map((id, i) =>
    world.post(world.signal('resourceChange', [{ kind: i === 0 ? 'vm' : 'nic', id }])),
  );
  // Both are there before a loop runs.
  for (const { message } of world.queue.splice(0)) {
    if (message.kind === 'signal') await world.store.runs.put(SUBSCRIPTION, message.runId, acceptedRun(message));
  }
  world.bell();
  await world.run(3000);
  t.is(world.executions.length, 1);
  cancel(world, first);
  await world.run();
  t.is(world.executions.length, 1);
  t.is(world.executions[0]?.view.state, 'Succeeded');
  t.is((await world.outcome(second, 'hs-a'))?.result, 'repaired');
  const outcome = await world.outcome(first, 'hs-a');
  t.deepEqual(said(outcome), ['cancelled', 'RUN_CANCELLED']);
  t.regex(outcome?.findings[0]?.params.what ?? '', /serves another run too/);
});

test('another run that waits for the VM goes on right after', async (t) => {
  const world = articleWorld();
  world.commandMs = 300_000;
  const check = world.manual('check', 'hs-a');
  await world.run(10_000);
  const apply = world.manual('apply', 'hs-a');
  await world.run(10_000);
  t.like(await world.outcome(apply, 'hs-a'), { state: 'waiting', waitingFor: 'VM_BUSY' });
  cancel(world, check);
  world.commandMs = 20_000;
  const from = world.now;
  await world.run();
  t.is((await world.outcome(apply, 'hs-a'))?.result, 'repaired');
  const done = world.log.find(({ step, fields }) => step === 'settled' && fields.runId === apply)?.at ?? 0;
  t.true(done - from < 60_000, `${done - from} ms`);
});

test('a removal that is cancelled holds nothing back', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  const runId = world.manual('remove', 'hs-a');
  await world.run(10_000);
  t.truthy((await world.vmRow('hs-a'))?.hold);
  cancel(world, runId);
  await world.run();
  t.is((await world.vmRow('hs-a'))?.hold, undefined);
  t.deepEqual(said(await world.outcome(runId, 'hs-a')), ['cancelled', 'COMMAND_STOPPED']);
  const sweep = world.sweep();
  await world.run();
  t.is((await world.outcome(sweep, 'hs-a'))?.result, 'compliant');
});

test('twice, too late, and of no run: nothing happens', async (t) => {
  const world = articleWorld();
  const runId = world.manual('check', 'hs-a');
  cancel(world, runId);
  cancel(world, runId);
  await world.run();
  const ended = await world.runRow(runId);
  t.is(ended.state, 'settled');
  t.deepEqual(
    world.executions.map(({ view }) => view.state),
    ['Canceled'],
  );
  for (const id of [runId, '0'.repeat(32)]) cancel(world, id);
  await world.run();
  t.deepEqual(await world.runRow(runId), ended);
  t.is(world.log.filter(({ step }) => step === 'cancel-late').length, 2);
});

test('a command that ended before it could be stopped is told as it ended', async (t) => {
  const world = articleWorld();
  const runId = world.manual('apply', 'hs-a');
  await world.run(10_000);
  // The next bells are lost: nobody has looked since it ended.
  world.queue.splice(0);
  world.now += 60_000;
  cancel(world, runId);
  await world.run();
  t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
  t.like(await readRunView(world.store, [SUBSCRIPTION], runId), {
    state: 'settled',
    cancelled: { by: 'nurse@example.org' },
  });
});

test('a run over several subscriptions is cancelled in each', async (t) => {
  const world = articleWorld({ scope: { ...SETTINGS.scope, subscriptionIds: [SUBSCRIPTION, OTHER] } });
  world.homes.set('hs-b', OTHER);
  world.commandMs = 300_000;
  const frontend = { kind: 'frontend' as const, id: world.frontendId('ucr') };
  const runId = world.post(world.signal('manual', [frontend], { mode: 'check' }));
  await world.run(20_000);
  t.is((await world.runRow(runId, OTHER)).handedBy, SUBSCRIPTION);
  for (const id of [SUBSCRIPTION, OTHER]) cancel(world, runId, id);
  await world.run();
  for (const id of [SUBSCRIPTION, OTHER]) t.is((await world.runRow(runId, id)).state, 'settled', id);
  t.true(world.executions.every(({ view }) => view.state === 'Canceled'));
  t.like(await readRunView(world.store, [SUBSCRIPTION, OTHER], runId), { counts: { cancelled: 2 } });
});
