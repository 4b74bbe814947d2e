import test from 'ava';
import { createTopologyReader } from '../../shared/azure/topology.ts';
import { sameId } from '../../shared/model/ids.ts';
import { vmId } from '../../simulator/estate/ids.ts';
import { withArm } from '../simulator/arm/withArm.ts';

test('reads the article’s estate', async (t) => {
  const { clients, estate } = await withArm(t);
  const topology = await createTopologyReader(clients).read(estate.subscriptionId);
  t.deepEqual(topology.notes, []);
  t.snapshot(topology);
});

test('puts pages together, whatever their size', async (t) => {
  const { clients, estate, arm } = await withArm(t, { pageSize: 2 });
  const topology = await createTopologyReader(clients).read(estate.subscriptionId);
  t.is(topology.vms.length, 3);
  t.is(topology.nics.length, 5);
  const pages = arm.calls.filter((call) => call.path.includes('networkInterfaces'));
  t.is(pages.length, 3);
  t.true(pages.slice(1).every((call) => call.path.includes('skiptoken')));
});

test('takes the power state from the list that writes ids in other letter case', async (t) => {
  const { clients, estate, arm } = await withArm(t);
  await arm.changes.setPower('hs-b', 'deallocated');
  const { vms } = await createTopologyReader(clients).read(estate.subscriptionId);
  t.is(vms.find((vm) => sameId(vm.id, vmId(estate, 'hs-b')))?.power, 'deallocated');
  t.is(vms.find((vm) => sameId(vm.id, vmId(estate, 'hs-a')))?.power, 'running');
});
