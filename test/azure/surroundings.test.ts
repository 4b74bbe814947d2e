/** What stands around VMs, read through the real pipeline, and with anything odd in it. */
import test from 'ava';
import { Notes } from '../../shared/azure/notes.ts';
import { mapLocks, mapNetworks, mapRouteTables, mapSecurityGroups, mapSizes } from '../../shared/azure/surroundings.ts';
import { createSurroundingsReader } from '../../shared/azure/surroundingsReader.ts';
import { preconditionsOf } from '../../shared/evaluate/preconditions.ts';
import { surveyed } from '../../shared/evaluate/survey.ts';
import { idKey } from '../../shared/model/ids.ts';
import type { Surroundings } from '../../shared/model/surroundings.ts';
import { networkResource, routeTableResource, securityGroupResource } from '../../simulator/arm/shapes/network.ts';
import { skus } from '../../simulator/arm/shapes/rest.ts';
import { articleEstate } from '../../simulator/estate/articleEstate.ts';
import type { Estate } from '../../simulator/estate/estate.ts';
import { vmId } from '../../simulator/estate/ids.ts';
import { frontendId, mirror, SCOPE, subnetId as shortSubnetId, vmId as shortVmId } from '../helpers/estate.ts';
import { changed, type Json, kindOf, OTHERS, places, valueAt } from '../helpers/odd.ts';
import { withArm } from '../simulator/arm/withArm.ts';

const ESTATE: Estate = {
  ...articleEstate(),
  addressSpace: ['10.0.0.0/16'],
  peered: ['10.9.0.0/16'],
  subnet: { name: 'healthshare', prefix: '10.0.1.0/24', securityGroup: 'nsg', routeTable: 'rt' },
  securityGroups: [
    {
      name: 'nsg',
      rules: [
        { name: 'Late', priority: 4096, direction: 'Inbound', access: 'Deny' },
        {
          ...{ name: 'Early', priority: 100, direction: 'Outbound', access: 'Allow', protocol: 'Tcp' },
          ...{ source: '10.0.1.11', destinationGroups: ['servers'], port: '1972-1980' },
        },
      ],
    },
  ],
  routeTables: [
    { name: 'rt', routes: [{ name: 'Bend', prefix: '10.0.1.0/24', hop: 'VirtualAppliance', hopAddress: '10.0.9.4' }] },
  ],
};

const anybody = { authorize: () => true };

test('lists as ARM serves them, page by page', async (t) => {
  const { arm, clients, estate } = await withArm(t, { ...anybody, pageSize: 1 }, ESTATE);
  arm.lock(vmId(estate, 'hs-a'), 'ReadOnly');
  arm.lock(`/subscriptions/${estate.subscriptionId}`);
  const reader = createSurroundingsReader(clients);
  const { subscriptionId } = estate;
  const { items: networks } = await reader.networks(subscriptionId);
  t.deepEqual(networks[0]?.prefixes, ['10.0.0.0/16']);
  t.deepEqual(networks[0]?.peered, ['10.9.0.0/16']);
  t.regex(networks[0]?.subnets[0]?.securityGroupId ?? '', /\/networkSecurityGroups\/nsg$/);
  t.regex(networks[0]?.subnets[0]?.routeTableId ?? '', /\/routeTables\/rt$/);
  const { items: groups } = await reader.securityGroups(subscriptionId);
  t.deepEqual(
    groups[0]?.rules.map(({ id, priority }) => `${id.split('/').at(-1)} ${priority}`),
    [
      'Early 100',
      'Late 4096',
      'AllowVnetInBound 65000',
      'AllowVnetOutBound 65000',
      'AllowAzureLoadBalancerInBound 65001',
      'AllowInternetOutBound 65001',
      'DenyAllInBound 65500',
      'DenyAllOutBound 65500',
    ],
  );
  t.like(groups[0]?.rules[0], {
    direction: 'outbound',
    access: 'allow',
    protocol: 'tcp',
    sources: ['10.0.1.11'],
    destinations: [],
    destinationPorts: ['1972-1980'],
  });
  t.regex(groups[0]?.rules[0]?.destinationGroups[0] ?? '', /\/applicationSecurityGroups\/servers$/);
  const { items: tables } = await reader.routeTables(subscriptionId);
  t.like(tables[0]?.routes[0], { prefix: '10.0.1.0/24', hop: 'virtualappliance', hopAddress: '10.0.9.4' });
  const { items: locks } = await reader.locks(subscriptionId);
  t.deepEqual(
    locks.map(({ scope, level }) => `${scope} ${level}`),
    [`${idKey(vmId(estate, 'hs-a'))} readonly`, `/subscriptions/${subscriptionId} cannotdelete`],
  );
  const { items: sizes } = await reader.sizes(subscriptionId, 'West Europe');
  t.deepEqual(
    sizes.find(({ name }) => name === 'Standard_E8s_v5'),
    { name: 'Standard_E8s_v5', location: 'west europe', nics: 4 },
  );
  t.false(sizes.some(({ name }) => name === 'Premium_LRS'));
  t.true(arm.calls.every(({ method, status }) => method === 'GET' && status === 200));
});

