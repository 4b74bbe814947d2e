import test from 'ava';
import { kernelLabAvailable } from '../../../simulator/guests/kernel/available.ts';
import { startLab } from '../../../simulator/guests/startLab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { articleEstate } from './estates.ts';

test.serial('modelled guests on request, and where the kernel’s cannot be had; the log says which', async (t) => {
  const said: string[] = [];
  const estate = articleEstate();
  const asked = await startLab({ estate, kind: 'model' });
  await asked.stop();
  t.is(asked.kind, 'model');

  const chosen = await startLab({ estate, log: (text) => said.push(text) });
  await chosen.stop();
  t.is(chosen.kind, kernelLabAvailable().ok ? 'kernel' : 'model');
  t.regex(said[0] ?? '', chosen.kind === 'kernel' ? /^Guests are network stacks/ : /^Guests are modelled/);
});

testNeeding(KERNEL)('kernel guests on request', async (t) => {
  const lab = await startLab({ estate: articleEstate(), kind: 'kernel' });
  t.is(lab.kind, 'kernel');
  await lab.stop();
});
