import test from 'ava';
import { byId, indexTopology, type NicPlace, networkOf } from '../../shared/evaluate/indexTopology.ts';
import { idKey, shortName } from '../../shared/model/ids.ts';
import { estate, ipId, networkId, nicId, nicOf, pair, poolId, subnetId, vm, vmId } from '../helpers/estate.ts';

const names = (list: readonly NicPlace[] | undefined) => list?.map(({ nic }) => shortName(nic.id));

test('everything is found by key, whatever the letter case', (t) => {
  const index = indexTopology(estate(...pair()));
  t.is(index.vms.get(idKey(vmId('A').toUpperCase()))?.id, vmId('a'));
  t.is(index.ipOf(idKey(ipId('b2').toUpperCase()))?.on.nic.id, nicId('b2'));
  t.deepEqual(names(index.nicsOf(idKey(vmId('a')))), ['a1', 'a2']);
});

test('NICs of a VM come by name; its own list is asked only where a NIC says nothing', (t) => {
  const topology = estate(vm('a', { z: '10.0.1.12', m: '10.0.1.11' }), {
    nics: [nicOf('b', false, { at: '10.0.1.13' }), nicOf('c', false, { at: '10.0.1.14' })],
  });
  topology.vms[0]?.nicIds.push(nicId('b').toUpperCase());
  const index = indexTopology(topology);
  t.deepEqual(names(index.nicsOf(idKey(vmId('a')))), ['b', 'm', 'z']);
  t.is(index.nics.get(idKey(nicId('b')))?.vm?.key, idKey(vmId('a')));
  t.is(index.nics.get(idKey(nicId('z')))?.vm?.key, idKey(vmId('a')));
});

test('two VMs that claim one NIC: the first has it', (t) => {
  const topology = estate(vm('a', {}), vm('b', {}), { nics: [nicOf('n', true, {})] });
  for (const one of topology.vms) one.nicIds = [nicId('n')];
  const index = indexTopology(topology);
  t.deepEqual([names(index.nicsOf(idKey(vmId('a')))), index.nicsOf(idKey(vmId('b')))], [['n'], []]);
});

test('pools and places of ip configurations', (t) => {
  const index = indexTopology(estate(vm('a', { a1: { at: '10.0.1.10', pools: ['ucr', 'UCR'] }, a2: '10.0.1.11' })));
  t.is(index.ipsOfPool.get(idKey(poolId('ucr')))?.length, 1);
  t.is(index.ipsAt(idKey(networkId()), '10.0.1.11')[0]?.on.nic.id, nicId('a2'));
  t.is(index.ipsAt(idKey(networkId('other')), '10.0.1.11').length, 0);
});

test('the network of a subnet', (t) => {
  t.is(networkOf(subnetId('vnet/x').toUpperCase()), idKey(networkId('vnet')));
  for (const id of [undefined, '', 'subnet', networkId()]) t.is(networkOf(id), undefined);
});

test('of a resource that is listed twice the first counts', (t) => {
  const topology = estate(vm('a', { a1: '10.0.1.10' }), vm('A', { A1: '10.0.1.99' }, { power: 'stopped' }));
  const index = indexTopology(topology);
  t.is(index.vms.get(idKey(vmId('a')))?.power, 'running');
  t.is(index.ipOf(idKey(ipId('a1')))?.ip.address, '10.0.1.10');
  t.is(index.nicsOf(idKey(vmId('a'))).length, 1);
});

test('an ip configuration that its NIC lists twice is one', (t) => {
  const topology = estate(vm('a', { a1: { at: '10.0.1.10', pools: ['ucr'] } }));
  const [nic] = topology.nics;
  const [ip] = nic?.ipConfigurations ?? [];
  if (nic && ip) nic.ipConfigurations.push({ ...ip, id: ip.id.toUpperCase(), address: '10.0.1.99' });
  const index = indexTopology(topology);
  t.deepEqual(
    index.ipsOfPool.get(idKey(poolId('ucr')))?.map((here) => here.ip.address),
    ['10.0.1.10'],
  );
});