test('a refused list is told with its right, and the others are read', async (t) => {
  const { clients, estate } = await withArm(
    t,
    { authorize: (_, action) => action !== 'Microsoft.Authorization/locks/read' },
    ESTATE,
  );
  const reader = createSurroundingsReader(clients);
  const { items, refused } = await reader.locks(estate.subscriptionId);
  t.deepEqual(items, []);
  t.like(refused, { code: 'AZURE_DENIED', status: 403, action: 'Microsoft.Authorization/locks/read' });
  t.is((await reader.networks(estate.subscriptionId)).items.length, 1);
});

const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
const lock = (scope: string): Json => ({
  id: `${scope}/providers/Microsoft.Authorization/locks/keep`,
  properties: { level: 'ReadOnly' },
});
const LISTS: Record<'networks' | 'securityGroups' | 'routeTables' | 'locks' | 'sizes', Json[]> = {
  networks: [plain(networkResource(ESTATE)), { id: '/second' }],
  securityGroups: [
    ...(ESTATE.securityGroups ?? []).map((one) => plain(securityGroupResource(ESTATE, one))),
    { id: '/second' },
  ],
  routeTables: [...(ESTATE.routeTables ?? []).map((one) => plain(routeTableResource(ESTATE, one))), { id: '/second' }],
  locks: [lock(shortVmId('a')), lock('/subscriptions/x')],
  sizes: skus('westeurope').map(plain),
};

function mapped(lists: Record<keyof typeof LISTS, Json[]>): Omit<Surroundings, 'agents'> & { notes: Notes['list'] } {
  const notes = new Notes();
  return {
    networks: mapNetworks(lists.networks, notes),
    securityGroups: mapSecurityGroups(lists.securityGroups, notes),
    routeTables: mapRouteTables(lists.routeTables, notes),
    locks: mapLocks(lists.locks, notes),
    sizes: mapSizes(lists.sizes, 'westeurope'),
    notes: notes.list,
  };
}

const whole = mapped(LISTS);
const topology = mirror();
// The subnet of the lists around the NICs of the topology.
for (const { ipConfigurations } of topology.nics) {
  for (const ip of ipConfigurations) ip.subnetId = whole.networks[0]?.subnets[0]?.id ?? shortSubnetId();
}
const { survey, index } = surveyed(topology, SCOPE);
const judged = (around: Omit<Surroundings, 'agents'>) =>
  preconditionsOf(survey, index, { ...around, agents: new Map() })(idKey(shortVmId('a')), idKey(frontendId('ucr')));

test('the lists as they are leave no note, and something to say', (t) => {
  t.deepEqual(whole.notes, []);
  t.deepEqual([...new Set(judged(whole).map(({ code }) => code))].sort(), [
    'LOCK_FORBIDS_COMMANDS',
    'ROUTE_BENDS',
    'SECURITY_RULE_ENDS',
    'SECURITY_RULE_ENDS_PROBE',
  ]);
});

for (const list of Object.keys(LISTS) as (keyof typeof LISTS)[]) {
  const [first] = LISTS[list];
  const paths = [...places(first as Json)];
  test(`${list}: each of ${paths.length} properties, null, missing or of another type`, (t) => {
    for (const path of paths) {
      for (const to of OTHERS) {
        const what = `${path.join('.')} = ${JSON.stringify(to)}`;
        const odd = mapped({ ...LISTS, [list]: [changed(first as Json, path, to), ...LISTS[list].slice(1)] });
        t.notThrows(() => judged(odd), what);
        for (const kind of ['networks', 'securityGroups', 'routeTables', 'locks', 'sizes'] as const) {
          const rest = whole[kind].slice(1);
          if (kind !== list) t.deepEqual(odd[kind], whole[kind], what);
          else t.deepEqual(odd[kind].slice(odd[kind].length - rest.length), rest, what);
        }
        const isOdd = to !== undefined && to !== null && kindOf(to) !== kindOf(valueAt(first as Json, path));
        const isOther = JSON.stringify({ ...odd, notes: [] }) !== JSON.stringify({ ...whole, notes: [] });
        // A size that does not tell is one among hundreds: what is said then is that nobody knows.
        if (isOdd && isOther && list !== 'sizes') t.true(odd.notes.length > 0, `${what}: no note`);
      }
    }
  });
}

test('a peering that is not up, or may not reach the other network, adds no range', (t) => {
  const peered = (fields: object) => {
    const network = structuredClone(networkResource(ESTATE)) as {
      properties: { virtualNetworkPeerings: { properties: object }[] };
    };
    for (const one of network.properties.virtualNetworkPeerings) Object.assign(one.properties, fields);
    return mapNetworks([network], new Notes())[0]?.peered;
  };
  t.deepEqual(peered({}), ['10.9.0.0/16']);
  t.deepEqual(peered({ peeringState: 'Disconnected' }), []);
  t.deepEqual(peered({ allowVirtualNetworkAccess: false }), []);
});
