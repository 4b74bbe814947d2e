/**
 * What of the surroundings is in the way of which path, and what a person is told of it.
 * Long: one table of cases about one thing.
 */
import test from 'ava';
import { preconditionsOf } from '../../shared/evaluate/preconditions.ts';
import { surveyed } from '../../shared/evaluate/survey.ts';
import { idKey } from '../../shared/model/ids.ts';
import { type Precondition, preconditionText } from '../../shared/model/preconditions.ts';
import {
  NO_SURROUNDINGS,
  type SecurityRule,
  type Surroundings,
  type UserRoute,
} from '../../shared/model/surroundings.ts';
import type { Nic, Topology, Vm } from '../../shared/model/topology.ts';
import {
  estate,
  frontendId,
  ilb,
  lbId,
  mirror,
  networkId,
  nicId,
  SCOPE,
  SUBSCRIPTION,
  subnetId,
  vm,
  vmId,
} from '../helpers/estate.ts';
import { type RuleSpec, securityRule as rule } from '../helpers/securityRule.ts';

const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg`;
const nsgId = (name: string): string => `${GROUP}/providers/Microsoft.Network/networkSecurityGroups/${name}`;
const tableId = (name: string): string => `${GROUP}/providers/Microsoft.Network/routeTables/${name}`;

const group = (name: string, ...rules: RuleSpec[]) => ({ id: nsgId(name), rules: rules.map(rule) });

/** The pair's subnets, with a security group and a route table each by name. */
const network = (subnets: Record<string, { nsg?: string; table?: string }>): Surroundings['networks'] => [
  {
    id: networkId(),
    prefixes: ['10.0.0.0/16'],
    subnets: Object.entries(subnets).map(([name, { nsg, table }]) => ({
      id: subnetId(`vnet/${name}`),
      ...(nsg === undefined ? {} : { securityGroupId: nsgId(nsg) }),
      ...(table === undefined ? {} : { routeTableId: tableId(table) }),
    })),
  },
];

const table = (name: string, ...routes: Omit<UserRoute, 'id'>[]) => ({
  id: tableId(name),
  routes: routes.map((route) => ({ id: `${tableId(name)}/routes/${route.prefix}`, ...route })),
});

const of = (topology: Topology, fields: Partial<Surroundings>, vmName = 'a'): readonly Precondition[] => {
  const { survey, index } = surveyed(topology, SCOPE);
  return preconditionsOf(survey, index, { ...NO_SURROUNDINGS, ...fields })(
    idKey(vmId(vmName)),
    idKey(frontendId('ucr')),
  );
};

/** `CODE name-of-the-resource`. */
const told = (found: readonly Precondition[]): string[] =>
  found.map(({ code, id }) => `${code} ${id.split('/').at(-1)}`);

const withNic = (topology: Topology, name: string, fields: Partial<Nic>): Topology => ({
  ...topology,
  nics: topology.nics.map((nic) => (nic.id === nicId(name) ? { ...nic, ...fields } : nic)),
});
const withVm = (topology: Topology, name: string, fields: Partial<Vm>): Topology => ({
  ...topology,
  vms: topology.vms.map((one) => (one.id === vmId(name) ? { ...one, ...fields } : one)),
});
const nsgOn = (nic: string, name = 'nsg', topology = mirror()): Topology =>
  withNic(topology, nic, { securityGroupId: nsgId(name) });

test('nothing around: nothing in the way', (t) => {
  t.deepEqual(told(of(mirror(), {})), []);
});

test('inbound at the own backend NIC: by the NIC’s group, by the subnet’s, by both', (t) => {
  const rules = [{ id: 'deny', sources: ['10.0.1.11'], destinationPorts: ['1972'] }];
  const byNic = of(nsgOn('a1'), { securityGroups: [group('nsg', ...rules)] });
  t.deepEqual(told(byNic), ['SECURITY_RULE_ENDS deny']);
  t.is(byNic[0]?.params.where, 'the NIC a1 (its own group)');
  t.is(byNic[0]?.params.flows, '10.0.1.11 to 10.0.1.10:1972');
  const around = { networks: network({ default: { nsg: 'nsg' } }), securityGroups: [group('nsg', ...rules)] };
  const bySubnet = of(mirror(), around);
  t.deepEqual(
    bySubnet.map(({ code, params }) => `${code} ${params.where}`),
    ['SECURITY_RULE_ENDS the NIC a1 (by its subnet)', 'SECURITY_RULE_ENDS the NIC b1 (by its subnet)'],
    'the other member lies in the same subnet',
  );
  t.is(of(nsgOn('a1'), around).length, 3);
});

test('inbound at the other member: what the fix would break after it was put there', (t) => {
  // An allow list that knows the addresses of the pool alone.
  const rules = [
    { id: 'pool', priority: 200, access: 'allow' as const, sources: ['10.0.1.10', '10.0.1.20', 'AzureLoadBalancer'] },
    { id: 'rest', priority: 4096 },
  ];
  const found = of(nsgOn('b1'), { securityGroups: [group('nsg', ...rules)] });
  t.deepEqual(told(found), ['SECURITY_RULE_ENDS rest']);
  const [first] = found;
  t.is(
    first && preconditionText(first),
    `A rule of a network security group ends inbound connections of the fix on the NIC b1 (its own group): 10.0.1.11 to 10.0.1.20:1972. The rule is rest. Change it, or put one ahead of it (its priority is 4096) that allows TCP from 10.0.1.11 to 10.0.1.20 on port 1972.`,
  );
  t.deepEqual(told(of(nsgOn('b1'), { securityGroups: [group('nsg', ...rules)] }, 'b')), ['SECURITY_RULE_ENDS rest']);
});

test('outbound at the secondary NIC: ended for VIP and backend, and where only one of them is named', (t) => {
  const out = (spec: Partial<SecurityRule>) =>
    of(nsgOn('a2'), { securityGroups: [group('nsg', { id: 'deny', direction: 'outbound', ...spec })] });
  t.deepEqual(told(out({})), ['SECURITY_RULE_ENDS deny']);
  t.is(out({})[0]?.params.direction, 'outbound');
  t.deepEqual(told(out({ destinations: ['10.0.1.0/24'] })), ['SECURITY_RULE_ENDS deny']);
  t.deepEqual(told(out({ destinations: ['10.0.1.100'] })), ['SECURITY_RULE_UNSURE deny']);
  t.regex(out({ destinations: ['10.0.1.10'] })[0]?.params.why ?? '', /^Azure does not say whether/);
  t.deepEqual(told(out({ destinations: ['10.0.1.9'] })), []);
});

test('a NIC that carries neither a backend nor the via address is asked about nothing', (t) => {
  const topology = estate(
    vm('a', { a1: '10.0.1.10', a2: '10.0.1.11', a3: { at: '10.0.1.12', subnet: 'vnet/other' } }),
    ilb('ucr', '10.0.1.100', ['a1']),
  );
  t.deepEqual(told(of(nsgOn('a3', 'nsg', topology), { securityGroups: [group('nsg', { id: 'deny' })] })), []);
});

test('the probe of the member itself, at the probe’s port', (t) => {
  const found = of(nsgOn('a1'), { securityGroups: [group('nsg', { id: 'deny', destinationPorts: ['52773'] })] });
  t.deepEqual(told(found), ['SECURITY_RULE_ENDS_PROBE deny']);
  t.is(found[0]?.params.flows, '168.63.129.16 to 10.0.1.10:52773');
  t.regex(
    preconditionText(found[0] as Precondition),
    /allows the service tag AzureLoadBalancer to 10\.0\.1\.10 on port 52773/,
  );
  t.deepEqual(
    told(of(nsgOn('b1'), { securityGroups: [group('nsg', { id: 'deny', destinationPorts: ['52773'] })] })),
    [],
    'the other’s probe is in the way of the other',
  );
});

test('the probe counts for a VM without a secondary NIC too', (t) => {
  const topology = estate(vm('a', { a1: '10.0.1.10' }), ilb('ucr', '10.0.1.100', ['a1']));
  const found = of(nsgOn('a1', 'nsg', topology), { securityGroups: [group('nsg', { id: 'deny' })] });
  t.deepEqual(told(found), ['SECURITY_RULE_ENDS_PROBE deny']);
});

test('a rule without a probe, with one that is not listed, or one without a port: no probe is asked about', (t) => {
  const securityGroups = [group('nsg', { id: 'deny', sources: ['AzureLoadBalancer'] })];
  const asked = (topology: Topology) => told(of(nsgOn('a1', 'nsg', topology), { securityGroups }));
  t.deepEqual(asked(mirror()), ['SECURITY_RULE_ENDS_PROBE deny']);
  t.deepEqual(asked(mirror({ rules: [{ probe: 'none' }] })), []);
  const without = mirror();
  for (const lb of without.loadBalancers) lb.probes = [];
  t.deepEqual(asked(without), []);
  const odd = mirror();
  for (const lb of odd.loadBalancers) for (const probe of lb.probes) probe.port = 0;
  t.deepEqual(asked(odd), []);
});

test('an address that Azure does not tell is asked about nothing', (t) => {
  const topology = nsgOn('b1', 'nsg', nsgOn('a1'));
  for (const nic of topology.nics) if (nic.primary) for (const ip of nic.ipConfigurations) delete ip.address;
  t.deepEqual(told(of(topology, { securityGroups: [group('nsg', { id: 'deny' })] })), []);
});

test('every port of the frontend’s rules, by their protocol; of HA ports the proved one', (t) => {
  const ports = mirror({
    rules: [{}, { frontendPort: 80, backendPort: 8080 }, { protocol: 'udp', frontendPort: 514, backendPort: 514 }],
  });
  const found = of(nsgOn('a1', 'nsg', ports), {
    securityGroups: [group('nsg', { id: 'deny', sources: ['10.0.1.11'] })],
  });
  t.is(
    found[0]?.params.flows,
    '10.0.1.11 to 10.0.1.10:8080, 10.0.1.11 to 10.0.1.10:514/udp, 10.0.1.11 to 10.0.1.10:1972',
  );
  t.is(found[0]?.params.protocol, 'TCP and UDP');
  const all = mirror({ rules: [{ protocol: 'all' }], tags: { 'ilb-hairpin-guard-port': '1972' } });
  const ha = of(nsgOn('a1', 'nsg', all), { securityGroups: [group('nsg', { id: 'deny', sources: ['10.0.1.11'] })] });
  t.is(ha[0]?.params.flows, '10.0.1.11 to 10.0.1.10:1972');
});

test('of HA ports: which of all ports are ended, by protocol, beside the proved one', (t) => {
  const all = mirror({ rules: [{ protocol: 'all' }], tags: { 'ilb-hairpin-guard-port': '1972' } });
  const allowed = group(
    'nsg',
    { id: 'probe', priority: 10, access: 'allow', sources: ['AzureLoadBalancer'] },
    { id: 'iris', access: 'allow', protocol: 'tcp', destinationPorts: ['1972', '50000-50010'] },
    { id: 'rest', priority: 200 },
  );
  const inbound = of(nsgOn('a1', 'nsg', all), { securityGroups: [allowed] });
  t.deepEqual(told(inbound), ['HA_PORTS_ENDED nsg']);
  const text = inbound[0] ? preconditionText(inbound[0]) : '';
  t.true(text.includes('TCP 1-1971, 1973-49999, 50011-65535; UDP 1-65535'), text);
  t.true(text.includes('on the NIC a1 (its own group)'), text);
  const without = mirror({ rules: [{ protocol: 'all' }] });
  t.deepEqual(
    told(of(nsgOn('a1', 'nsg', without), { securityGroups: [allowed] })),
    ['HA_PORTS_ENDED nsg'],
    'no port to prove: asked all the same',
  );
  const ending = group('nsg', { id: 'iris', destinationPorts: ['1972'] });
  t.deepEqual(told(of(nsgOn('a1', 'nsg', all), { securityGroups: [ending] })), [
    'SECURITY_RULE_ENDS iris',
    'HA_PORTS_ENDED nsg',
  ]);
  const outbound = group('nsg', { id: 'vip', direction: 'outbound', destinations: ['10.0.1.100'] });
  t.deepEqual(told(of(nsgOn('a2', 'nsg', all), { securityGroups: [outbound] })), [
    'SECURITY_RULE_UNSURE vip',
    'HA_PORTS_ENDED nsg',
  ]);
  t.deepEqual(told(of(nsgOn('a1', 'nsg', all), { securityGroups: [group('nsg')] })), [], 'nothing is ended');
  t.deepEqual(told(of(nsgOn('a1'), { securityGroups: [allowed] })), [], 'a rule for one port is asked about that one');
});

test('application security groups are those of the ip configuration', (t) => {
  const clients = `${GROUP}/providers/Microsoft.Network/applicationSecurityGroups/clients`;
  const [ip] = mirror().nics.find(({ id }) => id === nicId('a2'))?.ipConfigurations ?? [];
  const inGroup = withNic(nsgOn('a1'), 'a2', {
    ipConfigurations: ip ? [{ ...ip, applicationGroupIds: [clients.toUpperCase()] }] : [],
  });
  const securityGroups = [group('nsg', { id: 'deny', sources: [], sourceGroups: [clients] })];
  t.deepEqual(told(of(inGroup, { securityGroups })), ['SECURITY_RULE_ENDS deny']);
  t.deepEqual(told(of(nsgOn('a1'), { securityGroups })), []);
});

test('a route table at the secondary NIC: drops, leads out, bends, and what leads nowhere else', (t) => {
  const topology = estate(
    vm('a', { a1: '10.0.1.10', a2: { at: '10.0.2.11', subnet: 'vnet/second' } }),
    vm('b', { b1: '10.0.1.20', b2: { at: '10.0.2.21', subnet: 'vnet/second' } }),
    ilb('ucr', '10.0.1.100', ['a1', 'b1']),
  );
  const around = (...routes: Omit<UserRoute, 'id'>[]) => ({
    networks: network({ default: {}, second: { table: 'rt' } }),
    routeTables: [table('rt', ...routes)],
  });
  const hops = (...routes: Omit<UserRoute, 'id'>[]) =>
    of(topology, around(...routes)).map(({ code, params: { hop, to } }) => `${code} ${to} ${hop}`);
  t.deepEqual(hops({ prefix: '10.0.1.0/24', hop: 'none' }), ['ROUTE_ENDS 10.0.1.100 None']);
  t.deepEqual(hops({ prefix: '10.0.1.100/32', hop: 'internet' }), ['ROUTE_ENDS 10.0.1.100 Internet']);
  t.deepEqual(hops({ prefix: '10.0.0.0/16', hop: 'virtualnetworkgateway' }), [
    'ROUTE_ENDS 10.0.1.100 Virtual network gateway',
  ]);
  t.deepEqual(hops({ prefix: '10.0.1.0/24', hop: 'virtualappliance', hopAddress: '10.0.9.4' }), [
    'ROUTE_BENDS 10.0.1.100 Virtual appliance 10.0.9.4',
  ]);
  t.deepEqual(hops({ prefix: '0.0.0.0/0', hop: 'virtualappliance', hopAddress: '10.0.9.4' }), []);
  t.deepEqual(
    hops({ prefix: '10.0.1.0/24', hop: 'none' }, { prefix: '10.0.1.100/32', hop: 'vnetlocal' }),
    [],
    'the longer one leads past it',
  );
  const [first] = of(topology, around({ prefix: '10.0.1.0/24', hop: 'none' }));
  t.is(first?.params.where, 'the secondary NIC a2');
  // The gateway's own address is nobody's destination.
  t.deepEqual(hops({ prefix: '10.0.2.1/32', hop: 'none' }), []);
});

test('a route table at a backend address: the answer to the via address, of the own member and of the others', (t) => {
  const networks = network({ default: { table: 'rt' } });
  const routeTables = [table('rt', { prefix: '10.0.1.11/32', hop: 'none' })];
  const found = of(mirror(), { networks, routeTables });
  t.deepEqual(
    found.map(({ code, params }) => `${code} ${params.where} ${params.to}`),
    ['ROUTE_ENDS the NIC a1 10.0.1.11', 'ROUTE_ENDS the NIC b1 10.0.1.11'],
  );
  t.deepEqual(told(of(mirror(), { networks, routeTables }, 'b')), []);
});

test('ranges of a peered network count as the network’s: for the tag, and against a shorter route', (t) => {
  const securityGroups = [
    group(
      'nsg',
      { id: 'probe', priority: 10, access: 'allow', sources: ['AzureLoadBalancer'] },
      {
        ...{ id: 'own', access: 'allow', sources: ['VirtualNetwork'] },
      },
      { id: 'rest', priority: 200 },
    ),
  ];
  const routeTables = [table('rt', { prefix: '10.0.0.0/8', hop: 'virtualappliance', hopAddress: '10.0.9.4' })];
  const [whole] = network({ default: { nsg: 'nsg', table: 'rt' } });
  if (!whole) return t.fail();
  const told10 = (fields: Partial<Surroundings['networks'][number]>) =>
    told(of(mirror(), { networks: [{ ...whole, ...fields }], securityGroups, routeTables }));
  t.deepEqual(told10({}), []);
  // The VIP and the backend addresses are 10.0.1.x: as if they were in the peered network.
  t.deepEqual(told10({ prefixes: ['10.77.0.0/16'], peered: ['10.0.1.0/24'] }), []);
  const unknown = told10({ prefixes: ['10.77.0.0/16'] });
  t.true(unknown.includes('SECURITY_RULE_UNSURE own'), String(unknown));
});

test('IP forwarding is a note, on the NICs of the path alone', (t) => {
  const topology = withNic(mirror(), 'a2', { ipForwarding: true });
  t.deepEqual(told(of(topology, {})), ['IP_FORWARDING a2']);
  t.deepEqual(told(of(topology, {}, 'b')), []);
});

test('a size that takes no second NIC, said only where one is missing', (t) => {
  const short = estate(
    vm('a', { a1: '10.0.1.10' }, { size: 'Standard_X', location: 'WestEurope' }),
    ilb('ucr', '10.0.1.100', ['a1']),
  );
  const sizes = (nics: number, location = 'westeurope') => ({ sizes: [{ name: 'standard_x', location, nics }] });
  const [found] = of(short, sizes(1));
  t.is(found?.code, 'SIZE_TAKES_NO_NIC');
  t.deepEqual(found?.params, { size: 'standard_x', count: '1' });
  t.deepEqual(told(of(short, sizes(2))), []);
  t.deepEqual(told(of(short, sizes(1, 'northeurope'))), [], 'another region’s');
  t.deepEqual(told(of(withVm(mirror(), 'a', { size: 'Standard_X' }), sizes(2))), [], 'it has its NIC');
  const off = withVm(mirror(), 'a', { size: 'Standard_X', power: 'stopped' });
  t.deepEqual(told(of(off, sizes(2))), [], 'something else is said of it');
});

test('locks on VM, group and subscription; a neighbour’s and a beginning alike are none', (t) => {
  const lock = (scope: string, level: 'readonly' | 'cannotdelete' | 'unknown') => ({
    id: `${scope}/lock`,
    scope,
    level,
  });
  const codes = (...locks: ReturnType<typeof lock>[]) =>
    of(mirror(), { locks }).map(({ code, params }) => `${code} ${params.scope}`);
  const subscription = `/subscriptions/${SUBSCRIPTION}`;
  t.deepEqual(codes(lock(vmId('a').toUpperCase(), 'readonly')), [`LOCK_FORBIDS_COMMANDS ${vmId('a').toUpperCase()}`]);
  t.deepEqual(codes(lock(vmId('b'), 'readonly'), lock(`${GROUP}-two`, 'readonly'), lock(vmId('a2'), 'readonly')), []);
  t.deepEqual(codes(lock(GROUP, 'readonly')), [`LOCK_FORBIDS_COMMANDS ${GROUP}`, `LOCK_FORBIDS_HEALTH ${GROUP}`]);
  t.deepEqual(codes(lock(subscription, 'cannotdelete')), [`LOCK_KEEPS_COMMANDS ${subscription}`]);
  t.deepEqual(codes(lock(lbId('ucr'), 'readonly')), [`LOCK_FORBIDS_HEALTH ${lbId('ucr')}`]);
  t.deepEqual(codes(lock(lbId('ucr'), 'cannotdelete'), lock(GROUP, 'unknown')), []);
  t.deepEqual(
    codes(lock(vmId('a'), 'readonly'), lock(GROUP, 'cannotdelete')),
    [`LOCK_FORBIDS_COMMANDS ${vmId('a')}`],
    'the stricter one says it all',
  );
});

test('extension operations and the agent', (t) => {
  const agents = (status?: string, version?: string) => ({
    agents: new Map([
      [
        idKey(vmId('a')),
        { ...(status === undefined ? {} : { status }), ...(version === undefined ? {} : { version }) },
      ],
    ]),
  });
  t.deepEqual(told(of(withVm(mirror(), 'a', { extensionsForbidden: true }), {})), ['EXTENSIONS_FORBIDDEN a']);
  t.deepEqual(told(of(mirror(), agents('Ready', '2.11.1.4'))), []);
  t.deepEqual(told(of(mirror(), agents('Ready', '2.4.0.1'))), ['AGENT_TOO_OLD a']);
  t.deepEqual(told(of(mirror(), agents('Not Ready'))), ['AGENT_NOT_READY a']);
  t.deepEqual(told(of(mirror(), agents())), ['AGENT_NOT_READY a']);
  const without = withVm(mirror(), 'a', { madeWithoutAgent: true });
  t.deepEqual(told(of(without, {})), ['AGENT_NOT_INSTALLED a']);
  t.deepEqual(told(of(without, agents())), ['AGENT_NOT_INSTALLED a']);
  t.deepEqual(told(of(without, agents('Ready', '2.11.1.4'))), [], 'somebody installed one since');
  t.deepEqual(
    told(of(withVm(mirror(), 'a', { power: 'stopped' }), agents('Not Ready'))),
    [],
    'a VM that is off has none',
  );
});

test('no sentence leaves a placeholder open', (t) => {
  const topology = withVm(withNic(nsgOn('b1', 'nsg', nsgOn('a1')), 'a2', { ipForwarding: true }), 'a', {
    extensionsForbidden: true,
    madeWithoutAgent: true,
  });
  const found = of(topology, {
    networks: network({ default: { table: 'rt' } }),
    routeTables: [table('rt', { prefix: '10.0.1.0/24', hop: 'unknown' }, { prefix: '10.0.1.11/32', hop: 'none' })],
    securityGroups: [
      group('nsg', { id: 'maybe', sourcePorts: ['50000'] }, { id: 'deny', destinationPorts: ['52773'] }),
    ],
    locks: [
      { id: '/x', scope: GROUP, level: 'readonly' },
      { id: '/y', scope: vmId('a'), level: 'cannotdelete' },
    ],
  });
  t.true(new Set(found.map(({ code }) => code)).size >= 7, String(told(found)));
  for (const one of found) t.notRegex(preconditionText(one), /[{}]|undefined/);
});
