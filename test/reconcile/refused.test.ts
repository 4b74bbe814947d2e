/**
 * What Azure refuses for good, or altogether: told at once in Azure's words, and not asked for again and again.
 * Long: one table of cases about one thing.
 */
import test from 'ava';
import { AzureError } from '../../shared/errors.ts';
import { findingText } from '../../shared/model/findings.ts';
import type { CommandToSend } from '../../shared/model/ports.ts';
import type { LoopPorts } from '../../shared/reconcile/loop.ts';
import { articleWorld, vmId, type World } from '../helpers/world.ts';

const PUT = 'Microsoft.Compute/virtualMachines/runCommands/write';
const answer = (status: number, azureCode: string, message: string, action = PUT): AzureError =>
  new AzureError({ status, azureCode, action, message });

/** Lets every PUT to a VM be answered so; counts them. */
function refusing(world: World, vm: string, error: () => AzureError | undefined): { puts: number } {
  const { send } = world;
  const counted = { puts: 0 };
  world.send = (command: CommandToSend) => {
    if (command.vmId === vmId(vm)) {
      counted.puts += 1;
      const refused = error();
      if (refused) throw refused;
    }
    send.call(world, command);
  };
  return counted;
}

const final: [string, AzureError, string, RegExp][] = [
  [
    'a VM that allows no extensions',
    answer(409, 'OperationNotAllowed', 'This operation cannot be performed when extension operations are disallowed.'),
    'AZURE_REFUSES',
    /OperationNotAllowed: This operation cannot .*disallowed\)\. .*allowExtensionOperations of the VM to true/,
  ],
  [
    'a lock',
    answer(409, 'ScopeLocked', 'following scope(s) are locked: rg'),
    'AZURE_REFUSES',
    /ScopeLocked: following scope.* remove the lock/,
  ],
  [
    'a policy',
    answer(403, 'RequestDisallowedByPolicy', 'Resource was disallowed by policy no-run.'),
    'AZURE_REFUSES',
    /disallowed by policy no-run\)\. An Azure Policy forbids it; no role helps/,
  ],
];
for (const [what, error, code, says] of final) {
  test(`${what}: one PUT, Azure’s words and the remedy; sweeps leave it alone, a person does not`, async (t) => {
    const world = articleWorld();
    let stands = true;
    const counted = refusing(world, 'hs-a', () => (stands ? error : undefined));
    const first = world.sweep();
    await world.run();
    const outcome = await world.outcome(first, 'hs-a');
    t.is(outcome?.result, 'failed');
    t.is(outcome?.findings[0]?.code, code as never);
    t.regex(outcome?.findings[0] ? findingText(outcome.findings[0]) : '', says);
    t.is(counted.puts, 1);
    t.is((await world.outcome(first, 'hs-b'))?.result, 'repaired', 'the other member is served');

    for (let hour = 0; hour < 5; hour += 1) {
      const runId = world.sweep();
      await world.run();
      t.like(await world.outcome(runId, 'hs-a'), { result: 'blocked', findings: [{ code }] });
      t.is((await world.runRow(runId)).state, 'settled');
    }
    t.is(counted.puts, 1, 'no sweep begins it again');
    world.manual('apply', 'hs-a');
    await world.run();
    t.is(counted.puts, 2, 'a person’s run does');
    stands = false;
    const mended = world.manual('apply', 'hs-a');
    await world.run();
    t.is((await world.outcome(mended, 'hs-a'))?.result, 'repaired');
    const sweep = world.sweep();
    await world.run();
    t.is(await world.outcome(sweep, 'hs-a'), undefined, 'and then it is as good as any');
  });
}

test('a refusal that nobody looked after is tried by a sweep once a day', async (t) => {
  const world = articleWorld();
  const counted = refusing(world, 'hs-a', () => answer(409, 'ScopeLocked', 'locked'));
  for (let hour = 0; hour < 49; hour += 1) {
    world.sweep();
    await world.run(3_600_000);
    world.now += 3_600_000;
  }
  t.true(counted.puts >= 2 && counted.puts <= 3, String(counted.puts));
});

