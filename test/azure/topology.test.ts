import test from 'ava';
import { createTopologyReader } from '../../shared/azure/topology.ts';
import { sameId } from '../../shared/model/ids.ts';
import { articleEstate } from '../../simulator/estate/articleEstate.ts';
import { scaleSetId, vmId } from '../../simulator/estate/ids.ts';
import { SCOPE } from '../helpers/estate.ts';
import { evaluate } from '../helpers/evaluate.ts';
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

test('VMs of a flexible scale set are in the lists like any other, and members like any other', async (t) => {
  const made = articleEstate();
  for (const vm of made.vms) vm.scaleSet = 'fd1';
  const { clients, estate } = await withArm(t, {}, made);
  const topology = await createTopologyReader(clients).read(estate.subscriptionId);
  t.true(topology.vms.every((vm) => sameId(vm.scaleSetId ?? '', scaleSetId(estate, 'fd1'))));
  t.deepEqual(topology.notes, []);
  const scope = { ...SCOPE, subscriptionIds: [estate.subscriptionId] };
  const { paths, plans, listed } = evaluate({ topology, health: new Map(), knowledge: new Map(), scope, now: 0 });
  t.deepEqual(listed, []);
  t.deepEqual(
    [...plans.values()].map(({ plan }) => plan.frontends.length),
    [2, 2],
  );
  t.deepEqual([...new Set(paths.flatMap(({ findings }) => findings.map(({ code }) => code)))], ['NO_SECONDARY_NIC']);
});
