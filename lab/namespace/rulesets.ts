/** Firewalls as people write them, for the guest of the article's case: 10.0.1.10 on eth0, 10.0.1.11 on eth1. */
import type { LostPacket } from '../../shared/model/guest.ts';

/** A firewall that a looped connection passes, or one that ends it and is then named with the rule that helps. */
export interface Ruleset {
  name: string;
  /** Shell text that puts it up. */
  setup: string;
  /** Where it ends a packet; without it nothing is lost. */
  ends?: { packet: LostPacket; where: string };
  /** The primary is on the other VM: what connected before must connect afterwards, so an apply is taken back. */
  primaryElsewhere?: boolean;
  /** How the connect ends; `timeout` when not told. */
  outcome?: 'timeout' | 'unreachable' | 'refused';
}

const nft = (hook: string, priority: string, policy: string, ...rules: string[]): string =>
  [
    'nft add table inet guard',
    `nft 'add chain inet guard ${hook} { type filter hook ${hook} priority ${priority}; policy accept; }'`,
    ...rules.map((rule) => `nft 'add rule inet guard ${hook} ${rule}'`),
    `nft 'chain inet guard ${hook} { policy ${policy}; }'`,
  ].join('\n');

const KNOWN = 'ct state established,related accept';
/** Administrators, probes and another VM may come in; nobody thought of the via address. */
const CLIENTS = 'ip saddr { 127.0.0.1, 168.63.129.16, 10.0.1.20, 10.0.1.10 } accept';
const INPUT = 'nftables (table inet guard, chain input)';
const OUTPUT = 'nftables (table inet guard, chain output)';

const NFT: Ruleset[] = [
  {
    name: 'nftables: invalid dropped in prerouting, input and output',
    setup: ['prerouting', 'input', 'output']
      .map((hook) => nft(hook, '0', 'accept', 'ct state invalid drop'))
      .join('\n'),
  },
  {
    name: 'nftables: policy drop in input, the service ports open',
    setup: nft(
      'input',
      '0',
      'drop',
      KNOWN,
      'ct state invalid drop',
      'iif lo accept',
      'ct state new tcp dport { 1972, 51773, 52773 } accept',
    ),
  },
  {
    name: 'nftables: policy drop in output, connections to the service port open',
    setup: nft(
      'output',
      '0',
      'drop',
      KNOWN,
      'ct state invalid drop',
      'oif lo accept',
      'ct state new tcp dport 1972 accept',
    ),
  },
  {
    name: 'nftables: no way back, no entry (fib saddr . iif oif missing drop)',
    setup: nft('prerouting', 'raw', 'accept', 'fib saddr . iif oif missing drop'),
  },
  {
    name: 'nftables: an allow list without the via address',
    setup: nft('input', '0', 'drop', KNOWN, 'iif lo accept', CLIENTS),
    ends: { packet: 'request-in', where: INPUT },
  },
  {
    name: 'nftables: an allow list that rejects',
    setup: nft('input', '0', 'accept', KNOWN, 'iif lo accept', CLIENTS, 'reject with icmpx admin-prohibited'),
    ends: { packet: 'request-in', where: INPUT },
    outcome: 'unreachable',
  },
  {
    name: 'nftables: an allow list before connection tracking',
    setup: nft(
      'prerouting',
      'raw',
      'accept',
      'ip saddr != { 127.0.0.1, 168.63.129.16, 10.0.1.100, 10.0.1.101, 10.0.1.20 } tcp dport { 1972, 51773 } drop',
    ),
    ends: { packet: 'request-in', where: 'nftables (table inet guard, chain prerouting)' },
  },
  {
    name: 'nftables: an allow list at the device',
    setup: `nft add table netdev edge
nft 'add chain netdev edge arriving { type filter hook ingress device "eth0" priority 0; policy accept; }'
nft 'add rule netdev edge arriving ip saddr 10.0.1.11 drop'`,
    ends: { packet: 'request-in', where: 'nftables (table netdev edge, chain arriving)' },
  },
  {
    name: 'nftables: nothing leaves but by the first NIC',
    setup: nft('output', '0', 'drop', 'oifname { "lo", "eth0" } accept'),
    ends: { packet: 'request-out', where: OUTPUT },
  },
  {
    name: 'nftables: nothing leaves but by the first NIC, the primary elsewhere',
    setup: nft('output', '0', 'drop', 'oifname { "lo", "eth0" } accept'),
    ends: { packet: 'request-out', where: OUTPUT },
    primaryElsewhere: true,
  },
  {
    name: 'nftables: replies leave to known clients only',
    setup: nft(
      'output',
      '0',
      'drop',
      'tcp dport 1972 accept',
      'ip daddr { 127.0.0.1, 168.63.129.16, 10.0.1.20 } accept',
    ),
    ends: { packet: 'reply-out', where: OUTPUT },
  },
  {
    name: 'nftables: replies come in by the first NIC only',
    setup: nft('input', '0', 'drop', 'iifname { "lo", "eth0" } accept'),
    ends: { packet: 'reply-in', where: INPUT },
  },
  {
    name: 'nftables: replies come in by the first NIC only, the primary elsewhere',
    setup: nft('input', '0', 'drop', 'iifname { "lo", "eth0" } accept'),
    ends: { packet: 'request-in', where: INPUT },
    primaryElsewhere: true,
  },
  {
    name: 'nftables: connection tracking off for the looped flow',
    setup: [
      nft('prerouting', 'raw', 'accept', 'ip saddr 10.0.1.0/24 tcp sport 1972 notrack', 'tcp dport 1972 notrack'),
      nft('input', '0', 'drop', KNOWN, 'iif lo accept', 'tcp dport { 1972, 51773, 52773 } accept'),
    ].join('\n'),
    ends: { packet: 'reply-in', where: INPUT },
  },
];

