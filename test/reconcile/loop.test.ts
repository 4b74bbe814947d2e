/** The loop from signals to settled runs, over a small world. Long: one table of cases about one thing. */
import test from 'ava';
import { StateError } from '../../shared/errors.ts';
import { bellMessage, signalMessage } from '../../shared/model/messages.ts';
import { acceptedRun } from '../../shared/model/rows.ts';
import type { ScopeItem } from '../../shared/model/signal.ts';
import { articleWorld, nicId, refusal, SUBSCRIPTION, vmId, World } from '../helpers/world.ts';

test('a sweep repairs backups first, one member after the other, and proves each path', async (t) => {
  const world = articleWorld();
  const runId = world.sweep();
  await world.run();
  t.deepEqual(world.sent(), ['apply hs-b', 'apply hs-a']);
  t.deepEqual(world.overlaps, []);
  const run = await world.runRow(runId);
  t.is(run.state, 'settled');
  t.like(run.counts, { vms: 2, repaired: 2, compliant: 0, blocked: 0, commands: 2 });
  const primary = await world.outcome(runId, 'hs-a');
  t.deepEqual(
    primary?.paths.map((path) => [
      path.vip,
      path.verdict,
      path.proof.kind,
      path.exposure,
      path.before?.outcome,
      path.after?.outcome,
    ]),
    [
      ['10.0.1.100', 'compliant', 'self', 'active', 'timeout', 'ok'],
      ['10.0.1.101', 'compliant', 'self', 'active', 'timeout', 'ok'],
    ],
  );
  const backup = await world.outcome(runId, 'hs-b');
  t.deepEqual(
    backup?.paths.map((path) => [path.verdict, path.proof.kind, path.exposure]),
    [
      ['compliant', 'remote', 'latent'],
      ['compliant', 'remote', 'latent'],
    ],
  );
});

test('a second sweep with fresh proofs sends nothing; one after the set age looks again', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  const second = world.sweep();
  await world.run();
  t.is(world.executions.length, 2);
  t.like((await world.runRow(second)).counts, { vms: 2, compliant: 2, commands: 0 });
  world.now += world.settings.proofAgeMs + 1;
  world.sweep();
  await world.run();
  t.is(world.executions.length, 4);
});

test('a failover is confirmed by the probes, looks at the new primary first and changes nothing', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  world.failover('pi', 'hs-b');
  const runId = world.failover('ucr', 'hs-b');
  await world.run();
  t.deepEqual(world.sent().slice(2), ['apply hs-b', 'apply hs-a']);
  const run = await world.runRow(runId);
  t.is(run.confirmation?.state, 'confirmed');
  t.like(run.counts, { compliant: 2, repaired: 0 });
  const outcome = await world.outcome(runId, 'hs-b');
  t.is(outcome?.changed, 0);
  t.deepEqual(
    outcome?.paths.map((path) => path.proof.kind),
    ['self', 'self'],
  );
});

test('a failover that the probes do not follow is told, and the members are looked at all the same', async (t) => {
  const world = articleWorld();
  const runId = world.post(
    world.signal('failover', [
      { kind: 'vm', id: vmId('hs-b') },
      { kind: 'vip', id: '10.0.1.100' },
    ]),
  );
  await world.run();
  const run = await world.runRow(runId);
  t.is(run.confirmation?.state, 'refused');
  t.true((run.settledAt ?? 0) >= (run.confirmation?.until ?? Number.POSITIVE_INFINITY));
  const outcome = await world.outcome(runId, 'hs-b');
  t.is(outcome?.result, 'blocked');
  t.is(outcome?.findings[0]?.code, 'PRIMARY_NOT_CONFIRMED');
  t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
});

test('what was known of health before a failover was announced confirms nothing', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  world.now += 120_000;
  // The probes said hs-a all the time; now they do not answer.
  world.health = () => {
    throw refusal(503);
  };
  const runId = world.failover('ucr', 'hs-a');
  await world.run(10_000);
  t.is((await world.runRow(runId)).confirmation?.state, 'pending');
  await world.run();
  t.is((await world.runRow(runId)).confirmation?.state, 'refused');
});

