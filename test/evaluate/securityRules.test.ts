import test from 'ava';
import { type FirstPacket, judgePacket, PROBE_SOURCE } from '../../shared/evaluate/securityRules.ts';
import { idKey } from '../../shared/model/ids.ts';
import type { SecurityRule } from '../../shared/model/surroundings.ts';
import { type RuleSpec, securityRule as rule } from '../helpers/securityRule.ts';

/** Those that Azure puts into every group, for inbound. */
const DEFAULTS: SecurityRule[] = [
  rule({
    id: 'AllowVnetInBound',
    priority: 65_000,
    access: 'allow',
    sources: ['VirtualNetwork'],
    destinations: ['VirtualNetwork'],
  }),
  rule({ id: 'AllowAzureLoadBalancerInBound', priority: 65_001, access: 'allow', sources: ['AzureLoadBalancer'] }),
  rule({ id: 'DenyAllInBound', priority: 65_500 }),
];

const packet = (fields: Partial<FirstPacket> = {}): FirstPacket => ({
  direction: 'inbound',
  protocol: 'tcp',
  source: { address: '10.0.1.11', groups: new Set([idKey('/clients')]) },
  destination: { address: '10.0.1.10', groups: new Set([idKey('/servers')]) },
  port: 1972,
  ...fields,
});

const probe = packet({ source: { address: PROBE_SOURCE }, port: 52_773 });

const judged = (rules: RuleSpec[], of: FirstPacket = packet(), defaults = DEFAULTS): string => {
  const all = [...rules.map(rule), ...defaults].sort((a, b) => a.priority - b.priority);
  const verdict = judgePacket({ id: '/nsg', rules: all }, of);
  return verdict.outcome === 'passes' ? 'passes' : `${verdict.outcome} ${verdict.rule.id}`;
};

