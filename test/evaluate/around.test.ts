import test from 'ava';
import { around } from '../../shared/evaluate/around.ts';
import type { NicIp } from '../../shared/evaluate/indexTopology.ts';
import { idKey } from '../../shared/model/ids.ts';
import { NO_SURROUNDINGS, type Subnet, type Surroundings } from '../../shared/model/surroundings.ts';
import type { Nic } from '../../shared/model/topology.ts';
import { networkId, nicId, nicOf, SUBSCRIPTION, subnetId, vmId } from '../helpers/estate.ts';

const SUBNET = subnetId('vnet/one');
const RG = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg`;

/** The first ip configuration of a NIC a2 in that subnet. */
function place(fields: Partial<Nic> = {}, at: string | null = SUBNET): NicIp {
  const nic = { ...nicOf('a2', false, { at: '10.0.1.11' }), ...fields };
  const [ip] = nic.ipConfigurations;
  if (!ip) throw new Error('no ip configuration');
  if (at === null) delete ip.subnetId;
  else ip.subnetId = at;
  return { ip, on: { key: idKey(nic.id), nic } };
}

const known = (subnet: Partial<Subnet>, fields: Partial<Surroundings> = {}, ranges = ['10.0.0.0/16']) =>
  around({
    ...NO_SURROUNDINGS,
    networks: [{ id: networkId(), prefixes: ranges, subnets: [{ id: SUBNET, ...subnet }] }],
    ...fields,
  });

test('groups: of the subnet, then of the NIC, whatever the letter case; what was not read is missing', (t) => {
  const securityGroups = [
    { id: '/nsg/subnets', rules: [] },
    { id: '/nsg/nics', rules: [] },
  ];
  const { groupsOf } = known({ securityGroupId: '/NSG/subnets' }, { securityGroups });
  const names = (at: NicIp) => groupsOf(at).map(({ group, where }) => `${group.id} ${where}`);
  const bySubnet = '/nsg/subnets the NIC a2 (by its subnet)';
  const byNic = '/nsg/nics the NIC a2 (its own group)';
  t.deepEqual(names(place({ securityGroupId: '/nsg/NICS' }, SUBNET.toUpperCase())), [bySubnet, byNic]);
  t.deepEqual(names(place()), [bySubnet]);
  t.deepEqual(names(place({ securityGroupId: '/nsg/nics' }, subnetId('vnet/two'))), [byNic]);
  t.deepEqual(names(place({ securityGroupId: '/nsg/other' }, null)), []);
});

test('the route table of a subnet, with the ranges of its network and of those peered with it', (t) => {
  const routeTables = [{ id: '/rt/one', routes: [] }];
  const { routesOf } = known({ routeTableId: '/RT/one' }, { routeTables });
  t.deepEqual(routesOf(place()), { table: { id: '/rt/one', routes: [] }, prefixes: ['10.0.0.0/16'] });
  t.is(routesOf(place({}, subnetId('vnet/two'))), undefined);
  t.is(routesOf(place({}, null)), undefined);
  t.is(known({ routeTableId: '/rt/two' }, { routeTables }).routesOf(place()), undefined, 'a table that was not read');
  t.is(known({}, { routeTables }).routesOf(place()), undefined, 'a subnet without one');
});

test('ranges of a network: none where it was not read, or has none', (t) => {
  t.deepEqual(known({}).rangesOf(place()), ['10.0.0.0/16']);
  t.is(known({}, {}, []).rangesOf(place()), undefined);
  t.is(known({}).rangesOf(place({}, subnetId('vnet/two'))), undefined);
  t.is(known({}).rangesOf(place({}, null)), undefined);
  const networks = [{ id: networkId(), prefixes: ['10.0.0.0/16'], peered: ['10.9.0.0/16'], subnets: [{ id: SUBNET }] }];
  t.deepEqual(known({}, { networks }).rangesOf(place()), ['10.0.0.0/16', '10.9.0.0/16']);
});

test('locks on a resource, its group and its subscription, the widest first', (t) => {
  const scopes = [vmId('a'), RG, `/subscriptions/${SUBSCRIPTION}`, vmId('b'), `${RG}/providers/Microsoft.Compute`];
  const locks = scopes.map((scope, i) => ({ id: `/lock${i}`, scope, level: 'readonly' as const }));
  const ids = (...list: typeof locks) =>
    known({}, { locks: list })
      .locksOn(idKey(vmId('a')))
      .map(({ id }) => id);
  t.deepEqual(ids(...locks.slice(0, 4)), ['/lock2', '/lock1', '/lock0']);
  t.deepEqual(ids(), []);
});

test('a size is found by name and region, whatever the letter case', (t) => {
  const sizes = [{ name: 'Standard_X', location: 'westeurope', nics: 2 }];
  const { sizeOf } = known({}, { sizes });
  const vm = { id: vmId('a'), os: 'linux', power: 'running', nicIds: [], tags: {} } as const;
  const nicsOf = (size: string, location: string) => sizeOf({ ...vm, nicIds: [], size, location })?.nics;
  t.is(nicsOf('standard_x', 'WestEurope'), 2);
  t.is(nicsOf('standard_y', 'westeurope'), undefined);
  t.is(nicsOf('standard_x', 'northeurope'), undefined);
});

test('what is named and was not read', (t) => {
  const nothing = { networks: [], securityGroups: [], routeTables: [] };
  const named = place({ securityGroupId: '/nsg/nics' });
  const subnet = { securityGroupId: '/nsg/subnets', routeTableId: '/rt/one' };
  t.deepEqual(known(subnet).unseenOf(named), {
    networks: [],
    securityGroups: ['/nsg/subnets', '/nsg/nics'],
    routeTables: ['/rt/one'],
  });
  const read = known(subnet, {
    securityGroups: [
      { id: '/NSG/subnets', rules: [] },
      { id: '/NSG/nics', rules: [] },
    ],
    routeTables: [{ id: '/RT/one', routes: [] }],
  });
  t.deepEqual(read.unseenOf(named), nothing);
  t.deepEqual(known({}).unseenOf(place()), nothing, 'nothing is named');
  t.deepEqual(known({}).unseenOf(place({}, null)), nothing, 'the subnet is not told');
  t.deepEqual(known(subnet).unseenOf(place({}, subnetId('far/one'))), { ...nothing, networks: [networkId('far')] });
});

test('nothing was read: nothing is told', (t) => {
  const { groupsOf, routesOf, locksOn } = around(NO_SURROUNDINGS);
  t.deepEqual([groupsOf(place()), routesOf(place()), locksOn(idKey(nicId('a2')))], [[], undefined, []]);
});