test('a failed apply halts its frontends until a person or a success clears it', async (t) => {
  const world = articleWorld();
  world.guests.set('hs-b', 'broken');
  const runId = world.sweep();
  await world.run();
  t.deepEqual(world.sent(), ['apply hs-b'], 'the primary was left alone');
  t.is((await world.outcome(runId, 'hs-b'))?.paths[0]?.findings[0]?.code, 'CONNECT_FAILED');
  t.is((await world.outcome(runId, 'hs-a'))?.findings[0]?.code, 'ROLLOUT_HALTED');
  // Not the other member by itself, not later either.
  world.now += 3_600_000;
  world.sweep();
  await world.run();
  t.false(world.sent().includes('apply hs-a'));
  // A person may.
  world.manual('apply', 'hs-a');
  await world.run();
  t.true(world.sent().includes('apply hs-a'));
  // A success clears it.
  world.guests.set('hs-b', 'wrong');
  const last = world.sweep();
  await world.run();
  t.is((await world.runRow(last)).counts.blocked, 0);
});

test('drift that nobody saw: a sweep with fresh proofs sends no command, a manual run that names the VM repairs', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  world.guests.set('hs-a', 'wrong');
  world.sweep();
  await world.run();
  t.is(world.executions.length, 2);
  const runId = world.manual('apply', 'HS-A');
  await world.run();
  t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
});

test('remove sets a hold: sweeps report, a manual apply that names the VM clears it', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  const removal = world.manual('remove', 'hs-a');
  await world.run();
  t.is((await world.outcome(removal, 'hs-a'))?.result, 'removed');
  t.truthy((await world.vmRow('hs-a'))?.hold);
  const held = world.sweep();
  await world.run();
  t.is(world.executions.length, 3);
  t.is((await world.outcome(held, 'hs-a'))?.findings[0]?.code, 'REMOVED_BY_HAND');
  const wide = world.post(world.signal('manual', [{ kind: 'subscription', id: `/subscriptions/${SUBSCRIPTION}` }]));
  await world.run();
  t.is((await world.outcome(wide, 'hs-a'))?.findings[0]?.code, 'REMOVED_BY_HAND', 'a wide apply does not clear it');
  const apply = world.manual('apply', 'hs-a');
  await world.run();
  t.is((await world.outcome(apply, 'hs-a'))?.result, 'repaired');
  t.is((await world.vmRow('hs-a'))?.hold, undefined);
});

test('check changes nothing and says what it found', async (t) => {
  const world = articleWorld();
  const runId = world.manual('check', 'hs-a');
  await world.run();
  t.deepEqual(world.sent(), ['check hs-a']);
  const outcome = await world.outcome(runId, 'hs-a');
  t.is(outcome?.result, 'repairable');
  t.deepEqual(outcome?.paths[0]?.after?.drift, ['route-missing', 'reply-route', 'reply-rule', 'lookup-rule']);
});

test('audit mode and the audit tag turn every change into a check', async (t) => {
  const world = articleWorld({ enforcement: 'audit' });
  world.sweep();
  world.manual('remove', 'hs-b');
  await world.run();
  t.true(world.sent().every((line) => line.startsWith('check ')));
  // Azure's tag names have no letter case.
  for (const name of ['ilb-hairpin-guard-audit', 'ILB-Hairpin-Guard-Audit']) {
    const tagged = articleWorld();
    tagged.tags.set('hs-b', { [name]: 'Yes' });
    tagged.sweep();
    await tagged.run();
    t.deepEqual(tagged.sent().toSorted(), ['apply hs-a', 'check hs-b'], name);
  }
});

test('outside the window a sweep only checks; a person may change', async (t) => {
  const world = articleWorld({ window: { from: 22 * 60, to: 4 * 60 } });
  world.sweep();
  await world.run();
  t.true(world.sent().every((line) => line.startsWith('check ')));
  world.manual('apply', 'hs-a');
  await world.run();
  t.is(world.sent().at(-1), 'apply hs-a');
  world.now = Date.UTC(2026, 0, 5, 23, 0, 0);
  world.guests.set('hs-b', 'wrong');
  world.sweep();
  await world.run();
  t.is(world.sent().at(-1), 'apply hs-b');
});

