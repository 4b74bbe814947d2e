import test from 'ava';
import { addLost } from '../../shared/guest/firewall.ts';
import { parseReport } from '../../shared/guest/report.ts';
import { MARKER } from '../../shared/guest/wire.ts';
import type { PathReport } from '../../shared/model/guest.ts';
import { COMMAND_ID, commandOf, frontendOf } from './commands.ts';

const frontends = ['10.0.1.100', '10.0.1.101', '10.0.1.102'].map((vip) => frontendOf({ vip }));

/** What the entries say of each path, and which of them is none. */
function lostBy(...entries: string[]) {
  const paths = new Map<number, PathReport>(
    frontends.map(({ vip }, index) => {
      const connect = { outcome: 'timeout', ms: 3000 } as const;
      return [
        index,
        { vip, before: [], after: [], connectBefore: connect, connectAfter: connect, proof: 'none' as const },
      ];
    }),
  );
  const { wrong, isCut } = addLost(entries, paths, frontends);
  return { wrong, isCut, lost: [...paths.values()].map((path) => path.lost) };
}

const ruleOf = (entry: string): string | undefined => lostBy(entry).lost[0]?.places[0]?.rule;

test('a request that is handed on', (t) => {
  const { lost, wrong } = lostBy('i;eth0;eth1;dnat:172.17.0.2;0.2');
  t.is(wrong, undefined);
  const told = { packet: 'request-in' as const, places: [], replyPlaces: [], unread: [], handedTo: '172.17.0.2' };
  t.deepEqual(lost, [told, undefined, told]);
  t.is(lostBy('i;eth0;eth1;dnat:172.17.0.2.evil;0').wrong, 'i;eth0;eth1;dnat:172.17.0.2.evil;0');
});

for (const [letter, rule] of [
  ['o', 'oifname "eth1" ip saddr 10.0.1.11 ip daddr 10.0.1.100'],
  ['i', 'iifname "eth0" ip saddr 10.0.1.11 ip daddr 10.0.1.10'],
  ['p', 'oifname "eth0" ip saddr 10.0.1.10 ip daddr 10.0.1.11'],
  ['q', 'iifname "eth1" ip saddr 10.0.1.100 ip daddr 10.0.1.11'],
] as const) {
  test(`nftables, packet ${letter}`, (t) => {
    const { lost, wrong } = lostBy(`${letter};eth0;eth1;nft:inet:filter:input;0`);
    t.is(wrong, undefined);
    t.deepEqual(lost[0]?.places, [
      { where: 'nftables (table inet filter, chain input)', rule: `nft insert rule inet filter input ${rule} accept` },
    ]);
  });
}

test('a chain of a device, and an interface without a plain name, name no interface', (t) => {
  t.is(
    ruleOf('i;eth0;eth1;nft:netdev:edge:in;0'),
    'nft insert rule netdev edge in ip saddr 10.0.1.11 ip daddr 10.0.1.10 accept',
  );
  t.is(ruleOf('i;-;-;iptables:filter:INPUT;0'), 'iptables -I INPUT -s 10.0.1.11 -d 10.0.1.10 -j ACCEPT');
});

test('iptables, of both kinds and in other tables', (t) => {
  t.is(ruleOf('i;eth0;eth1;iptables:filter:INPUT;0'), 'iptables -I INPUT -i eth0 -s 10.0.1.11 -d 10.0.1.10 -j ACCEPT');
  t.is(
    ruleOf('p;eth0;eth1;iptables-legacy:mangle:POSTROUTING;0'),
    'iptables-legacy -t mangle -I POSTROUTING -o eth0 -s 10.0.1.10 -d 10.0.1.11 -j ACCEPT',
  );
});

test('firewalld: a zone, a policy, or the default zone', (t) => {
  const rich = `--add-rich-rule='rule priority="-32768" family="ipv4" source address="10.0.1.11" destination address="10.0.1.10" accept'`;
  t.is(
    ruleOf('i;eth0;eth1;firewalld:zone:drop;0'),
    `firewall-cmd --zone=drop ${rich} && firewall-cmd --permanent --zone=drop ${rich}`,
  );
  t.true(ruleOf('i;eth0;eth1;firewalld:policy:leaving;0')?.includes(`--permanent --policy=leaving ${rich}`));
  t.is(ruleOf('i;eth0;eth1;firewalld;0'), `firewall-cmd ${rich} && firewall-cmd --permanent ${rich}`);
});

test('a list of paths; each has its own VIP in its rule', (t) => {
  const { lost } = lostBy('o;eth0;eth1;iptables:filter:OUTPUT;0-2');
  t.deepEqual(
    lost.map((one) => one?.places[0]?.rule.match(/-d (\S+)/)?.[1]),
    ['10.0.1.100', '10.0.1.101', '10.0.1.102'],
  );
  t.deepEqual(
    lostBy('i;eth0;eth1;none;0.2').lost.map((one) => one?.packet),
    ['request-in', undefined, 'request-in'],
  );
});