test('a role that has not spread yet is waited for; one that is missing ends after two tries', async (t) => {
  const denied = answer(403, 'AuthorizationFailed', 'does not have authorization to perform action');
  const young = articleWorld();
  let left = 1;
  refusing(young, 'hs-a', () => (left-- > 0 ? denied : undefined));
  const runId = young.sweep();
  await young.run(60_000);
  t.like(await young.outcome(runId, 'hs-a'), { state: 'waiting', waitingFor: 'RIGHT_MISSING' });
  await young.run();
  t.is((await young.outcome(runId, 'hs-a'))?.result, 'repaired');

  const missing = articleWorld();
  const counted = refusing(missing, 'hs-a', () => denied);
  const second = missing.sweep();
  await missing.run();
  t.like(await missing.outcome(second, 'hs-a'), { result: 'failed', findings: [{ code: 'ACCESS_DENIED' }] });
  t.is(counted.puts, 2);
});

test('a run that was open for too long says what Azure answered last', async (t) => {
  const world = articleWorld();
  refusing(world, 'hs-a', () => answer(409, 'Conflict', 'Run command extension execution is in progress.'));
  const runId = world.manual('apply', 'hs-a');
  await world.run(3 * 3_600_000);
  const [finding] = (await world.outcome(runId, 'hs-a'))?.findings ?? [];
  t.is(finding?.params.code, 'RUN_EXPIRED');
  t.regex(finding?.params.detail ?? '', /waited for AZURE_CONFLICT; .*Run command extension execution is in progress/);
});

/** A world with ports that are changed. */
function withPorts(world: World, change: (ports: LoopPorts) => void): World {
  const { ports } = world;
  world.ports = () => {
    const made = ports.call(world);
    change(made);
    return made;
  };
  return world;
}

test('health that is refused is told as that, at once, and is not the mirror’s fault', async (t) => {
  const action = 'Microsoft.Network/loadBalancers/loadBalancingRules/health/action';
  const world = withPorts(articleWorld(), (ports) => {
    ports.health = {
      read: () => Promise.reject(answer(403, 'AuthorizationFailed', 'does not have authorization', action)),
    };
  });
  const runId = world.failover('ucr', 'hs-b');
  const from = world.now;
  await world.run();
  const { confirmation, state } = await world.runRow(runId);
  t.is(state, 'settled');
  t.true((confirmation?.at ?? Number.NaN) - from < 10_000);
  const outcome = await world.outcome(runId, 'hs-b');
  const all = [...(outcome?.findings ?? []), ...(outcome?.paths.flatMap((path) => path.findings) ?? [])];
  t.deepEqual([...new Set(all.map(({ code }) => code))], ['HEALTH_REFUSED']);
  t.regex(findingText(all[0] as never), /does not have authorization.*loadBalancingRules\/health\/action/s);
  const lines = world.log.filter(({ step }) => step === 'azure-refuses');
  t.is(lines.length, 1);
  t.like(lines[0], { level: 'error', fields: { action } });
});

for (const [what, error] of [
  ['lists that are refused', answer(403, 'AuthorizationFailed', 'The client has no right.', 'nics/read')],
  ['no token', answer(401, 'CredentialUnavailableError', 'ManagedIdentityCredential failed', 'vms/read')],
] as const) {
  test(`${what}: one error line at the change and every ten minutes, with and without runs`, async (t) => {
    const world = articleWorld();
    world.topologyFault = error;
    const from = world.now;
    const runId = world.sweep();
    // The run fails after ten minutes; the minute's bell goes on.
    for (let minute = 0; minute < 45; minute += 1) {
      await world.run(0);
      world.now = from + minute * 60_000;
      world.bell();
      await world.run(59_000);
    }
    t.is((await world.runRow(runId)).state, 'failed');
    const told = world.log.filter(({ step }) => step === 'azure-refuses');
    t.true(told.length >= 4 && told.length <= 5, String(told.length));
    for (const { level, fields } of told) {
      t.is(level, 'error');
      t.like(fields, { code: 'AZURE_DENIED', azureCode: error.azureCode, action: error.action, text: error.said });
      t.truthy(fields.nextStep);
    }
    world.topologyFault = undefined;
    const later = world.now + 11 * 60_000;
    while (world.now < later) {
      world.now += 60_000;
      world.bell();
      await world.run(0);
    }
    t.is(world.log.filter(({ step }) => step === 'azure-answers').length, 1, 'and that it is over');
  });
}