test('a VM without a second NIC and a stopped one get no command and a word each', async (t) => {
  const world = new World(
    ['hs-a', 'hs-b', 'hs-c'],
    [{ name: 'ucr', vip: '10.0.1.100', members: ['hs-a', 'hs-b', 'hs-c'], primary: 'hs-a' }],
  );
  world.oneNic.add('hs-c');
  world.stopped.add('hs-b');
  const runId = world.sweep();
  await world.run();
  t.deepEqual(world.sent(), ['apply hs-a']);
  t.is((await world.outcome(runId, 'hs-c'))?.paths[0]?.findings[0]?.code, 'NO_SECONDARY_NIC');
  t.is((await world.outcome(runId, 'hs-c'))?.result, 'blocked');
  t.is((await world.outcome(runId, 'hs-b'))?.paths[0]?.findings[0]?.code, 'VM_NOT_RUNNING');
  t.is((await world.outcome(runId, 'hs-b'))?.result, 'unknown');
});

test('a repeated signal is the same run', async (t) => {
  const world = articleWorld();
  const signal = world.signal('sweep', [{ kind: 'subscription', id: `/subscriptions/${SUBSCRIPTION}` }]);
  world.post(signal);
  world.post(signal);
  await world.run();
  world.post(signal);
  await world.run();
  t.is(world.executions.length, 2);
});

test('a bell with nothing open reads rows only', async (t) => {
  const world = articleWorld();
  world.bell();
  await world.run();
  t.is(world.topologyReads, 0);
  t.is(world.queue.length, 0);
});

test('a primary that moves without any event makes a run of its own, once', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  const mirror = world.mirrors.find((item) => item.name === 'pi');
  if (mirror) mirror.primary = 'hs-b';
  world.now += 60_000;
  world.bell();
  await world.run();
  t.deepEqual(world.sent().slice(2), ['apply hs-a', 'apply hs-b']);
  world.now += 60_000;
  world.bell();
  await world.run();
  t.is(world.executions.length, 4);
});

test('409 is waited for, never a failure; 403 names the missing action', async (t) => {
  const world = articleWorld();
  world.sendFaults.set('hs-b', [refusal(409), refusal(409)]);
  const runId = world.sweep();
  await world.run();
  t.is((await world.outcome(runId, 'hs-b'))?.result, 'repaired');
  const denied = articleWorld();
  denied.sendFaults.set('hs-b', [refusal(403)]);
  const second = denied.sweep();
  await denied.run();
  const outcome = await denied.outcome(second, 'hs-b');
  t.is(outcome?.result, 'failed');
  t.like(outcome?.findings[0], {
    code: 'ACCESS_DENIED',
    params: { action: 'Microsoft.Compute/virtualMachines/runCommands/write' },
  });
});

test('429 obeys Retry-After', async (t) => {
  const world = articleWorld();
  world.sendFaults.set('hs-b', [refusal(429, 45)]);
  world.sweep();
  const begin = world.now;
  await world.run();
  const late = world.executions.find((item) => item.vm === 'hs-b');
  t.true((late?.startedAt ?? 0) - begin >= 45_000);
  t.true((world.executions[0]?.startedAt ?? 0) - begin < 45_000, 'the other member does not wait for that');
});

test('a command without a report fails with its reason', async (t) => {
  const world = articleWorld();
  world.guests.set('hs-b', 'silent');
  const runId = world.sweep();
  await world.run();
  const outcome = await world.outcome(runId, 'hs-b');
  t.is(outcome?.result, 'failed');
  t.like(outcome?.findings[0], { code: 'COMMAND_FAILED', params: { code: 'REPORT_MISSING' } });
  t.regex(outcome?.findings[0]?.params.detail ?? '', /Failed, exit code 137/);
});

test('a script that PowerShell refused fails with what refused it, and does not halt the other member', async (t) => {
  const world = articleWorld();
  world.guests.set('hs-b', 'refusing');
  const runId = world.sweep();
  await world.run();
  const outcome = await world.outcome(runId, 'hs-b');
  t.is(outcome?.result, 'failed');
  t.like(outcome?.findings[0], { code: 'SCRIPTS_FORBIDDEN', params: { id: 'UnauthorizedAccess' } });
  t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
});

test('a command that never ends is cancelled, told, and the next one takes the other name', async (t) => {
  const world = articleWorld();
  world.commandMs = 10 * 3_600_000;
  const runId = world.manual('apply', 'hs-a');
  await world.run();
  const outcome = await world.outcome(runId, 'hs-a');
  t.is(outcome?.result, 'failed');
  t.is(outcome?.findings[0]?.params.code, 'COMMAND_TIMED_OUT');
  world.commandMs = 20_000;
  world.manual('apply', 'hs-a');
  await world.run();
  t.deepEqual(
    world.executions.map((item) => item.slot),
    ['A', 'B'],
  );
});

