/** Which connections work before and after: source bind x primary here or elsewhere x destination, as docs/facts have it. */
import test from 'ava';
import { connections } from '../../../lab/harm.ts';
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../../../simulator/guests/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { articleEstate } from '../../simulator/guests/estates.ts';
import { guard, NICS, planOf } from './guests.ts';

const kernelTest = testNeeding(KERNEL);
let lab: GuestLab | undefined;
const freshLab = async (): Promise<GuestLab> => {
  if (lab) await lab.reset();
  lab ??= await startKernelLab({ estate: articleEstate() });
  return lab;
};
test.after.always(() => lab?.stop());

const LOCAL = {
  'unbound to own backend': 'vm-a',
  'unbound to own via': 'vm-a',
  'unbound to loopback': 'vm-a',
  'backend to own via': 'vm-a',
  'via to own backend': 'vm-a',
  'unbound to other VM': 'vm-b',
  'backend to other VM': 'vm-b',
  'via to other VM': 'fails', // no source routing in the guest
  'other VM to own backend': 'vm-a',
  'other VM to own backend from its via': 'fails',
  'other VM to own via': 'fails',
  'other VM to VIP': 'vm-a',
};

kernelTest('on the primary: the VIP becomes reachable, and nothing but the named cost is lost', async (t) => {
  const lab = await freshLab();
  t.deepEqual(await connections(lab, 'vm-a', 'vm-b'), {
    'unbound to VIP': 'fails',
    'backend to VIP': 'fails',
    'via to VIP': 'fails',
    ...LOCAL,
  });
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  t.deepEqual(await connections(lab, 'vm-a', 'vm-b'), {
    'unbound to VIP': 'vm-a',
    'backend to VIP': 'fails', // not covered
    'via to VIP': 'vm-a',
    ...LOCAL,
    'backend to own via': 'fails', // the one known cost, both ways
    'via to own backend': 'fails',
  });
});

kernelTest('on a member while the primary is elsewhere: the same', async (t) => {
  const lab = await freshLab();
  const always = {
    'unbound to VIP': 'vm-a',
    'backend to VIP': 'vm-a',
    'unbound to own backend': 'vm-b',
    'unbound to own via': 'vm-b',
    'unbound to loopback': 'vm-b',
    'unbound to other VM': 'vm-a',
    'backend to other VM': 'vm-a',
    'via to other VM': 'fails',
    'other VM to own backend': 'vm-b',
    'other VM to own backend from its via': 'fails',
    'other VM to own via': 'fails',
    'other VM to VIP': 'fails', // that is vm-a, which has no fix here
  };
  const before = { ...always, 'via to VIP': 'fails', 'backend to own via': 'vm-b', 'via to own backend': 'vm-b' };
  t.deepEqual(await connections(lab, 'vm-b', 'vm-a'), before);
  await guard(lab, 'vm-b', 'apply', planOf('vm-b'));
  const after = { ...always, 'via to VIP': 'vm-a', 'backend to own via': 'fails', 'via to own backend': 'fails' };
  t.deepEqual(await connections(lab, 'vm-b', 'vm-a'), after);
  await guard(lab, 'vm-b', 'remove', planOf('vm-b'));
  t.deepEqual(await connections(lab, 'vm-b', 'vm-a'), before, 'and remove gives everything back');
});

kernelTest('the named cost is warned of where such a connection stands', async (t) => {
  const lab = await freshLab();
  const quiet = await guard(lab, 'vm-a', 'check', planOf('vm-a'));
  t.false(quiet.report.warnings.includes('bound-sockets'));
  const { backend, via } = NICS['vm-a'];
  // The server keeps the connection open until the client closes it.
  const standing = lab.exec('vm-a', [
    process.execPath,
    '-e',
    `require('net').connect({ host: '${via.ip}', port: 1972, localAddress: '${backend.ip}' }); setTimeout(() => process.exit(), 3000)`,
  ]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const loud = await guard(lab, 'vm-a', 'check', planOf('vm-a'));
  t.true(loud.report.warnings.includes('bound-sockets'));
  await standing;
});