/** hs-b's command runs for ever, and Azure takes each DELETE without effect. */
function stuck(): { world: World; end: () => void; deletes: () => number } {
  const world = articleWorld();
  const { look } = world;
  let stands = true;
  let deletes = 0;
  world.look = (vm, slot) => {
    const view = look.call(world, vm, slot);
    return view && stands && vm === vmId('hs-b') ? { ...view, state: 'Running', output: '' } : view;
  };
  world.cancel = () => {
    deletes += 1;
  };
  const end = () => {
    stands = false;
  };
  return { world, end, deletes: () => deletes };
}

test('a command that never ends is told of its own VM; the other member is unknown, and says where to go', async (t) => {
  const { world, deletes } = stuck();
  const from = world.now;
  const runId = world.sweep();
  await world.run();
  const run = await world.runRow(runId);
  t.is(run.state, 'settled');
  // The command's time, and as long again for its cancel.
  t.true((run.settledAt ?? Number.NaN) - from < 10 * 60_000, String((run.settledAt ?? 0) - from));
  const own = await world.outcome(runId, 'hs-b');
  t.is(own?.result, 'failed');
  t.is(own?.findings[0]?.params.code, 'COMMAND_STUCK');
  t.true(own?.findings[0]?.params.detail?.includes(`${vmId('hs-b')}/runCommands/ilbHairpinGuard-A`));
  const other = await world.outcome(runId, 'hs-a');
  t.like(other, { result: 'unknown', changed: 0 });
  t.is(other?.findings[0]?.code, 'MEMBER_STUCK');
  t.is(other?.findings[0]?.params.command, `${vmId('hs-b')}/runCommands/ilbHairpinGuard-A`);
  t.deepEqual(world.sent(), ['apply hs-b']);

  const before = { asked: world.asked.size, lines: world.log.length };
  for (let hour = 0; hour < 3; hour += 1) {
    world.now += 3_600_000;
    const next = world.sweep();
    await world.run(60_000);
    t.is((await world.runRow(next)).state, 'settled', 'at once');
    t.is((await world.outcome(next, 'hs-a'))?.findings[0]?.code, 'MEMBER_STUCK');
    t.is((await world.outcome(next, 'hs-b'))?.findings[0]?.params.code, 'COMMAND_STUCK');
  }
  t.is(world.asked.size, before.asked, 'nothing is sent');
  t.true(deletes() <= 5, 'nor deleted for ever');
});

test('while nothing is open, a command that never ends is looked at by the minute’s bell alone', async (t) => {
  const { world } = stuck();
  world.sweep();
  await world.run();
  t.deepEqual(world.queue, []);
});

test('a person’s run lets a command that never ends be cancelled once more, and ends all the same', async (t) => {
  const { world, end, deletes } = stuck();
  world.sweep();
  await world.run();
  world.now += 3_600_000;
  const before = deletes();
  const again = world.manual('apply', 'hs-b');
  await world.run(30 * 60_000);
  t.true(deletes() > before);
  t.is((await world.outcome(again, 'hs-b'))?.findings[0]?.params.code, 'COMMAND_STUCK');
  end();
  world.now += 3_600_000;
  world.bell();
  await world.run(60_000);
  t.is((await world.vmRow('hs-b'))?.command, undefined);
  const mended = world.manual('apply', 'hs-b');
  await world.run();
  t.is((await world.outcome(mended, 'hs-b'))?.state, 'settled');
  t.is(world.executions.filter(({ vm }) => vm === 'hs-b').length, 2);
  const sweep = world.sweep();
  await world.run();
  t.is((await world.outcome(sweep, 'hs-a'))?.result, 'repaired');
});
