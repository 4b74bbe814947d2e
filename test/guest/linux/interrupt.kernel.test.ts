/** A run that is asked to end. Runs that are killed are in the lab's cases. */
import test from 'ava';
import { renderScript } from '../../../shared/guest/render.ts';
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../../../simulator/guests/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { articleEstate } from '../../simulator/guests/estates.ts';
import { commandOf } from '../commands.ts';
import { planOf, put, shell } from './guests.ts';

const kernelTest = testNeeding(KERNEL);
let lab: GuestLab | undefined;
test.after.always(() => lab?.stop());

kernelTest('a run that is asked to end says so, and leaves no lock', async (t) => {
  lab = await startKernelLab({ estate: articleEstate() });
  await put(lab, 'vm-a', '/tmp/apply.sh', renderScript('linux', commandOf({ plan: { frontends: planOf('vm-a') } })));
  // The connects before the changes fail, and take their time.
  const out = await shell(
    lab,
    'vm-a',
    'bash /tmp/apply.sh 2>/dev/null & run=$!; until ps -e -o args | grep -q "[c]onnects "; do sleep 0.02; done; kill -TERM $run; wait $run || true; ls -A /run/ilb-hairpin-guard; ps -e -o args | grep -c "[c]onnects" || true',
  );
  t.regex(out, /"e":"TIME_IS_UP","d":"stopped by a signal"\}\n0\n$/);
});