const CASES: [what: string, rules: RuleSpec[], packet: FirstPacket, verdict: string][] = [
  ['Azure’s own rules: within the network', [], packet(), 'passes'],
  ['Azure’s own rules: the probe', [], probe, 'passes'],
  ['everything denied', [{ id: 'd' }], packet(), 'ended d'],
  ['everything denied ends the probe too', [{ id: 'd', priority: 4096 }], probe, 'ended d'],
  [
    'the smaller number decides, however the list is ordered',
    [
      { id: 'd', priority: 200 },
      { id: 'a', priority: 100, access: 'allow' },
    ],
    packet(),
    'passes',
  ],
  ['the other direction', [{ id: 'd', direction: 'outbound' }], packet(), 'passes'],
  ['another protocol', [{ id: 'd', protocol: 'udp' }], packet(), 'passes'],
  ['its protocol', [{ id: 'd', protocol: 'tcp' }], packet(), 'ended d'],
  ['icmp', [{ id: 'd', protocol: 'icmp' }], packet(), 'passes'],
  ['a port', [{ id: 'd', destinationPorts: ['1972'] }], packet(), 'ended d'],
  ['another port', [{ id: 'd', destinationPorts: ['1973'] }], packet(), 'passes'],
  ['a span of ports', [{ id: 'd', destinationPorts: ['22', '1900-2000'] }], packet(), 'ended d'],
  ['the end of a span', [{ id: 'd', destinationPorts: ['1900-1971'] }], packet(), 'passes'],
  ['the source alone', [{ id: 'd', sources: ['10.0.1.11'] }], packet(), 'ended d'],
  ['another source', [{ id: 'd', sources: ['10.0.1.10'] }], packet(), 'passes'],
  ['a network', [{ id: 'd', sources: ['10.9.0.0/16', '10.0.1.8/29'] }], packet(), 'ended d'],
  ['the network next to it', [{ id: 'd', sources: ['10.0.1.16/28'] }], packet(), 'passes'],
  ['a network with bits behind its length', [{ id: 'd', sources: ['10.0.1.9/29'] }], packet(), 'ended d'],
  ['a range', [{ id: 'd', sources: ['10.0.1.2-10.0.1.11'] }], packet(), 'ended d'],
  ['beyond a range', [{ id: 'd', sources: ['10.0.1.2-10.0.1.10'] }], packet(), 'passes'],
  ['all of IPv4', [{ id: 'd', sources: ['0.0.0.0/0'] }], packet(), 'ended d'],
  ['IPv6 is another world', [{ id: 'd', sources: ['::/0'] }], packet(), 'passes'],
  ['the destination', [{ id: 'd', destinations: ['10.0.1.10/32'] }], packet(), 'ended d'],
  ['another destination', [{ id: 'd', destinations: ['10.0.1.100'] }], packet(), 'passes'],
  ['the network’s tag, in any letter case', [{ id: 'd', sources: ['virtualnetwork'] }], packet(), 'ended d'],
  ['the Internet is elsewhere', [{ id: 'd', sources: ['Internet'] }], packet(), 'passes'],
  ['the load balancer’s tag is of probes', [{ id: 'd', sources: ['AzureLoadBalancer'] }], packet(), 'passes'],
  ['the load balancer’s tag ends probes', [{ id: 'd', sources: ['AzureLoadBalancer'] }], probe, 'ended d'],
  ['the probe’s own address', [{ id: 'd', sources: ['168.63.129.16/32'] }], probe, 'ended d'],
  ['the Internet ends no probe', [{ id: 'd', sources: ['Internet'] }], probe, 'passes'],
  ['the network’s tag and a probe: nobody says', [{ id: 'd', sources: ['VirtualNetwork'] }], probe, 'unsure d'],
  [
    'the network’s tag behind a rule for the probe',
    [
      { id: 'a', access: 'allow', sources: ['AzureLoadBalancer'] },
      { id: 'd', priority: 200, sources: ['VirtualNetwork'] },
    ],
    probe,
    'passes',
  ],
  ['a service’s tag', [{ id: 'd', sources: ['Storage.WestEurope'] }], packet(), 'passes'],
  [
    'a service’s tag, of a network with public addresses',
    [{ id: 'd', sources: ['AzureCloud'] }],
    packet({ source: { address: '20.1.0.11' } }),
    'unsure d',
  ],
  ['an application security group', [{ id: 'd', sources: [], sourceGroups: ['/CLIENTS'] }], packet(), 'ended d'],
  ['another application security group', [{ id: 'd', sources: [], sourceGroups: ['/servers'] }], packet(), 'passes'],
  [
    'application security groups at both ends',
    [{ id: 'd', sources: [], destinations: [], sourceGroups: ['/clients'], destinationGroups: ['/x', '/servers'] }],
    packet(),
    'ended d',
  ],
  ['all source ports a program gets', [{ id: 'd', sourcePorts: ['1024-65535'] }], packet(), 'ended d'],
  ['together they are all', [{ id: 'd', sourcePorts: ['40000-65535', '0-39999'] }], packet(), 'ended d'],
  ['some source ports', [{ id: 'd', sourcePorts: ['50000-60000'] }], packet(), 'unsure d'],
  ['source ports that no program gets', [{ id: 'd', sourcePorts: ['22'] }], packet(), 'passes'],
  [
    'some source ports allowed, and then denied',
    [
      { id: 'a', access: 'allow', sourcePorts: ['50000-60000'] },
      { id: 'd', priority: 200 },
    ],
    packet(),
    'unsure a',
  ],
  [
    'what may deny ahead of what denies anyway',
    [
      { id: 'm', sourcePorts: ['50000'] },
      { id: 'd', priority: 200 },
    ],
    packet(),
    'ended d',
  ],
  ['a rule of which the access is not known', [{ id: 'd', access: 'unknown' }], packet(), 'unsure d'],
  ['a rule without a priority may come first', [{ id: 'd', priority: 0 }], packet(), 'unsure d'],
  ['a rule without addresses', [{ id: 'd', sources: [] }], packet(), 'unsure d'],
  ['a rule with ports that are none', [{ id: 'd', destinationPorts: ['http'] }], packet(), 'unsure d'],
  [
    'what cannot be read matters only where the rest matches',
    [{ id: 'd', sources: ['10.0.300.1/8'], destinationPorts: ['22'] }],
    packet(),
    'passes',
  ],
  [
    'the same the other way round',
    [{ id: 'd', sources: ['10.0.1.10'], destinationPorts: ['http'] }],
    packet(),
    'passes',
  ],
  ['what cannot be read beside what matches', [{ id: 'd', sources: ['10.0.300.1', '10.0.1.11'] }], packet(), 'ended d'],
  [
    'what cannot be read beside what does not',
    [{ id: 'd', sources: ['10.0.1.9', '10.0.300.1'] }],
    packet(),
    'unsure d',
  ],
  ['an address with blanks around it', [{ id: 'd', sources: [' 10.0.1.11 '] }], packet(), 'ended d'],
  ['any, as some write it', [{ id: 'd', sources: ['Any'] }], packet(), 'ended d'],
  ['all of IPv4 holds a public address too', [{ id: 'd', sources: ['0.0.0.0/0'] }], probe, 'ended d'],
  ['a range that ends in no address', [{ id: 'd', sources: ['10.0.1.2-x'] }], packet(), 'unsure d'],
  ['a range that begins with this address', [{ id: 'd', sources: ['10.0.1.11-10.0.1.12'] }], packet(), 'ended d'],
  ['a range that begins behind it', [{ id: 'd', sources: ['10.0.1.12-10.0.1.20'] }], packet(), 'passes'],
  ['a length that is none', [{ id: 'd', sources: ['10.0.1.0/33'] }], packet(), 'unsure d'],
  ['a length with more behind it', [{ id: 'd', sources: ['10.0.1.0/24x'] }], packet(), 'unsure d'],
  ['a length with more before it', [{ id: 'd', sources: ['10.0.1.0/x24'] }], packet(), 'unsure d'],
  ['what begins with a digit is no tag', [{ id: 'd', sources: ['1a'] }], packet(), 'unsure d'],
  ['a direction that is not known', [{ id: 'd', direction: 'unknown' }], packet(), 'unsure d'],
  ['a protocol that is not known', [{ id: 'd', protocol: 'unknown' }], packet(), 'unsure d'],
  ['ports with blanks', [{ id: 'd', destinationPorts: [' 1972 - 1972 '] }], packet(), 'ended d'],
  ['all ports, with blanks', [{ id: 'd', destinationPorts: [' * '] }], packet(), 'ended d'],
  ['a port with more behind it', [{ id: 'd', destinationPorts: ['1972x'] }], packet(), 'unsure d'],
  ['no source ports', [{ id: 'd', sourcePorts: [] }], packet(), 'unsure d'],
  ['source ports of which some cannot be read', [{ id: 'd', sourcePorts: ['x', '1024-65535'] }], packet(), 'unsure d'],
  ['source ports with a gap of one', [{ id: 'd', sourcePorts: ['1024-39999', '40001-65535'] }], packet(), 'unsure d'],
  ['source ports without the first', [{ id: 'd', sourcePorts: ['1025-65535'] }], packet(), 'unsure d'],
  ['source ports without the last', [{ id: 'd', sourcePorts: ['1024-65534'] }], packet(), 'unsure d'],
  ['a port that only the first of spans holds', [{ id: 'd', sourcePorts: ['0-65535', '1-2'] }], packet(), 'ended d'],
  ['the first source port alone', [{ id: 'd', sourcePorts: ['1024'] }], packet(), 'unsure d'],
  ['up to the first source port', [{ id: 'd', sourcePorts: ['0-1023'] }], packet(), 'passes'],
  ['the last source port alone', [{ id: 'd', sourcePorts: ['65535'] }], packet(), 'unsure d'],
  [
    'what may allow ahead of what allows anyway',
    [
      { id: 'm', access: 'allow', sourcePorts: ['50000'] },
      { id: 'a', priority: 200, access: 'allow' },
    ],
    packet(),
    'passes',
  ],
];

