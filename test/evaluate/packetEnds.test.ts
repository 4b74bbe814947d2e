/** Where one connection ends for certain, by who sends it, what stands around, and which rule leads it on. */
import test from 'ava';
import { packetEnds } from '../../shared/evaluate/packetEnds.ts';
import { surveyed } from '../../shared/evaluate/survey.ts';
import { idKey } from '../../shared/model/ids.ts';
import { NO_SURROUNDINGS, type Surroundings } from '../../shared/model/surroundings.ts';
import type { Topology } from '../../shared/model/topology.ts';
import { mirror, networkId, nicId, SCOPE, subnetId, vmId } from '../helpers/estate.ts';
import { type RuleSpec, securityRule } from '../helpers/securityRule.ts';

const BACKEND = 8080;

/** Client 1972, behind the load balancer 8080; a group `/nsg` on one NIC, a route table at all. */
function ended(
  { nic = 'a1', isVia = true, hasRule = true, edit }: Partial<Case>,
  rules: RuleSpec[],
  route?: { prefix: string; hop: 'none' | 'virtualappliance' },
): string | undefined {
  const topology = mirror({ rules: [{ backendPort: BACKEND }] });
  for (const one of topology.nics) if (one.id === nicId(nic)) one.securityGroupId = '/nsg';
  const { survey, index } = surveyed(topology, SCOPE);
  const [frontend] = survey.frontends;
  const way = frontend?.ways.find(({ vmKey }) => vmKey === idKey(vmId('a')));
  const target = frontend?.members.find(({ key }) => key === idKey(vmId('b')));
  if (!way || !target) throw new Error('no way');
  edit?.(topology);
  const around: Surroundings = {
    ...NO_SURROUNDINGS,
    networks: [{ id: networkId(), prefixes: ['10.0.0.0/16'], subnets: [{ id: subnetId(), routeTableId: '/rt' }] }],
    securityGroups: [{ id: '/nsg', rules: rules.map((rule) => securityRule({ ...rule, id: `/nsg/${rule.id}` })) }],
    routeTables: [{ id: '/rt', routes: route ? [{ id: '/rt/route', ...route }] : [] }],
  };
  const end = packetEnds(
    index,
    around,
  )({
    ...{ way, isVia, target, place: target.ips[0] },
    rule: hasRule ? target.rules[0] : undefined,
  });
  return end && `${end.at} ${end.id}`;
}

interface Case {
  nic: string;
  isVia: boolean;
  hasRule: boolean;
  edit: (topology: Topology) => void;
}

const to = (...destinations: string[]): RuleSpec => ({ id: 'deny', direction: 'outbound', destinations });
const from = (...sources: string[]): RuleSpec => ({ id: 'deny', sources });
const ports = (rule: RuleSpec, ...destinationPorts: string[]): RuleSpec => ({ ...rule, destinationPorts });
const ANY = '*';

const CASES: [what: string, end: string | undefined, connection: Partial<Case>, rules: RuleSpec[]][] = [
  ['no rule', undefined, {}, []],
  ['it leaves by the secondary NIC, which may send nothing', 'leaving /nsg/deny', { nic: 'a2' }, [to(ANY)]],
  ['the first NIC may send nothing: it does not leave by it', undefined, { nic: 'a1' }, [to(ANY)]],
  ['without the fix it does', 'leaving /nsg/deny', { nic: 'a1', isVia: false }, [to(ANY)]],
  ['without the fix the secondary NIC is not asked', undefined, { nic: 'a2', isVia: false }, [to(ANY)]],
  ['the VIP alone is named: not certain', undefined, { nic: 'a2' }, [to('10.0.1.100')]],
  ['the machine behind alone: not certain', undefined, { nic: 'a2' }, [to('10.0.1.20')]],
  ['both', 'leaving /nsg/deny', { nic: 'a2' }, [to('10.0.1.100', '10.0.1.20')]],
  ['the port that it calls and the one behind', 'leaving /nsg/deny', { nic: 'a2' }, [ports(to(ANY), '1972', '8080')]],
  ['the port that it calls alone', undefined, { nic: 'a2' }, [ports(to(ANY), '1972')]],
  ['the port behind alone', undefined, { nic: 'a2' }, [ports(to(ANY), '8080')]],
  ['the target takes nothing from the via address', 'arriving /nsg/deny', { nic: 'b1' }, [from('10.0.1.11')]],
  ['from the first address: the fix does not send by it', undefined, { nic: 'b1' }, [from('10.0.1.10')]],
  ['without the fix it does send by it', 'arriving /nsg/deny', { nic: 'b1', isVia: false }, [from('10.0.1.10')]],
  ['the target takes nothing at the port behind', 'arriving /nsg/deny', { nic: 'b1' }, [ports(from(ANY), '8080')]],
  ['at the port that is called: nobody comes there', undefined, { nic: 'b1' }, [ports(from(ANY), '1972')]],
  ['no rule leads on: the proved port counts', 'arriving /nsg/deny', { nic: 'b1', hasRule: false }, [from(ANY)]],
  ['TCP alone is asked about', undefined, { nic: 'b1' }, [{ ...from(ANY), protocol: 'udp' }]],
  ['what may end it is no end', undefined, { nic: 'b1' }, [{ ...from(ANY), sourcePorts: ['50000'] }]],
  [
    'the network’s own addresses are let in',
    undefined,
    { nic: 'b1' },
    [{ ...from('VirtualNetwork'), id: 'own', access: 'allow' }, from(ANY)],
  ],
];
for (const [what, end, connection, rules] of CASES) {
  test(what, (t) => {
    t.is(ended(connection, rules), end);
  });
}

test('routes: to the VIP as it leaves, to the source as the answer comes back', (t) => {
  const none = (prefix: string) => ({ prefix, hop: 'none' }) as const;
  t.is(ended({}, [], none('10.0.1.100/32')), 'leaving /rt/route');
  t.is(ended({}, [], none('10.0.1.11/32')), 'answer /rt/route');
  t.is(ended({ isVia: false }, [], none('10.0.1.11/32')), undefined);
  t.is(ended({ isVia: false }, [], none('10.0.1.10/32')), 'answer /rt/route');
  t.is(ended({}, [], none('10.0.1.20/32')), undefined, 'the machine behind is nobody’s destination');
  t.is(ended({}, [], { prefix: '10.0.1.0/24', hop: 'virtualappliance' }), undefined, 'another machine may lead it on');
  t.is(ended({ nic: 'b1' }, [from(ANY)], none('10.0.1.11/32')), 'arriving /nsg/deny', 'the first end counts');
});

test('an address that Azure does not tell: nothing is said', (t) => {
  for (const nic of ['a1', 'b1']) {
    const edit = ({ nics }: Topology) => {
      for (const one of nics) if (one.id === nicId(nic)) delete one.ipConfigurations[0]?.address;
    };
    t.is(ended({ nic: 'b1', isVia: false, edit }, [from(ANY)]), undefined);
  }
  const edit = ({ nics }: Topology) => {
    for (const one of nics) if (one.id === nicId('a2')) one.ipConfigurations = [];
  };
  t.is(ended({ nic: 'b1', edit }, [from(ANY)]), undefined, 'the secondary NIC has none');
});
