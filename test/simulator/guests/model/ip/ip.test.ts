/** Texts as iproute2 6.1 writes them on kernel 6.18; the random scenarios compare many more. */
import test from 'ava';
import { ip as run } from '../../../../../simulator/guests/model/ip/ip.ts';
import { ON_A, recipe } from '../../steps.ts';
import { bootedMachine, ip } from '../machines.ts';

test('routes of all tables', (t) => {
  t.is(
    ip(bootedMachine(recipe(ON_A)[0] ?? ''), '-4 -o route show table all'),
    `10.0.1.100 via 10.0.1.1 dev eth1 table 7201 proto 201 src 10.0.1.11 
default via 10.0.1.1 dev eth0 proto dhcp src 10.0.1.10 metric 100 
10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.10 metric 100 
10.0.1.0/24 dev eth1 proto kernel scope link src 10.0.1.11 metric 101 
local 10.0.1.10 dev eth0 table local proto kernel scope host src 10.0.1.10 
local 10.0.1.11 dev eth1 table local proto kernel scope host src 10.0.1.11 
broadcast 10.0.1.255 dev eth0 table local proto kernel scope link src 10.0.1.10 
broadcast 10.0.1.255 dev eth1 table local proto kernel scope link src 10.0.1.11 
local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1 
local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1 
broadcast 127.255.255.255 dev lo table local proto kernel scope link src 127.0.0.1 
`,
  );
});

test('numbers instead of names', (t) => {
  const machine = bootedMachine(recipe(ON_A)[0] ?? '');
  t.is(ip(machine, '-N -4 -d rule show').split('\n')[0], '0:\tfrom all lookup 255 proto 2');
  const routes = ip(machine, '-N -4 -o route show table all').split('\n');
  t.true(routes.includes('2 127.0.0.1 dev lo table 255 proto 2 scope 254 src 127.0.0.1 '), routes.join('\n'));
});

test('links, addresses and netconf', (t) => {
  const machine = bootedMachine('link set eth1 down');
  t.is(
    ip(machine, '-o link show'),
    `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default qlen 1000\\    link/ether 00:0d:3a:00:0a:01 brd ff:ff:ff:ff:ff:ff
3: eth1: <BROADCAST,MULTICAST> mtu 1500 qdisc noqueue state DOWN mode DEFAULT group default qlen 1000\\    link/ether 00:0d:3a:00:0a:02 brd ff:ff:ff:ff:ff:ff
`,
  );
  t.is(
    ip(machine, '-4 -o addr show dev eth1'),
    '3: eth1    inet 10.0.1.11/24 scope global noprefixroute eth1\\       valid_lft forever preferred_lft forever\n',
  );
  t.is(
    ip(machine, '-4 -o netconf show').split('\n')[1],
    'inet eth0 forwarding off rp_filter strict mc_forwarding off proxy_neigh off ignore_routes_with_linkdown off ',
  );
});

test('rules, plain and in detail', (t) => {
  const machine = bootedMachine(
    ...recipe(ON_A),
    'rule add pref 9 not from 10.0.1.0/24 iif eth7 lookup main suppress_prefixlength 0',
  );
  t.is(
    ip(machine, '-4 rule show'),
    `0:\tfrom 10.0.1.10 to 10.0.1.11 iif lo lookup 7202 proto 201
0:\tfrom all lookup local
2:\tfrom 10.0.1.11 to 10.0.1.100 lookup 7201 proto 201
2:\tfrom 0.0.0.0 lookup 7201 proto 201
9:\tnot from 10.0.1.0/24 iif eth7 [detached] lookup main suppress_prefixlength 0
32766:\tfrom all lookup main
32767:\tfrom all lookup default
`,
  );
  t.regex(ip(machine, '-d rule show'), /^0:\tfrom all lookup local proto kernel$/m);
});

test('route get, in a batch that goes on after a refusal', (t) => {
  const machine = bootedMachine(...recipe(ON_A));
  const lines = [
    'route get 10.0.1.100',
    'route get 10.0.1.100 from 10.0.1.11',
    '',
    'route get 10.0.1.100 from 10.9.9.9',
    'route get 10.0.1.11',
  ];
  t.deepEqual(run(machine, ['-4', '-o', '-force', '-batch', '-'], lines.join('\n')), {
    exitCode: 1,
    stdout:
      '10.0.1.100 via 10.0.1.1 dev eth1 table 7201 src 10.0.1.11 uid 0 \\    cache \n' +
      '10.0.1.100 from 10.0.1.11 via 10.0.1.1 dev eth1 table 7201 uid 0 \\    cache \n' +
      'local 10.0.1.11 dev lo table local src 10.0.1.11 uid 0 \\    cache <local> \n',
    stderr: 'RTNETLINK answers: Network is unreachable\nCommand failed -:4\n',
  });
  t.regex(run(machine, ['-batch', '-'], 'route get 10.0.1.100 from 10.9.9.9\nroute get 10.0.1.11').stdout, /^$/);
});

test('refusals have iproute2’s texts and exit codes', (t) => {
  const machine = bootedMachine();
  const refusal = (line: string) => {
    const { exitCode, stderr } = run(machine, line.split(' '), '');
    return [exitCode, stderr.trim()];
  };
  t.deepEqual(refusal('foo'), [255, 'Object "foo" is unknown, try "ip help".']);
  t.deepEqual(refusal('route bla'), [255, 'Command "bla" is unknown, try "ip route help".']);
  t.deepEqual(refusal('rule add foo'), [255, 'Error: argument "foo" is wrong: Failed to parse rule type']);
  t.deepEqual(refusal('link show eth9'), [1, 'Device "eth9" does not exist.']);
  t.deepEqual(refusal('route get'), [1, 'need at least a destination address']);
  t.deepEqual(refusal('route add 300.0.1.5 dev eth0'), [
    1,
    'Error: any valid prefix is expected rather than "300.0.1.5".',
  ]);
  t.deepEqual(refusal('route show table 77'), [2, 'Error: ipv4: FIB table does not exist.\nDump terminated']);
  t.deepEqual(refusal('route add 10.0.1.5 dev eth9'), [1, 'Cannot find device "eth9"']);
  t.deepEqual(refusal('address add 10.0.1.10/24 dev eth0'), [2, 'Error: ipv4: Address already assigned.']);
});

test('what the model does not know is refused in words of its own', (t) => {
  for (const line of [
    '-j route',
    'neigh',
    'route add 10.0.1.5 dev eth0 onlink',
    'link set eth0 mtu 9000',
    'link add x type dummy',
  ])
    t.regex(
      run(bootedMachine(), line.split(' '), '').stderr,
      /unknown|of the modelled guest does not know .*; a kernel guest does/,
      line,
    );
});
