import test from 'ava';
import type { Effect } from '../../shared/decide/pass.ts';
import { rowKey } from '../../shared/model/store.ts';
import { act } from '../../shared/reconcile/act.ts';
import { articleWorld, refusal, SUBSCRIPTION, vmId } from '../helpers/world.ts';

test('a refusal that comes when the VM has another command by now is not that one’s', async (t) => {
  const world = articleWorld();
  world.manual('apply', 'hs-a');
  await world.run(5000);
  const before = await world.vmRow('hs-a');
  const { slot = 'A', seq = 0 } = before?.command ?? {};
  world.cancel = () => {
    throw refusal(409);
  };
  const effect = (of: number): Effect => ({ kind: 'cancel', runIds: ['m1'], vmId: vmId('hs-a'), seq: of, slot });
  const ports = world.ports();
  await act(ports, SUBSCRIPTION, { writes: [], effects: [effect(seq - 1)] }, () => world.now + 60_000);
  t.deepEqual((await world.store.vms.get(SUBSCRIPTION, rowKey(vmId('hs-a'))))?.row, before);
  await act(ports, SUBSCRIPTION, { writes: [], effects: [effect(seq)] }, () => world.now + 60_000);
  t.is((await world.vmRow('hs-a'))?.command?.refusal?.code, 'AZURE_CONFLICT');
});
