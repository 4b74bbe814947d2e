import test from 'ava';
import { articleRoute, ON_A, recipe } from '../steps.ts';
import { bootedMachine, ip, routesOf } from './machines.ts';

test('a link that goes down takes its routes along in every table, keeps the addresses, and brings only their own back', (t) => {
  const machine = bootedMachine(...recipe(ON_A));
  ip(machine, 'link set eth1 down');
  t.deepEqual(routesOf(machine), ['10.0.1.11 via 10.0.1.1 dev eth0 table 7202']);
  t.is(
    routesOf(machine, 'table local')
      .filter((it) => it.includes('eth1'))
      .join(),
    'local 10.0.1.11 dev eth1 proto kernel scope host src 10.0.1.11',
  );
  ip(machine, 'link set eth1 up');
  t.deepEqual(routesOf(machine), ['10.0.1.11 via 10.0.1.1 dev eth0 table 7202']);
  t.is(routesOf(machine, 'table local').filter((it) => it.includes('eth1')).length, 2, 'broadcast is back');
  t.is(routesOf(machine, 'dev eth1').length, 0, 'the subnet route was NetworkManager’s');
});

test('the last address of a NIC takes every route through it; another one only what sends from it', (t) => {
  const machine = bootedMachine(...recipe(ON_A), articleRoute(ON_A), 'address add 10.0.1.12/24 dev eth1');
  ip(machine, 'address del 10.0.1.12/24 dev eth1');
  t.is(routesOf(machine, 'table main dev eth1').length, 2);
  ip(machine, 'address add 10.7.0.1/24 dev eth1');
  ip(machine, 'address del 10.0.1.11/24 dev eth1');
  t.deepEqual(routesOf(machine, 'table main dev eth1'), ['10.7.0.0/24 proto kernel scope link src 10.7.0.1']);
  t.is(routesOf(machine).length, 2, 'routes of other tables stay');
  ip(machine, 'address del 10.7.0.1/24 dev eth1');
  t.deepEqual(routesOf(machine), ['10.0.1.11 via 10.0.1.1 dev eth0 table 7202']);
});

test('a second address of a subnet sends as the first, and goes with it', (t) => {
  const machine = bootedMachine('address add 10.0.1.12/24 dev eth0');
  t.true(routesOf(machine, 'table local').includes('local 10.0.1.12 dev eth0 proto kernel scope host src 10.0.1.10'));
  ip(machine, 'address del 10.0.1.10/24 dev eth0');
  t.notRegex(ip(machine, '-o addr'), /eth0/);
});
