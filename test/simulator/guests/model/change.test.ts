import test from 'ava';
import type { Machine } from '../../../../simulator/guests/model/machine.ts';
import { articleRoute, ON_A, recipe } from '../steps.ts';
import { bootedMachine, ip } from './machines.ts';

const routes = (machine: Machine, words = 'table all proto 201'): string[] =>
  ip(machine, `-o route show ${words}`).trim().split(/ *\n/).filter(Boolean);
const refused = (machine: Machine, line: string): string => {
  try {
    ip(machine, line);
    return 'taken';
  } catch (error) {
    return (error as Error).message;
  }
};

test('a link that goes down takes its routes along in every table, keeps the addresses, and brings only their own back', (t) => {
  const machine = bootedMachine(...recipe(ON_A));
  ip(machine, 'link set eth1 down');
  t.deepEqual(routes(machine), ['10.0.1.11 via 10.0.1.1 dev eth0 table 7202']);
  t.is(
    routes(machine, 'table local')
      .filter((it) => it.includes('eth1'))
      .join(),
    'local 10.0.1.11 dev eth1 proto kernel scope host src 10.0.1.11',
  );
  ip(machine, 'link set eth1 up');
  t.deepEqual(routes(machine), ['10.0.1.11 via 10.0.1.1 dev eth0 table 7202']);
  t.is(routes(machine, 'table local').filter((it) => it.includes('eth1')).length, 2, 'broadcast is back');
  t.is(routes(machine, 'dev eth1').length, 0, 'the subnet route was NetworkManager’s');
});

test('the last address of a NIC takes every route through it; another one only what sends from it', (t) => {
  const machine = bootedMachine(...recipe(ON_A), articleRoute(ON_A), 'address add 10.0.1.12/24 dev eth1');
  ip(machine, 'address del 10.0.1.12/24 dev eth1');
  t.is(routes(machine, 'table main dev eth1').length, 2);
  ip(machine, 'address add 10.7.0.1/24 dev eth1');
  ip(machine, 'address del 10.0.1.11/24 dev eth1');
  t.deepEqual(routes(machine, 'table main dev eth1'), ['10.7.0.0/24 proto kernel scope link src 10.7.0.1']);
  t.is(routes(machine).length, 2, 'routes of other tables stay');
  ip(machine, 'address del 10.7.0.1/24 dev eth1');
  t.deepEqual(routes(machine), ['10.0.1.11 via 10.0.1.1 dev eth0 table 7202']);
});

test('a second address of a subnet sends as the first, and goes with it', (t) => {
  const machine = bootedMachine('address add 10.0.1.12/24 dev eth0');
  t.true(routes(machine, 'table local').includes('local 10.0.1.12 dev eth0 proto kernel scope host src 10.0.1.10'));
  ip(machine, 'address del 10.0.1.10/24 dev eth0');
  t.notRegex(ip(machine, '-o addr'), /eth0/);
});

test('a route needs a gateway that is a neighbour, a NIC that is up, and a source of its own', (t) => {
  const machine = bootedMachine();
  t.is(refused(machine, 'route add 10.0.1.5 via 10.0.7.7 dev eth1'), 'Error: Nexthop has invalid gateway.');
  t.is(refused(machine, 'route add 10.0.1.5 via 10.0.1.1 dev eth1 src 10.9.9.9'), 'Error: Invalid prefsrc address.');
  ip(machine, 'link set eth1 down');
  t.is(refused(machine, 'route add 10.0.1.5 via 10.0.1.1 dev eth1'), 'Error: Nexthop has invalid gateway.');
  t.is(refused(machine, 'route add 10.0.1.5 dev eth1'), 'Error: Device for nexthop is not up.');
});

test('add refuses what is there, replace takes its place, append stands behind, del takes the first that fits', (t) => {
  const machine = bootedMachine(articleRoute(ON_A));
  t.is(refused(machine, articleRoute(ON_A)), 'RTNETLINK answers: File exists');
  ip(machine, 'route replace 10.0.1.100 via 10.0.1.1 dev eth0');
  t.deepEqual(routes(machine, 'exact 10.0.1.100'), ['10.0.1.100 via 10.0.1.1 dev eth0']);
  ip(machine, 'route append 10.0.1.100 via 10.0.1.1 dev eth1');
  ip(machine, 'route del 10.0.1.100 dev eth1');
  t.is(refused(machine, 'route del 10.0.1.100 metric 7'), 'RTNETLINK answers: No such process');
  ip(machine, 'route del 10.0.1.100');
  t.deepEqual(routes(machine, 'exact 10.0.1.100'), []);
});

test('a rule lands behind those of its preference; without one, before the second rule', (t) => {
  const machine = bootedMachine('rule add pref 0 from 10.0.1.10 lookup 7202', 'rule add lookup 99');
  t.deepEqual(ip(machine, 'rule').trim().split('\n').slice(0, 3), [
    '0:\tfrom all lookup local',
    '0:\tfrom 10.0.1.10 lookup 7202',
    '0:\tfrom all lookup 99',
  ]);
  t.is(refused(machine, 'rule add pref 0 from 10.0.1.10 lookup 7202'), 'RTNETLINK answers: File exists');
  t.is(
    refused(machine, 'rule add pref 0 not from all lookup 7202'),
    'RTNETLINK answers: File exists',
    'what is left open fits',
  );
  t.is(refused(machine, 'rule add pref 0 from 10.0.1.11 lookup 7202'), 'taken');
});

test('`rule del pref 0 lookup local` takes a conditional rule when that stands first', (t) => {
  const machine = bootedMachine(
    'rule del pref 0',
    'rule add pref 0 from 10.0.1.10 lookup local',
    'rule add pref 0 lookup local protocol kernel',
  );
  ip(machine, 'rule del pref 0 lookup local');
  t.regex(ip(machine, 'rule'), /^0:\tfrom all lookup local\n/);
  t.is(refused(machine, 'rule del pref 77'), 'RTNETLINK answers: No such file or directory');
});