for (const [what, rules, of, verdict] of CASES) {
  test(what, (t) => {
    t.is(judged(rules, of), verdict);
  });
}

test('a group that shows no rule at all ends nothing', (t) => {
  t.is(judged([], packet(), []), 'passes');
  t.is(judged([{ id: 'd' }], packet(), []), 'ended d');
});

const WHYS: [what: string, spec: Partial<SecurityRule>, packet: FirstPacket, why: string][] = [
  ['not read', { sources: [] }, packet(), 'Not all of the rule could be read.'],
  [
    'some source ports',
    { sourcePorts: ['50000'] },
    packet(),
    'It is about some source ports alone, and a program may get others.',
  ],
  [
    'the host’s address',
    { sources: ['VirtualNetwork'] },
    probe,
    'The tag VirtualNetwork also stands for the host’s address, and so perhaps for probes.',
  ],
  [
    'an address in no range that is known',
    { sources: ['VirtualNetwork'] },
    packet({ source: { address: '10.9.1.11' }, ranges: ['10.0.0.0/16'] }),
    'Whether the tag VirtualNetwork stands for 10.9.1.11 cannot be told: it is in no range of the network or of one that is peered with it, and the tag also stands for ranges behind gateways and in routes.',
  ],
  [
    'a service’s tag',
    { sources: ['AzureCloud'] },
    packet({ source: { address: '20.1.0.11' } }),
    'It is not told here whether the service tag AzureCloud stands for 20.1.0.11.',
  ],
];

for (const [what, spec, of, why] of WHYS) {
  test(`why a verdict is not sure is said: ${what}`, (t) => {
    const verdict = judgePacket({ id: '/nsg', rules: [rule({ id: 'd', ...spec })] }, of);
    t.is(verdict.outcome === 'unsure' ? verdict.why : verdict.outcome, why);
  });
}

test('of a group without a rule that matches for sure, one that may allow says nothing, and one that may deny does', (t) => {
  const may = (access: 'allow' | 'deny') => [{ id: access, access, sourcePorts: ['50000'] }];
  t.is(judged(may('allow'), packet(), []), 'passes');
  t.is(judged(may('deny'), packet(), []), 'unsure deny');
  t.is(judged([...may('allow'), ...may('deny')], packet(), []), 'unsure deny');
});

test('the tag VirtualNetwork: ranges of the network and of peered ones; what lies in none is not known', (t) => {
  const rules: RuleSpec[] = [{ id: 'd', sources: ['VirtualNetwork'] }];
  const from = (address: string, ranges?: string[]) => judged(rules, packet({ source: { address }, ranges }));
  t.is(from('10.0.1.11', ['10.0.0.0/16']), 'ended d');
  t.is(from('10.9.1.11', ['10.0.0.0/16', '10.9.0.0/16']), 'ended d', 'peered');
  t.is(from('10.9.1.11', ['10.0.0.0/16']), 'unsure AllowVnetInBound', 'nor of Azure’s own rule');
  t.is(from('10.9.1.11'), 'ended d', 'the network was not read: members of one load balancer are in one network');
  // Azure's own rule lets the network pass, and denies the rest.
  t.is(judged([], packet({ source: { address: '10.9.1.11' }, ranges: ['10.0.0.0/16'] })), 'unsure AllowVnetInBound');
  t.is(judged([], packet({ ranges: ['10.0.0.0/16'] })), 'passes');
});
