import test from 'ava';
import { articleRoute, ON_A } from '../steps.ts';
import { bootedMachine, ip, refused, routesOf } from './machines.ts';

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
  t.deepEqual(routesOf(machine, 'exact 10.0.1.100'), ['10.0.1.100 via 10.0.1.1 dev eth0']);
  ip(machine, 'route append 10.0.1.100 via 10.0.1.1 dev eth1');
  ip(machine, 'route del 10.0.1.100 dev eth1');
  t.is(refused(machine, 'route del 10.0.1.100 metric 7'), 'RTNETLINK answers: No such process');
  ip(machine, 'route del 10.0.1.100');
  t.deepEqual(routesOf(machine, 'exact 10.0.1.100'), []);
});