test('the end of the execution before, which Azure shows for a while, is not the new one’s, silent as it was', async (t) => {
  const world = articleWorld();
  world.guests.set('hs-a', 'silent');
  world.manual('apply', 'hs-a');
  await world.run();
  world.guests.set('hs-a', 'wrong');
  const { look } = world;
  const stale = look.call(world, vmId('hs-a'), 'A');
  let shown = 0;
  world.look = (...given) => {
    const view = look.apply(world, given);
    const isNew = view?.commandId !== undefined && view.commandId !== stale?.commandId;
    return stale && isNew && shown++ < 2 ? { ...stale, commandId: view.commandId ?? '' } : view;
  };
  const runId = world.manual('apply', 'hs-a');
  await world.run();
  t.true(shown >= 2);
  t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
});

test('a command that runs in a VM whose row is gone is waited for, not overtaken', async (t) => {
  const first = articleWorld();
  first.manual('apply', 'hs-a');
  await first.run(5000);
  // The same guests, and tables that were made anew.
  const world = articleWorld();
  world.executions.push(...first.executions);
  world.now = first.now;
  const runId = world.manual('apply', 'hs-a');
  await world.run(5000);
  t.is((await world.vmRow('hs-a'))?.command?.phase, 'intended');
  await world.run();
  t.deepEqual(world.overlaps, []);
  t.is((await world.outcome(runId, 'hs-a'))?.state, 'settled');
  t.deepEqual(world.sent(), ['apply hs-a', 'apply hs-a']);
});

test('a PUT that got lost is made again, equal, and runs once', async (t) => {
  const world = articleWorld();
  world.sendFaults.set('hs-a', [refusal(0), refusal(503)]);
  const runId = world.manual('apply', 'hs-a');
  await world.run();
  t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
  t.is(world.executions.length, 1);
});

test('the estate that cannot be read leaves its reason on the run and fails it after the budget', async (t) => {
  const world = articleWorld();
  world.topologyFault = refusal(403);
  const runId = world.sweep();
  await world.run();
  t.like(await world.runRow(runId), { state: 'failed', reason: { code: 'AZURE_DENIED' } });
});

test('N commands at a time', async (t) => {
  const vms = Array.from({ length: 12 }, (_, i) => `vm${i}`);
  const mirrors = Array.from({ length: 6 }, (_, i) => ({
    name: `m${i}`,
    vip: `10.0.1.${200 + i}`,
    members: [`vm${2 * i}`, `vm${2 * i + 1}`],
    primary: `vm${2 * i}`,
  }));
  const world = new World(vms, mirrors, { maxCommands: 3 });
  const runId = world.sweep();
  await world.run();
  t.is(world.mostAtOnce, 3);
  t.is((await world.runRow(runId)).counts.repaired, 12);
  t.deepEqual(world.overlaps, []);
});

test('bells do not multiply: many signals leave one bell at a time on the queue', async (t) => {
  const world = articleWorld();
  for (let i = 0; i < 20; i += 1) world.manual('check', i % 2 === 0 ? 'hs-a' : 'hs-b');
  await world.run(60_000);
  t.true(world.queue.length <= 2, `${world.queue.length} bells`);
  await world.run();
  t.is(world.queue.length, 0);
});

test('an unconfirmed failover of a VM that is no member ends with a word', async (t) => {
  const world = articleWorld();
  const runId = world.post(world.signal('failover', [{ kind: 'vm', id: vmId('elsewhere') }]));
  await world.run();
  t.is((await world.runRow(runId)).state, 'settled');
  t.is((await world.outcome(runId, 'elsewhere'))?.findings[0]?.code, 'VM_NOT_FOUND');
});

/** Somebody else takes the lease, for so many milliseconds from now. */
const holdLease = ({ store, now }: World, holder: string, ms: number) =>
  store.leases.put('lease', SUBSCRIPTION, {
    subscriptionId: SUBSCRIPTION,
    holder,
    until: now + ms,
    again: false,
    bellAt: 0,
    healthAsks: [],
    tidyAt: 0,
  });

