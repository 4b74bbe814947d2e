import test from 'ava';
import { createGuestCommands, mapCommand } from '../../shared/azure/runCommand.ts';
import { AzureError, InputError } from '../../shared/errors.ts';
import { commandIdIn } from '../../shared/model/commandId.ts';
import type { CommandToSend, CommandView } from '../../shared/model/ports.ts';
import { appRoles } from '../../simulator/arm/appRoles.ts';
import { authorizeBy } from '../../simulator/arm/roles.ts';
import { articleEstate } from '../../simulator/estate/articleEstate.ts';
import type { Estate } from '../../simulator/estate/estate.ts';
import { vmId } from '../../simulator/estate/ids.ts';
import { until } from '../../simulator/until.ts';
import { sample } from '../samples.ts';
import { result } from '../simulator/arm/fakeLab.ts';
import { withArm } from '../simulator/arm/withArm.ts';

const ID_1 = '1'.repeat(32);
const ID_2 = '2'.repeat(32);
const script = (commandId: string): string => `#!/bin/bash\n# ilb-hairpin-guard command ${commandId}\necho hello\n`;
const commandOf = (estate: Estate, commandId: string, vm = 'hs-a'): CommandToSend => ({
  vmId: vmId(estate, vm),
  location: estate.location,
  os: 'linux',
  slot: 'A',
  script: script(commandId),
  timeoutSeconds: 90,
  tags: { owner: 'ilb' },
});
const ended = (view: CommandView | undefined): CommandView | undefined =>
  view && ['Succeeded', 'Failed', 'TimedOut'].includes(view.state) ? view : undefined;

test('a command that was sent runs, its end is seen, and a cancel takes it away', async (t) => {
  const { clients, estate, lab } = await withArm(t);
  lab.answer = () => result('hello\n');
  const commands = createGuestCommands(clients);
  const command = commandOf(estate, ID_1);
  t.is(await commands.look(command.vmId, 'A'), undefined);
  await commands.send(command);
  const view = await until('the end of the command', async () => ended(await commands.look(command.vmId, 'A')));
  t.like(view, {
    slot: 'A',
    commandId: ID_1,
    state: 'Succeeded',
    exitCode: 0,
    output: 'hello\n',
    provisioningState: 'Succeeded',
  });
  t.deepEqual(lab.ran, [{ vm: 'hs-a', script: command.script, timeoutSeconds: 90 }]);
  await commands.cancel(command.vmId, 'A');
  await until('no command', async () => (await commands.look(command.vmId, 'A')) === undefined);
  await commands.cancel(command.vmId, 'A');
  t.pass('cancelling what is gone is no error');
});

test('send does not wait for the guest, and the tags arrive', async (t) => {
  const { arm, clients, estate } = await withArm(t, { commandMs: 60_000 });
  const commands = createGuestCommands(clients);
  const command = commandOf(estate, ID_1);
  await commands.send(command);
  t.deepEqual(
    arm.calls.map((call) => [call.method, call.status]),
    [['PUT', 201]],
  );
  t.like(await commands.look(command.vmId, 'A'), { state: 'Pending', commandId: ID_1, provisioningState: 'Creating' });
  const compute = await clients.compute(estate.subscriptionId);
  const held = await compute.virtualMachineRunCommands.getByVirtualMachine(
    estate.resourceGroup,
    'hs-a',
    'ilbHairpinGuard-A',
  );
  t.deepEqual(held.tags, { owner: 'ilb' });
});

test('a repeated send does not run again, and one whose answer was lost has run once', async (t) => {
  const { arm, clients, estate, lab } = await withArm(t);
  const commands = createGuestCommands(clients);
  arm.fault({ match: { call: 'putRunCommand' }, kind: { drop: 'after' } });
  await commands.send(commandOf(estate, ID_1));
  await commands.send(commandOf(estate, ID_1));
  await until('the end of the command', async () => ended(await commands.look(vmId(estate, 'hs-a'), 'A')));
  await commands.send(commandOf(estate, ID_1));
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.is(lab.ran.length, 1);
  t.is(arm.calls.filter((call) => call.method === 'PUT').length, 4);
  await commands.send(commandOf(estate, ID_2));
  await until('a second script', () => lab.ran.length === 2);
});

