/** The script that a person runs by hand, and the commands that undo it, on a real network stack. */
import { idKey } from '../../shared/model/ids.ts';
import { scriptFor } from '../../shared/views/script.ts';
import { startKernelLab } from '../../simulator/guests/kernel/lab.ts';
import { connectTo, filesOf, PI, put, shell, snapshot, UCR } from '../guest/linux/guests.ts';
import { estate, ilb, observedOf, SCOPE, vm, vmId } from '../helpers/estate.ts';
import { KERNEL, testNeeding } from '../needs.ts';
import { labOf } from '../simulator/guests/labOf.ts';

const kernelTest = testNeeding(KERNEL);
const freshLab = labOf(startKernelLab);

/** The lab's vm-a as Azure lists it, with the MACs that it has there. */
const topology = estate(
  vm('vm-a', { 'a-pool': '10.0.1.10', 'a-via': '10.0.1.11' }),
  ilb('ucr', UCR, ['a-pool']),
  ilb('pi', PI, ['a-pool'], { rules: [{ backendPort: 51773 }] }),
);
for (const [index, nic] of topology.nics.entries()) nic.mac = `00:0d:3a:00:0a:0${index + 1}`;

kernelTest('run by hand it works, and three commands later the machine is as it was', async (t) => {
  const lab = await freshLab();
  const before = await snapshot(lab, 'vm-a');
  const made = scriptFor(observedOf(topology), SCOPE, idKey(vmId('vm-a')));
  if ('refused' in made) throw new Error(made.refused.join());
  t.is((await connectTo(lab, 'vm-a', UCR)).outcome, 'timeout');

  const inGuest = (command: string) => `cd /tmp && ${command.replaceAll('sudo ', '')}`;
  await put(lab, 'vm-a', `/tmp/${made.file}`, made.script, '644');
  const report = await shell(lab, 'vm-a', inGuest(made.run));
  t.regex(report, /"os":"linux","mode":"apply"/);
  for (const vip of [UCR, PI]) t.is((await connectTo(lab, 'vm-a', vip)).outcome, 'ok');
  t.regex(
    await shell(lab, 'vm-a', inGuest(made.undo[1])),
    /lookup 720|table 720/,
    'the second command shows what is there',
  );

  await shell(lab, 'vm-a', inGuest(made.undo[0]));
  t.is(await snapshot(lab, 'vm-a'), before, 'byte for byte as it booted');
  t.notRegex(await shell(lab, 'vm-a', inGuest(made.undo[1])), /720|201/);
  await t.throwsAsync(shell(lab, 'vm-a', inGuest(made.undo[2])), { message: /No such file/ });
  t.notRegex(await filesOf(lab, 'vm-a'), /etc|usr/);
});