test('a message while the lease is held asks for another look', async (t) => {
  const world = articleWorld();
  await holdLease(world, 'other', 60_000);
  await world.handle(bellMessage(SUBSCRIPTION));
  t.true((await world.store.leases.get('lease', SUBSCRIPTION))?.row.again);
  world.now += 61_000;
  world.sweep();
  await world.run();
  t.is(world.executions.length, 2, 'a lease that ran out is taken over');
});

test('a lease that a dead loop took before the clock was set back is nobody’s', async (t) => {
  const world = articleWorld();
  await holdLease(world, 'dead', 660_000);
  const runId = world.sweep();
  await world.run(1000);
  t.is((await world.runRow(runId)).state, 'running');
});

test('a signal that comes while another loop is at work is taken up as soon as that one ends', async (t) => {
  const world = articleWorld();
  const signal = world.signal('manual', [{ kind: 'vm', id: vmId('hs-a') }]);
  const { frontends } = world.store;
  const list = frontends.list.bind(frontends);
  let came = false;
  frontends.list = async (...given) => {
    // The runs were read by then, and this one was not among them.
    if (!came) {
      came = true;
      await world.handle(signalMessage(signal));
    }
    return list(...given);
  };
  world.bell();
  await world.run(0);
  t.true(came);
  t.not((await world.runRow(signal.runId)).state, 'accepted');
});

test('a VM that started is looked at, once its agent answers', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  world.guests.set('hs-b', 'wrong');
  world.agents.set('hs-b', { status: 'Not Ready', version: '2.11.1.4' });
  const runId = world.post(world.signal('resourceChange', [{ kind: 'vm', id: vmId('hs-b') }]));
  await world.run(120_000);
  t.is(world.executions.length, 2);
  t.is((await world.outcome(runId, 'hs-b'))?.waitingFor, 'AGENT_NOT_READY');
  world.agents.delete('hs-b');
  await world.run();
  t.is((await world.outcome(runId, 'hs-b'))?.result, 'repaired');
});

test('an agent that never answers ends the wait; a sweep does not wait at all', async (t) => {
  const world = articleWorld();
  world.agents.set('hs-b', {});
  const change = world.post(world.signal('resourceChange', [{ kind: 'vm', id: vmId('hs-b') }]));
  await world.run();
  t.is((await world.outcome(change, 'hs-b'))?.result, 'unknown');
  const sweep = world.sweep();
  await world.run();
  const outcome = await world.outcome(sweep, 'hs-b');
  t.is(outcome?.result, 'unknown');
  t.like(outcome?.paths[0]?.findings[0], { code: 'AGENT_NOT_READY', params: { status: 'silent' } });
  t.is((await world.outcome(sweep, 'hs-a'))?.result, 'repaired', 'the others go on');
});

test('an agent too old for managed commands is told', async (t) => {
  const world = articleWorld();
  world.agents.set('hs-b', { status: 'Ready', version: '2.2.49.2' });
  const runId = world.sweep();
  await world.run();
  t.false(world.sent().includes('apply hs-b'));
  t.is((await world.outcome(runId, 'hs-b'))?.result, 'blocked');
  t.is((await world.outcome(runId, 'hs-b'))?.findings[0]?.code, 'AGENT_TOO_OLD');
});

test('a NIC that is gone is told of by the plans that changed, though it names no VM any more', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  world.oneNic.add('hs-b');
  const runId = world.post(
    world.signal('resourceChange', [
      { kind: 'nic', id: vmId('x').replace('Compute/virtualMachines/x', 'Network/networkInterfaces/hs-b-1') },
    ]),
  );
  await world.run();
  t.is(world.executions.length, 2);
  t.is((await world.outcome(runId, 'hs-b'))?.paths[0]?.findings[0]?.code, 'NO_SECONDARY_NIC');
  t.is(await world.outcome(runId, 'hs-a'), undefined);
});

test('a lost plan is told once, not in every later run', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  world.oneNic.add('hs-b');
  const nic = {
    kind: 'nic' as const,
    id: vmId('x').replace('Compute/virtualMachines/x', 'Network/networkInterfaces/hs-b-1'),
  };
  world.post(world.signal('resourceChange', [nic]));
  await world.run();
  const later = world.post(world.signal('resourceChange', [{ kind: 'vm', id: vmId('web-7') }]));
  await world.run();
  t.is(await world.outcome(later, 'hs-b'), undefined);
});

