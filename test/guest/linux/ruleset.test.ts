/** Firewalls' rules as text: which chain a packet's way ends in, by the script's own functions, without a kernel. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';

const PARTS = join(import.meta.dirname, '../../../shared/guest/linux');
const SETTING = `set -u -f
lines_of() { local text IFS=$'\\n'; LINES=(); text=$("$@") || return; LINES=($text); }
. ${PARTS}/rule.sh
. ${PARTS}/ruleset.sh
. ${PARTS}/firewall.sh
VIP=(10.0.1.100) BACKEND_IP=(10.0.1.10) VIA_IP=(10.0.1.11) BACKEND_DEV=(eth0) VIA_DEV=(eth1) NEAR_IP=10.0.1.10 NEAR_DEV=eth0 READ_UNTIL=60 IPTABLES_IS_NFT=1
declare -A places_of=() LOCAL_OF=([10.0.1.10]=eth0 [10.0.1.11]=eth1)
lines_of cat`;

function bash(script: string, input: string): string {
  const { stdout, stderr, status } = spawnSync('/bin/bash', ['-c', script], { input, encoding: 'utf8' });
  if (status !== 0 || stderr !== '') throw new Error(`${status}: ${stderr}`);
  return stdout;
}

/** The places for each of the packets, `o`, `i`, `p`, `q`, and for connects that ended at once, `u` and `f`. */
const placesIn = (ruleset: string, parse = 'parse_nft'): Record<string, string[]> =>
  Object.fromEntries(
    bash(
      `${SETTING}; ${parse}; for l in o i p q u f; do LOST_PACKET=($l) packet=x; find_places 0; echo "$l \${places_of[x]}"; done`,
      ruleset,
    )
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ').filter(Boolean))
      .map(([letter = '', ...places]) => [
        letter,
        // Beside a lost request stands what may have ended a reply.
        places.filter((place) => 'uf'.includes(letter) || place.startsWith(letter)),
      ]),
  );

const chain = (hook: string, policy: string, ...rules: string[]): string =>
  `table inet t {\n\tchain c {\n\t\ttype filter hook ${hook} priority filter; policy ${policy};\n${rules.map((rule) => `\t\t${rule}\n`).join('')}\t}\n}\n`;
const HERE = 'nft:inet:t:c';

for (const [rules, ends] of [
  [['ip saddr 10.0.1.0/24 accept'], false],
  [['iifname "eth0" accept'], false],
  [['iifname { "lo", "eth0" } counter packets 1 bytes 52 accept'], false],
  [['ip saddr 10.0.1.8-10.0.1.12 ip daddr 10.0.1.10 accept'], false],
  [['ip saddr != 10.0.2.0/24 accept'], false],
  [['meta l4proto tcp accept'], false],
  [['iifname "eth*" accept comment "drop"'], false],
  [['ct state new accept'], false],
  [['ct state vmap { established : accept, related : accept, new : accept }'], false],
  [[], true],
  [['ip saddr 10.0.2.0/24 accept'], true],
  [['iifname "eth1" accept'], true],
  [['iifname != "eth0" accept'], true],
  [['meta l4proto udp accept'], true],
  [['ip protocol icmp accept'], true],
  [['ip6 saddr fe80::/10 accept'], true],
  [['ct state established,related accept'], true],
  [['ct state vmap { established : accept, related : accept, invalid : drop }'], true],
  [['ip saddr @clients tcp dport 1972 accept'], true],
  [['log prefix "accept "'], true],
  [['jump other'], true],
] as const) {
  test(`policy drop and ${rules.join(', ') || 'nothing else'}: a request ${ends ? 'may end' : 'passes'}`, (t) => {
    t.deepEqual(placesIn(chain('input', 'drop', ...rules)).i, ends ? [`i;${HERE}`] : ['i;none']);
  });
}

for (const [rule, packets] of [
  ['ct state invalid drop', 'iq'], // the last to be named, when nothing else is there
  ['fib saddr . iif oif missing drop', 'iq'],
  ['ip saddr 10.0.1.11 drop', 'i'],
  ['ip saddr 10.0.1.100 drop', 'q'],
  ['iifname "eth1" drop', 'q'],
  ['ip saddr 10.0.2.0/24 drop', ''],
  ['iifname "docker0" drop', ''],
  ['udp dport 53 drop', ''],
  ['ip daddr 10.0.1.10 reject', 'if'],
  ['ip daddr 10.0.1.10 reject with icmpx admin-prohibited', 'iu'],
  ['ip daddr 10.0.1.10 reject with tcp reset', 'if'],
] as const) {
  test(`policy accept and ${rule}: ${packets || 'no packet'} may end`, (t) => {
    const places = placesIn(chain('prerouting', 'accept', rule));
    const ended = Object.entries(places).filter(([, list]) => list.some((place) => place.endsWith(HERE)));
    t.deepEqual(ended.map(([letter]) => letter).join(''), packets);
  });
}

