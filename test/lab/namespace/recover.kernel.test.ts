/** The lab's measure itself: it sees a guest that nobody mends, and one that only looks whole. */
import test from 'ava';
import { connectTo, shell, UCR, until } from '../../../lab/guests.ts';
import { stopLabs } from '../../../lab/labs.ts';
import { prove, recover } from '../../../lab/namespace/recover.ts';
import { appliedGuest, VM } from '../../../lab/namespace/watcher.ts';
import { KERNEL, testNeeding } from '../../needs.ts';

const kernelTest = testNeeding(KERNEL);
test.after.always(stopLabs);

kernelTest('without a watcher a guest is not whole again', async (t) => {
  const lab = await appliedGuest();
  await t.throwsAsync(recover(lab, ['ip route flush table 7201'], { limitMs: 1500 }), {
    message: /^not whole within 1500 ms/,
  });
});

kernelTest('a state that is whole for a moment does not count', async (t) => {
  const lab = await appliedGuest();
  const flicker = `(for i in {1..12}; do ip route del ${UCR} table 7201; sleep 0.2; ip route add ${UCR}/32 via 10.0.1.1 dev eth1 src 10.0.1.11 proto 201 table 7201; sleep 0.2; done) >/dev/null 2>&1 &`;
  const { recoveredMs } = await recover(lab, [flicker], { staysMs: 2500 });
  t.true(recoveredMs > 4000, `${recoveredMs} ms`);
});

kernelTest('a whole state whose connects fail is not whole', async (t) => {
  const lab = await appliedGuest();
  await lab.lie({ noTranslation: true });
  await t.throwsAsync(recover(lab, [':'], { limitMs: 1500 }), { message: /^no connects within 1500 ms/ });
});

kernelTest('a connect that reached another machine is no proof', async (t) => {
  const lab = await appliedGuest();
  await lab.setPrimary('UCR', 'vm-b');
  await until('vm-b to answer', async () => (await connectTo(lab, VM, UCR)).answer?.startsWith('vm-b') ?? false);
  await t.throwsAsync(prove(lab), { message: /remote/ });
  t.is(await shell(lab, VM, 'ls -A /run/ilb-hairpin-guard'), '');
});