test('a store that fails is left to the host: no bell besides', async (t) => {
  const world = articleWorld();
  world.sweep();
  const list = world.store.vms.list;
  world.store.vms.list = async () => {
    throw new StateError('STATE_VERSION_UNKNOWN', 'a row of a later program');
  };
  const message = world.queue.splice(0)[0]?.message;
  if (message) await t.throwsAsync(world.handle(message), { instanceOf: StateError });
  t.is(world.queue.length, 0);
  world.store.vms.list = list;
  world.bell();
  await world.run();
  t.is(world.executions.length, 2, 'nothing was lost');
});

test('a load balancer write that changes no plan sends nothing', async (t) => {
  const world = articleWorld();
  world.sweep();
  await world.run();
  const runId = world.post(
    world.signal('resourceChange', [
      { kind: 'loadBalancer', id: vmId('x').replace('Compute/virtualMachines/x', 'Network/loadBalancers/LB') },
    ]),
  );
  await world.run();
  t.is(world.executions.length, 2);
  t.like((await world.runRow(runId)).counts, { vms: 2, compliant: 2 });
});

test('a change of a VM that is no member is a run without a word', async (t) => {
  const world = articleWorld();
  const runId = world.post(world.signal('resourceChange', [{ kind: 'vm', id: vmId('web-7') }]));
  await world.run();
  t.like(await world.runRow(runId), { state: 'settled', counts: { vms: 0 } });
  t.is(await world.outcome(runId, 'web-7'), undefined);
});

test('a dry run touches no guest and keeps the plan', async (t) => {
  const world = articleWorld();
  const runId = world.manual('apply', 'hs-a', { dryRun: true });
  await world.run();
  t.is(world.executions.length, 0);
  const outcome = await world.outcome(runId, 'hs-a');
  t.is(outcome?.result, 'planned');
  t.deepEqual(
    outcome?.planned?.plan.frontends.map((item) => [item.vip, item.port, item.backends[0]?.ip, item.via.ip]),
    [
      ['10.0.1.100', 1972, '10.0.1.10', '10.0.1.11'],
      ['10.0.1.101', 1972, '10.0.1.10', '10.0.1.11'],
    ],
  );
});

test('two manual modes on one VM: the latest wins, the other is superseded', async (t) => {
  const world = articleWorld();
  const apply = world.manual('apply', 'hs-a');
  world.now += 10;
  const check = world.manual('check', 'hs-a');
  // Both are accepted before a loop runs.
  for (const { message } of world.queue.splice(0)) {
    if (message.kind === 'signal') await world.store.runs.put(SUBSCRIPTION, message.runId, acceptedRun(message));
  }
  world.bell();
  await world.run();
  t.deepEqual(world.sent(), ['check hs-a']);
  t.is((await world.outcome(apply, 'hs-a'))?.result, 'superseded');
  t.is((await world.outcome(check, 'hs-a'))?.result, 'repairable');
});

test('signals that meet on a VM share one command', async (t) => {
  const world = articleWorld();
  const vm: ScopeItem = { kind: 'vm', id: vmId('hs-a') };
  const nics = [0, 1].map((n): ScopeItem => ({ kind: 'nic', id: nicId(`hs-a-${n}`) }));
  const scopes = [[vm], ...nics.map((nic) => [nic]), ...nics.map((nic) => [vm, nic])];
  const runs = scopes.map((scope) => world.post(world.signal('resourceChange', scope)));
  for (const { message } of world.queue.splice(0)) {
    if (message.kind === 'signal') await world.store.runs.put(SUBSCRIPTION, message.runId, acceptedRun(message));
  }
  world.bell();
  await world.run();
  t.is(world.executions.length, 1);
  for (const runId of runs) t.is((await world.outcome(runId, 'hs-a'))?.result, 'repaired');
});

test('what the lists say that is not understood is told with each run, not with each reading', async (t) => {
  const world = articleWorld();
  const { topology } = world;
  world.topology = () => ({ ...topology.call(world), notes: [{ id: vmId('hs-z'), text: 'power is odd' }] });
  world.sweep();
  await world.run();
  t.true(world.topologyReads > 3);
  t.is(world.log.filter(({ step }) => step === 'topology-note').length, 1);
});
