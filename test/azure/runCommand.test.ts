import test from 'ava';
import { createGuestCommands } from '../../shared/azure/runCommand.ts';
import type { CommandToSend, CommandView } from '../../shared/model/ports.ts';
import { vmId } from '../../simulator/estate/ids.ts';
import { result } from '../simulator/arm/fakeLab.ts';
import { until, withArm } from '../simulator/arm/withArm.ts';

const ID_1 = '1'.repeat(32);
const script = (commandId: string): string => `#!/bin/bash\n# ilb-hairpin-guard command ${commandId}\necho hello\n`;
const ended = (view: CommandView | undefined): CommandView | undefined =>
  view && ['Succeeded', 'Failed', 'TimedOut'].includes(view.state) ? view : undefined;

test('a command that was sent runs, and its end is seen', async (t) => {
  const { clients, estate, lab } = await withArm(t);
  lab.answer = () => result('hello\n');
  const commands = createGuestCommands(clients);
  const command: CommandToSend = {
    vmId: vmId(estate, 'hs-a'),
    location: estate.location,
    os: 'linux',
    slot: 'A',
    script: script(ID_1),
    timeoutSeconds: 90,
    tags: { owner: 'ilb' },
  };
  t.is(await commands.look(command.vmId, 'A'), undefined);
  await commands.send(command);
  const view = await until(async () => ended(await commands.look(command.vmId, 'A')));
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
  await until(async () => ((await commands.look(command.vmId, 'A')) === undefined ? true : undefined));
});
