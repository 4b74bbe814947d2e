/** ARM over real guests: what Run Command, rule health and power mean inside them. */
import test from 'ava';
import { createRuleHealthReader } from '../../../shared/azure/ruleHealth.ts';
import { createGuestCommands } from '../../../shared/azure/runCommand.ts';
import type { CommandToSend, CommandView } from '../../../shared/model/ports.ts';
import { type Arm, startArm } from '../../../simulator/arm/arm.ts';
import { articleEstate } from '../../../simulator/estate/articleEstate.ts';
import { ruleId, vmId } from '../../../simulator/estate/ids.ts';
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import type { PowerLab } from '../../../simulator/guests/lab.ts';
import { until } from '../../../simulator/until.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { clientsOf, trust } from './withArm.ts';

const kernelTest = testNeeding(KERNEL);
const ESTATE = articleEstate();

interface World {
  arm: Arm;
  lab: PowerLab;
}
let world: Promise<World> | undefined;
const start = async (): Promise<World> => {
  const lab = await startKernelLab({ estate: ESTATE });
  const arm = await startArm({ sites: [{ estate: ESTATE, lab }], commandMs: 50, healthMs: 10, powerMs: 10 });
  trust(arm.ca);
  return { arm, lab };
};
const theWorld = (): Promise<World> => {
  world ??= start();
  return world;
};
test.after.always(async () => {
  const { arm, lab } = (await world) ?? {};
  await arm?.close();
  await lab?.stop();
});

const commandOf = (vm: string, id: string, lines: string, timeoutSeconds = 30): CommandToSend => ({
  vmId: vmId(ESTATE, vm),
  location: ESTATE.location,
  os: 'linux',
  slot: 'A',
  script: `#!/bin/bash\n# ilb-hairpin-guard command ${id.repeat(32)}\n${lines}\n`,
  timeoutSeconds,
  tags: {},
});

/** Sends a command and waits for the end of its own execution. */
async function run(arm: Arm, command: CommandToSend): Promise<CommandView> {
  const commands = createGuestCommands(clientsOf(arm));
  const before = await commands.look(command.vmId, command.slot);
  await commands.send(command);
  return until('the end of the command', async () => {
    const view = await commands.look(command.vmId, command.slot);
    return view && ['Succeeded', 'Failed'].includes(view.state) && view.startTime !== before?.startTime && view;
  });
}

kernelTest('a command runs in the guest that it was sent to, and its end comes back', async (t) => {
  const { arm } = await theWorld();
  const addresses = (vm: string, id: string) =>
    run(arm, commandOf(vm, id, 'ip -4 -o addr show scope global | cut -d/ -f1 | grep -o "[0-9.]*$"'));
  t.is((await addresses('hs-a', '1')).output, '10.0.1.10\n10.0.1.11\n');
  t.is((await addresses('hs-c', '2')).output, '10.0.1.30\n');
  const failed = await run(arm, commandOf('hs-a', '3', 'echo out; echo err >&2; exit 3'));
  t.like(failed, { state: 'Failed', exitCode: 3, output: 'out\n', error: 'err\n' });
  const late = await run(arm, commandOf('hs-a', '4', 'echo begun; sleep 4242', 3));
  t.like(late, { state: 'Failed', exitCode: -1, output: 'begun\n' });
});

kernelTest('a delete ends the process in the guest', async (t) => {
  const { arm, lab } = await theWorld();
  const commands = createGuestCommands(clientsOf(arm));
  const command = commandOf('hs-b', '5', 'exec sleep 4242');
  const runs = async () => (await lab.exec('hs-b', ['pgrep', '-f', 'sleep 4242'])).exitCode === 0;
  await commands.send(command);
  await until('the script to run', runs);
  await commands.cancel(command.vmId, 'A');
  await until('the script to be gone', async () => !(await runs()));
  t.pass();
});

kernelTest('rule health is what the probes see, and a VM that is deallocated is down', async (t) => {
  const { arm, lab } = await theWorld();
  const reader = createRuleHealthReader(clientsOf(arm), { pollMs: 20 });
  const up = async () => {
    const backends = await reader.read(ruleId(ESTATE, 'healthshare-ilb', 'patient-index-superserver'));
    return (Array.isArray(backends) ? backends : []).filter((backend) => backend.up).map((backend) => backend.address);
  };
  const becomes = (addresses: string[]) =>
    until(`backends ${addresses} up`, async () => (await up()).join() === addresses.join());
  await becomes(['10.0.1.10']);
  await lab.setPrimary('patient-index', 'hs-b');
  await becomes(['10.0.1.20']);
  await arm.changes.setPower('hs-b', 'deallocated');
  await becomes([]);
  await arm.changes.setPower('hs-b', 'running');
  await lab.setPrimary('patient-index', 'hs-b');
  await becomes(['10.0.1.20']);
  t.pass();
});
