/** The named cost is told where it would be felt; what works before and after is in the lab's cases. */
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { labOf } from '../../simulator/guests/labOf.ts';
import { END, guard, NICS, planOf, STANDS, shell, until } from './guests.ts';

const kernelTest = testNeeding(KERNEL);
const freshLab = labOf(startKernelLab);

kernelTest('the named cost is warned of where such a connection stands', async (t) => {
  const lab = await freshLab();
  const quiet = await guard(lab, 'vm-a', 'check', planOf('vm-a'));
  t.false(quiet.report.warnings.includes('bound-sockets'));
  const { backend, via } = NICS['vm-a'];
  // The server keeps the connection open until the client closes it.
  const standing = lab.exec('vm-a', [
    process.execPath,
    '-e',
    `require('net').connect({ host: '${via.ip}', port: 1972, localAddress: '${backend.ip}' }); ${STANDS}`,
  ]);
  const stands = `ss -Htn state established src ${backend.ip} and dst ${via.ip}`;
  await until('the connection', async () => (await shell(lab, 'vm-a', stands)) !== '');
  const loud = await guard(lab, 'vm-a', 'check', planOf('vm-a'));
  t.true(loud.report.warnings.includes('bound-sockets'));
  await shell(lab, 'vm-a', `touch ${END}`);
  await standing;
});
