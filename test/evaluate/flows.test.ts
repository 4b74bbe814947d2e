/** How what security rules end is put together: one line per rule and place. */
import test from 'ava';
import { Flows } from '../../shared/evaluate/flows.ts';
import { type FirstPacket, type GroupVerdict, PROBE_SOURCE } from '../../shared/evaluate/securityRules.ts';
import { type RuleSpec, securityRule } from '../helpers/securityRule.ts';

const rule = (id: string, fields: Partial<RuleSpec> = {}) => securityRule({ ...fields, id: `/nsg/${id}` });
const at = (where = 'the NIC a1', ...rules: RuleSpec[]) => ({
  group: { id: '/nsg', rules: rules.map(securityRule) },
  where,
});
const ended = (id = 'deny'): GroupVerdict => ({ outcome: 'ended', rule: rule(id) });
const unsure = (why: string): GroupVerdict => ({ outcome: 'unsure', rule: rule('deny'), why });
const packet = (from = '10.0.1.11', to = '10.0.1.10', fields: Partial<FirstPacket> = {}): FirstPacket => ({
  ...{ direction: 'inbound', protocol: 'tcp', port: 1972, ...fields },
  source: { address: from },
  destination: { address: to },
});

/** What is told of packets, each with the place and what the group makes of it. */
function told(...noted: [where: string, packet: FirstPacket, verdict: GroupVerdict][]) {
  const flows = new Flows();
  for (const [where, sent, verdict] of noted) flows.add(at(where), sent, verdict);
  return flows.preconditions();
}

test('one packet that a rule ends', (t) => {
  t.deepEqual(told(['the NIC a1', packet(), ended()]), [
    {
      code: 'SECURITY_RULE_ENDS',
      id: '/nsg/deny',
      params: {
        ...{
          where: 'the NIC a1',
          direction: 'inbound',
          flows: '10.0.1.11 to 10.0.1.10:1972',
          why: '',
          priority: '100',
        },
        ...{ protocol: 'TCP', from: '10.0.1.11', to: '10.0.1.10', ports: '1972' },
      },
    },
  ]);
  t.deepEqual(told(['the NIC a1', packet(), { outcome: 'passes' }]), []);
});

test('packets that one rule ends at one place are one line, and nothing stands in it twice', (t) => {
  const found = told(
    ['the NIC a1', packet(), ended()],
    ['the NIC a1', packet(), ended('DENY')],
    ['the NIC a1', packet('10.0.1.21', '10.0.1.10', { protocol: 'udp', port: 514 }), ended()],
  );
  t.is(found.length, 1);
  t.like(found[0]?.params, {
    flows: '10.0.1.11 to 10.0.1.10:1972, 10.0.1.21 to 10.0.1.10:514/udp',
    protocol: 'TCP and UDP',
    from: '10.0.1.11, 10.0.1.21',
    to: '10.0.1.10',
    ports: '1972, 514',
  });
});

for (const [what, place, sent, verdict] of [
  ['another place', 'the NIC b1', packet(), ended()],
  ['another direction', 'the NIC a1', packet('10.0.1.11', '10.0.1.10', { direction: 'outbound' }), ended()],
  ['another rule', 'the NIC a1', packet(), ended('other')],
  ['the probe', 'the NIC a1', packet(PROBE_SOURCE), ended()],
  ['what is not sure', 'the NIC a1', packet(), unsure('')],
] as [string, string, FirstPacket, GroupVerdict][]) {
  test(`a line of its own: ${what}`, (t) => {
    t.is(told(['the NIC a1', packet(), ended()], [place, sent, verdict]).length, 2);
  });
}

test('what is not sure says why, by reason; of the probe it is told as well', (t) => {
  const found = told(
    ['the NIC a1', packet(), unsure('One.')],
    ['the NIC a1', packet(), unsure('Two.')],
    ['the NIC a1', packet(PROBE_SOURCE), unsure('One.')],
    ['the NIC a1', packet(PROBE_SOURCE), ended()],
  );
  t.deepEqual(
    found.map(({ code, params: { why, from } }) => `${code} ${why} ${from}`),
    [
      'SECURITY_RULE_UNSURE One. 10.0.1.11',
      'SECURITY_RULE_UNSURE Two. 10.0.1.11',
      'SECURITY_RULE_UNSURE One. AzureLoadBalancer',
      'SECURITY_RULE_ENDS_PROBE  AzureLoadBalancer',
    ],
  );
});