test('a request that was lost, and what may have ended its reply', (t) => {
  const { lost } = lostBy('q;eth0;eth1;nft:inet:filter:input;0', 'i;eth0;eth1;none;0');
  t.is(lost[0]?.packet, 'request-in');
  t.deepEqual(lost[0]?.places, []);
  t.true(lost[0]?.replyPlaces[0]?.rule.includes('ip saddr 10.0.1.100 ip daddr 10.0.1.11'));
});

test('what cannot be read is said', (t) => {
  t.deepEqual(lostBy('q;eth0;eth1;unread:nft;1').lost[1], {
    packet: 'reply-in',
    places: [],
    replyPlaces: [],
    unread: ['nft'],
  });
});

test('a path named many times in an entry, and an entry that is there twice, say each place once', (t) => {
  const { lost, isCut } = lostBy(
    'q;eth0;eth1;nft:inet:filter:input;0.0-2.0',
    'i;eth0;eth1;firewalld:zone:public;0-2.0-2.0-2.1.1',
    'i;eth0;eth1;firewalld:zone:public;0',
    'i;eth0;eth1;unread:nft;0.0',
  );
  for (const one of lost) {
    t.is(one?.places.length, 1);
    t.is(one?.replyPlaces.length, 1);
  }
  t.deepEqual(lost[0]?.unread, ['nft']);
  t.false(isCut);
});

test('a path has eight places at most, those of its request before those of its reply, and the rest is said to be cut', (t) => {
  const six = (packet: string) =>
    Array.from({ length: 6 }, (_, i) => `${packet};eth0;eth1;nft:inet:filter:chain${i};0`);
  const { lost, isCut } = lostBy(...six('q'), ...six('i'), 'i;eth0;eth1;nft:inet:filter:input;1');
  t.deepEqual([lost[0]?.places.length, lost[0]?.replyPlaces.length], [6, 2]);
  t.is(lost[1]?.places.length, 1, 'another path has its own');
  t.true(isCut);
  t.false(lostBy(...six('i')).isCut);
});

for (const [why, entry] of [
  ['an unknown packet', 'x;eth0;eth1;none;0'],
  ['a path out of the plan', 'i;eth0;eth1;none;3'],
  ['no path', 'i;eth0;eth1;none;'],
  ['a range that runs back', 'i;eth0;eth1;none;2-1'],
  ['an interface with a quote', `i;eth0';eth1;none;0`],
  ['an interface that looks like an option', 'i;--flush;eth1;none;0'],
  ['a table with a blank', 'i;eth0;eth1;nft:inet:a b:input;0'],
  ['a chain with a semicolon', 'i;eth0;eth1;nft:inet:a:b;c;0'],
  ['a chain with a command', 'i;eth0;eth1;nft:inet:a:$(id);0'],
  ['another family', 'i;eth0;eth1;nft:bridge:a:b;0'],
  ['a chain that iptables has not', 'i;eth0;eth1;iptables:filter:MINE;0'],
  ['a zone with a quote', `i;eth0;eth1;firewalld:zone:a';0`],
  ['another tool', 'i;eth0;eth1;pf:a:b;0'],
] as const) {
  test(`refused: ${why}`, (t) => t.is(lostBy(entry).wrong, entry));
}

const report = (fw: unknown, w: string[] = []): string =>
  `${MARKER} ${COMMAND_ID} ${JSON.stringify({ v: 1, os: 'linux', mode: 'apply', chg: 0, p: ['0;;=;t3000;=;n;'], w, fw })}`;

test('in a report: the path has it, and a wrong entry makes it invalid', (t) => {
  const command = commandOf();
  const { paths } = parseReport(report(['i;eth0;eth1;firewalld:zone:public;0']), command);
  t.is(paths[0]?.lost?.places[0]?.where, 'firewalld (zone public)');
  for (const wrong of [[], 'none', ['cut'], ['i;eth0;eth1;none;1']])
    t.throws(() => parseReport(report(wrong), command), { code: 'REPORT_INVALID' });
});

test('in a report: places that were cut are a warning, once', (t) => {
  const many = Array.from({ length: 9 }, (_, i) => `i;eth0;eth1;nft:inet:filter:chain${i};0`);
  const { warnings } = parseReport(report(many), commandOf());
  t.deepEqual(warnings, ['firewalls-cut']);
  t.deepEqual(parseReport(report(many, ['firewalls-cut']), commandOf()).warnings, ['firewalls-cut']);
  t.deepEqual(parseReport(report(many.slice(1)), commandOf()).warnings, []);
});