/** The same for iptables, in both of its kinds. */
const iptables = (tool: 'iptables' | 'iptables-legacy'): Ruleset[] => {
  const known = '-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT';
  const invalid = '-m conntrack --ctstate INVALID -j DROP';
  const text = (...lines: string[]): string => lines.map((line) => `${tool} ${line}`).join('\n');
  const clients = ['127.0.0.1', '168.63.129.16', '10.0.1.20'].map((address) => `-A INPUT -s ${address} -j ACCEPT`);
  const input = `${tool} (table filter, chain INPUT)`;
  const output = `${tool} (table filter, chain OUTPUT)`;
  return [
    {
      name: `${tool}: invalid dropped in PREROUTING, INPUT and OUTPUT`,
      setup: text(`-t mangle -A PREROUTING ${invalid}`, `-A INPUT ${invalid}`, `-A OUTPUT ${invalid}`),
    },
    {
      name: `${tool}: policy DROP in INPUT, the service ports open`,
      setup: text(
        `-A INPUT ${known}`,
        '-A INPUT -i lo -j ACCEPT',
        '-A INPUT -p tcp -m multiport --dports 1972,51773,52773 -j ACCEPT',
        '-P INPUT DROP',
      ),
    },
    { name: `${tool}: rpfilter`, setup: text('-t raw -A PREROUTING -m rpfilter --invert -j DROP') },
    {
      name: `${tool}: an allow list without the via address`,
      setup: text(`-A INPUT ${known}`, '-A INPUT -i lo -j ACCEPT', ...clients, '-P INPUT DROP'),
      ends: { packet: 'request-in', where: input },
    },
    {
      name: `${tool}: an allow list that rejects`,
      setup: text(`-A INPUT ${known}`, '-A INPUT -i lo -j ACCEPT', ...clients, '-A INPUT -j REJECT'),
      ends: { packet: 'request-in', where: input },
      outcome: 'refused',
    },
    {
      name: `${tool}: policy DROP in OUTPUT, the primary elsewhere`,
      setup: text('-A OUTPUT -o lo -j ACCEPT', '-A OUTPUT -o eth0 -j ACCEPT', '-P OUTPUT DROP'),
      ends: { packet: 'request-out', where: output },
      primaryElsewhere: true,
    },
    {
      name: `${tool}: connection tracking off for the looped flow`,
      setup: text(
        '-t raw -A PREROUTING -p tcp --sport 1972 -j CT --notrack',
        '-t raw -A PREROUTING -p tcp --dport 1972 -j CT --notrack',
        `-A INPUT ${known}`,
        '-A INPUT -i lo -j ACCEPT',
        '-A INPUT -p tcp -m multiport --dports 1972,51773,52773 -j ACCEPT',
        '-P INPUT DROP',
      ),
      ends: { packet: 'reply-in', where: input },
    },
  ];
};

export const RULESETS: readonly Ruleset[] = [...NFT, ...iptables('iptables'), ...iptables('iptables-legacy')];