test('the previous execution’s view stands until the new one reports', async (t) => {
  const { arm, clients, estate, lab } = await withArm(t);
  const commands = createGuestCommands(clients);
  lab.answer = ({ script: text }) => result(`of ${commandIdIn(text)}\n`);
  await commands.send(commandOf(estate, ID_1));
  const first = await until('the end of the command', async () =>
    ended(await commands.look(vmId(estate, 'hs-a'), 'A')),
  );
  arm.fault({ match: { call: 'putRunCommand' }, kind: { staleMs: 5000 } }); // its report is on the way for so long
  await commands.send(commandOf(estate, ID_2));
  const stale = await commands.look(vmId(estate, 'hs-a'), 'A');
  t.like(stale, { commandId: ID_2, state: 'Succeeded', output: `of ${ID_1}\n`, startTime: first.startTime });
  const second = await until('the end of the second command', async () => {
    const view = await commands.look(vmId(estate, 'hs-a'), 'A');
    return view?.startTime !== first.startTime && ended(view);
  });
  t.is(second.output, `of ${ID_2}\n`);
});

test('refusals are thrown as they are', async (t) => {
  // A role on a single VM would end with the VM, and Azure would refuse before it says that there is none.
  const authorize = authorizeBy(appRoles([articleEstate()], { repairOn: 'group' }));
  const { arm, clients, estate } = await withArm(t, { authorize });
  const commands = createGuestCommands(clients);
  const refused = async () => {
    const error = await t.throwsAsync(commands.send(commandOf(estate, ID_1)), { instanceOf: AzureError });
    return [error.status, error.azureCode];
  };
  const release = arm.occupy('hs-a');
  t.deepEqual(await refused(), [409, 'Conflict']);
  release();
  await arm.changes.setPower('hs-a', 'stopped');
  t.deepEqual(await refused(), [409, 'OperationNotAllowed']);
  await arm.changes.setPower('hs-a', 'running');
  await commands.send(commandOf(estate, ID_1));
  arm.lock(`/subscriptions/${estate.subscriptionId}/resourceGroups/${estate.resourceGroup}`);
  const locked = await t.throwsAsync(commands.cancel(vmId(estate, 'hs-a'), 'A'), { instanceOf: AzureError });
  t.is(locked.azureCode, 'ScopeLocked');
  await t.throwsAsync(commands.send(commandOf(estate, ID_1, 'gone')), { message: /was not found/ });
  await t.throwsAsync(commands.look('/subscriptions/none', 'A'), { instanceOf: InputError });
});

test('the documentation’s example of an instance view', (t) => {
  const { get, expand_instanceView } = sample('runcommand_v2_get');
  t.deepEqual(mapCommand('B', { ...get, properties: { ...get.properties, ...expand_instanceView.properties } }), {
    slot: 'B',
    state: 'Succeeded',
    provisioningState: 'Succeeded',
    exitCode: 0,
    output: 'last 4 KB of stdout',
    error: 'last 4 KB of stderr',
    message: '',
    startTime: '2024-01-01T00:00:00.000Z',
  });
});

test('every state of the documentation is known, others are Unknown', (t) => {
  const stateOf = (executionState?: string) =>
    mapCommand('A', { properties: { instanceView: { executionState } } }).state;
  for (const state of sample('runcommand_v2_get').executionState_values) t.is(stateOf(state), state);
  t.is(stateOf('Paused'), 'Unknown');
  t.is(stateOf(), 'Unknown');
});

test('a view without times, and one whose time is none', (t) => {
  t.is(mapCommand('A', { properties: { instanceView: {} } }).startTime, undefined);
  t.is(mapCommand('A', { properties: { instanceView: { startTime: 'never' } } }).startTime, undefined);
  t.like(mapCommand('A', { location: 'x' }), {
    output: '',
    error: '',
    message: '',
    state: 'Unknown',
    provisioningState: '',
  });
});
