import test from 'ava';
import { bootLines } from '../../../../simulator/guests/boot.ts';
import { fabricLines, plugLines } from '../../../../simulator/guests/kernel/network.ts';
import { layoutOf } from '../../../../simulator/guests/layout.ts';
import { articleEstate } from '../estates.ts';

test('a NIC is plugged with the fabric’s MAC on one end and its own on the other, and a permanent neighbour', (t) => {
  const [a] = layoutOf(articleEstate()).guests;
  t.deepEqual(a && plugLines(a).slice(0, 4), [
    'link add v0 address 12:34:56:78:9a:bc type veth peer name eth0 netns vm-a address 00:0d:3a:00:0a:01',
    'link set v0 up',
    'route add 10.0.1.10/32 dev v0',
    'neighbour replace 10.0.1.10 lladdr 00:0d:3a:00:0a:01 dev v0 nud permanent',
  ]);
  t.deepEqual(fabricLines(layoutOf(articleEstate())).slice(1), [
    'address add 168.63.129.16/32 dev lo',
    'address add 10.0.1.1/32 dev lo',
    'route add default dev lo',
  ]);
});

test('every address of a NIC is added, the first is the source of its routes', (t) => {
  const layout = layoutOf(
    articleEstate((estate) => estate.vms[0]?.nics[0]?.ips.push({ name: 'second', address: '10.0.1.12' })),
  );
  const [a] = layout.guests;
  t.deepEqual(a && bootLines(a, layout), [
    'link set lo up',
    'address add 10.0.1.10/24 dev eth0 noprefixroute',
    'address add 10.0.1.12/24 dev eth0 noprefixroute',
    'link set eth0 up',
    'route add 10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.10 metric 100',
    'route add default via 10.0.1.1 dev eth0 proto dhcp src 10.0.1.10 metric 100',
    'address add 10.0.1.11/24 dev eth1 noprefixroute',
    'link set eth1 up',
    'route add 10.0.1.0/24 dev eth1 proto kernel scope link src 10.0.1.11 metric 101',
  ]);
});

test('a source-routed NIC has a table and a rule of its own', (t) => {
  const layout = layoutOf(
    articleEstate((estate) => {
      const [balancer] = estate.loadBalancers;
      balancer?.pools.push({ name: 'second', members: ['vm-b/via/ipconfig'] });
      balancer?.rules.push({
        name: 'x',
        frontend: 'pi',
        pool: 'second',
        protocol: 'Tcp',
        frontendPort: 80,
        backendPort: 80,
      });
    }),
  );
  const b = layout.guests[1];
  t.deepEqual(b && bootLines(b, layout).slice(-3), [
    'route add 10.0.1.0/24 dev eth1 scope link src 10.0.1.21 table 30401',
    'route add default via 10.0.1.1 dev eth1 table 30401',
    'rule add pref 30401 from 10.0.1.21 lookup 30401',
  ]);
});