/** Docker's chains, and what podman and administrators write: the request goes on to another address. */
for (const [name, rules, handed] of [
  ['nftables', ['tcp dport 1972 dnat to 172.17.0.2:1972'], true],
  [
    'nftables with the family',
    ['iifname != "docker0" tcp dport 1972 counter packets 3 bytes 180 dnat ip to 172.17.0.2:1972'],
    true,
  ],
  ['for another address', ['ip daddr 10.0.1.11 tcp dport 1972 dnat to 172.17.0.2'], false],
  ['after the packet was dropped', ['ip saddr 10.0.1.11 drop', 'tcp dport 1972 dnat to 172.17.0.2'], false],
  ['to an address of the machine', ['tcp dport 1972 dnat to 10.0.1.10:11972'], false],
  ['a condition that has the word', ['ct status dnat accept'], false],
  ['by a map', ['dnat to tcp dport map { 1972 : 172.17.0.2 }'], false],
] as const) {
  test(`a request that may be handed on: ${name}`, (t) => {
    const { i } = placesIn(chain('prerouting', 'accept', ...rules));
    t.is(i?.join() === 'i;dnat:172.17.0.2', handed, i?.join());
  });
}

test('a request that may be handed on: Docker with iptables', (t) => {
  const saved = [
    '*nat',
    ':PREROUTING ACCEPT [0:0]',
    ':DOCKER - [0:0]',
    '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER',
    '-A DOCKER -i docker0 -j RETURN',
    '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 1972 -j DNAT --to-destination 172.17.0.2:1972',
    'COMMIT',
    '*filter',
    ':INPUT DROP [0:0]',
    'COMMIT',
  ].join('\n');
  t.deepEqual(placesIn(saved, 'parse_iptables iptables').i, ['i;dnat:172.17.0.2']);
});

test('the likeliest of several chains is named, and what cannot be told apart together', (t) => {
  const odd = chain('prerouting', 'accept', 'ct state invalid drop').replace('table inet t', 'table inet odd');
  const may = chain('input', 'accept', 'tcp dport 1972 drop').replace('table inet t', 'table inet may');
  const sure = chain('input', 'drop');
  t.deepEqual(placesIn(odd + may + sure).i, [`i;${HERE}`]);
  t.deepEqual(placesIn(odd + may).i, ['i;nft:inet:may:c']);
  t.deepEqual(placesIn(odd).i, ['i;nft:inet:odd:c']);
  t.deepEqual(placesIn(may + may.replaceAll('may', 'too')).i, ['i;nft:inet:may:c', 'i;nft:inet:too:c']);
});

test('a reply is of an established connection, unless something takes packets from connection tracking', (t) => {
  const known = chain('input', 'drop', 'ct state established accept', 'tcp dport 1972 accept');
  t.deepEqual(placesIn(known).q, ['q;none']);
  const off = chain('prerouting', 'accept', 'tcp sport 1972 notrack').replace('table inet t', 'table inet off');
  t.deepEqual(placesIn(known + off).q, [`q;${HERE}`]);
});

test('chains of iptables are named as iptables knows them, and odd names are not repeated', (t) => {
  const filter = chain('input', 'drop').replace('inet t', 'ip filter').replace('chain c', 'chain INPUT');
  t.deepEqual(placesIn(filter).i, ['i;iptables:filter:INPUT']);
  t.deepEqual(placesIn(chain('input', 'drop').replace('chain c', `chain "c;id"`)).i, ['i;unread:nft']);
});

test('iptables-save, with chains of its own, comments and negations', (t) => {
  const saved = [
    '*filter',
    ':INPUT DROP [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ':SITE - [0:0]',
    '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A INPUT ! -i eth1 -p tcp -j SITE',
    '-A SITE -s 10.0.1.20/32 -m comment --comment "-j ACCEPT all" -j ACCEPT',
    '-A SITE -p icmp -j DROP',
    '-A OUTPUT -o eth1 -p tcp -m tcp --dport 1972 -j REJECT --reject-with icmp-host-prohibited',
    'COMMIT',
  ].join('\n');
  const places = placesIn(saved, 'parse_iptables iptables-legacy');
  t.deepEqual(places.i, ['i;iptables-legacy:filter:INPUT']);
  t.deepEqual(places.o, ['o;iptables-legacy:filter:OUTPUT']);
  t.deepEqual(places.u, ['o;iptables-legacy:filter:OUTPUT']);
  t.deepEqual(places.q, ['q;none']);
});

test('firewalld with iptables behind it', (t) => {
  const saved = [
    '*filter',
    ':INPUT ACCEPT [0:0]',
    '-A INPUT -j INPUT_ZONES',
    '-A INPUT_ZONES -i eth0 -g IN_work',
    '-A IN_work -j IN_work_deny',
    '-A IN_work_deny -s 10.0.1.0/24 -j DROP',
  ];
  t.deepEqual(placesIn(saved.join('\n'), 'parse_iptables iptables').i, ['i;firewalld:zone:work']);
});

test('whatever rules say, reading them ends', (t) => {
  const words =
    'ip saddr daddr iifname oifname ct state vmap meta l4proto tcp { } , != ! . : @a "x" 10.0.1.0/24 eth0 drop accept reject jump goto c log prefix comment counter packets 1 -i -s -j DROP -m --comment --ctstate new established \\ $x `id` * [0:0] -'.split(
      ' ',
    );
  const rule = fc.array(fc.constantFrom(...words), { maxLength: 9 }).map((list) => list.join(' '));
  const rules = fc.sample(rule, { numRuns: 1500, seed: 1 });
  t.truthy(placesIn(chain('input', 'drop', ...rules)).i);
  t.truthy(
    placesIn(
      ['*filter', ':INPUT DROP [0:0]', ...rules.map((one) => `-A INPUT ${one}`)].join('\n'),
      'parse_iptables iptables',
    ).i,
  );
});