test('of many flows six are named and the rest is counted', (t) => {
  const many = (count: number) =>
    told(
      ...Array.from({ length: count }, (_, i): [string, FirstPacket, GroupVerdict] => [
        'the NIC a1',
        packet('10.0.1.11', '10.0.1.10', { port: i + 1 }),
        ended(),
      ]),
    )[0]?.params.ports;
  t.is(many(6), '1, 2, 3, 4, 5, 6');
  t.is(many(8), '1, 2, 3, 4, 5, 6 and 2 more');
});

const OUT: RuleSpec = { id: '/nsg/deny', direction: 'outbound' };
const VIP = '10.0.1.100';
for (const [what, rules, code] of [
  ['neither ends', [], undefined],
  ['both end', [OUT], 'SECURITY_RULE_ENDS 10.0.1.10'],
  [
    'the machine behind ends alone',
    [{ ...OUT, destinations: ['10.0.1.10'] }],
    'SECURITY_RULE_UNSURE 10.0.1.10 Azure does',
  ],
  ['the VIP ends alone', [{ ...OUT, destinations: [VIP] }], 'SECURITY_RULE_UNSURE 10.0.1.100 Azure does'],
  [
    'one ends, one is not sure',
    [{ ...OUT, id: '/nsg/some', sourcePorts: ['50000'], access: 'allow', destinations: ['10.0.1.10'] }, { ...OUT }],
    'SECURITY_RULE_UNSURE 10.0.1.100 Azure does',
  ],
  ['both are not sure', [{ ...OUT, sourcePorts: ['50000'] }], 'SECURITY_RULE_UNSURE 10.0.1.10 It is about'],
  [
    'one is not sure, one passes',
    [{ ...OUT, sourcePorts: ['50000'], destinations: [VIP] }],
    'SECURITY_RULE_UNSURE 10.0.1.100 It is about',
  ],
] as [string, RuleSpec[], string | undefined][]) {
  test(`a packet to a VIP as it leaves: ${what}`, (t) => {
    const flows = new Flows();
    const [behind, toVip] = ['10.0.1.10', VIP].map((to) => packet('10.0.1.11', to, { direction: 'outbound' }));
    if (behind && toVip) flows.addEither(at('the NIC a2', ...rules), [behind, toVip]);
    const [first] = flows.preconditions().map(({ code, params: { to, why } }) => `${code} ${to} ${why}`.trim());
    if (code === undefined) t.is(first, undefined);
    else t.true(first?.startsWith(code), first);
  });
}

test('of all ports: one line per place, direction and group, with each protocol’s ports', (t) => {
  const flows = new Flows();
  const some: RuleSpec = { id: '/nsg/deny', destinationPorts: ['22', '80-90'] };
  const all = (protocol: 'tcp' | 'udp', from: string, direction: FirstPacket['direction'] = 'inbound') => [
    packet(from, '10.0.1.10', { protocol, direction }),
  ];
  flows.addAllPorts(at('the NIC a1', some), all('tcp', '10.0.1.11'));
  flows.addAllPorts(at('the NIC a1', some), all('tcp', '10.0.1.21'));
  flows.addAllPorts(at('the NIC a1', { ...some, protocol: 'tcp' }), all('udp', '10.0.1.31'));
  flows.addAllPorts(at('the NIC a1', some), all('udp', '10.0.1.11'));
  flows.addAllPorts(at('the NIC b1', some), all('tcp', '10.0.1.11'));
  flows.addAllPorts(at('the NIC a1', { ...some, direction: 'outbound' }), all('tcp', '10.0.1.11', 'outbound'));
  const ports = 'TCP 22, 80-90';
  t.deepEqual(flows.preconditions(), [
    {
      code: 'HA_PORTS_ENDED',
      id: '/nsg',
      params: {
        ...{ where: 'the NIC a1', direction: 'inbound', from: '10.0.1.11, 10.0.1.21', to: '10.0.1.10' },
        ports: `${ports}; UDP 22, 80-90`,
      },
    },
    {
      code: 'HA_PORTS_ENDED',
      id: '/nsg',
      params: { where: 'the NIC b1', direction: 'inbound', from: '10.0.1.11', to: '10.0.1.10', ports },
    },
    {
      code: 'HA_PORTS_ENDED',
      id: '/nsg',
      params: { where: 'the NIC a1', direction: 'outbound', from: '10.0.1.11', to: '10.0.1.10', ports },
    },
  ]);
});