test('of ip configurations that a NIC lists twice the first counts, in their order', (t) => {
  const topology = estate(vm('a', { a1: { at: ['10.0.1.10', '10.0.1.11', '10.0.1.12'] } }));
  const [one, two, three] = topology.nics[0]?.ipConfigurations ?? [];
  if (!one || !two || !three) throw new Error('three are listed');
  for (const ip of [one, two, three]) ip.poolIds = [poolId('ucr')];
  three.id = one.id.toUpperCase();
  const index = indexTopology(topology);
  t.deepEqual(
    index.ipsOfPool.get(idKey(poolId('ucr')))?.map((here) => here.ip.address),
    ['10.0.1.10', '10.0.1.11'],
  );
});

test('order by key', (t) => {
  const list = [{ id: '/B' }, { id: '/a' }, { id: '/C' }];
  t.deepEqual(
    list.toSorted(byId).map(({ id }) => id),
    ['/a', '/B', '/C'],
  );
});

test('NICs that write their VM’s id in other letters are on the one VM, listed or not', (t) => {
  const on = (nic: string, vmName: string) => ({ ...nicOf(nic, false, { at: '10.0.1.10' }), vmId: vmName });
  const nics = [
    on('c', vmId('A')),
    on('b', vmId('a')),
    on('a', vmId('A')),
    on('y', vmId('gone')),
    on('x', vmId('GONE')),
  ];
  const index = indexTopology(estate(vm('a', {}), { nics }));
  t.deepEqual(names(index.nicsOf(idKey(vmId('a')))), ['a', 'b', 'c']);
  t.deepEqual(names(index.nicsOf(idKey(vmId('gone')))), ['x', 'y'], 'a VM that is not listed');
  t.deepEqual(
    nics.map(({ id }) => index.nics.get(idKey(id))?.vm?.vm?.id),
    [vmId('a'), vmId('a'), vmId('a'), undefined, undefined],
  );
  t.deepEqual(index.nicsOf(idKey(vmId('z'))), []);
});

test('a NIC that names its VM is not moved by another VM’s list, and one that is not listed is no NIC', (t) => {
  const topology = estate(vm('a', { a1: '10.0.1.10' }), vm('b', {}), { nics: [nicOf('n', true, {})] });
  for (const one of topology.vms)
    if (one.id === vmId('b')) one.nicIds = [nicId('a1'), nicId('gone'), nicId('n'), nicId('N')];
  const index = indexTopology(topology);
  t.deepEqual([names(index.nicsOf(idKey(vmId('a')))), names(index.nicsOf(idKey(vmId('b'))))], [['a1'], ['n']]);
});

test('an address is found in its own network alone, and only where both are told', (t) => {
  const topology = estate(
    vm('a', { a1: '10.0.1.10', a2: { at: '10.0.1.10', subnet: 'far/one' }, a3: {} }),
    vm('b', { b1: { at: '10.0.1.10', subnet: 'VNET/two' }, b2: { at: '10.0.1.11', ip: { subnetId: '/odd' } } }),
  );
  const index = indexTopology(topology);
  const at = (network: string, address: string) =>
    index.ipsAt(idKey(networkId(network)), address).map(({ on }) => shortName(on.nic.id));
  t.deepEqual(at('vnet', '10.0.1.10'), ['a1', 'b1'], 'of all subnets of the network');
  t.deepEqual(at('far', '10.0.1.10'), ['a2']);
  t.deepEqual(at('vnet', '10.0.1.11'), []);
  t.deepEqual(at('vnet', 'undefined'), []);
  for (const id of [subnetId('vnet/x'), undefined, '/odd', subnetId('vnet/x')])
    t.is(index.networkOf(id), networkOf(id));
});
