import test from 'ava';
import type { Estate } from '../../../simulator/estate/estate.ts';
import { placeInstances } from '../../../simulator/guests/instances.ts';
import { articleEstate } from './estates.ts';

const onA = (change?: (estate: Estate) => void) => {
  const estate = articleEstate(change);
  const [vm] = estate.vms;
  if (!vm) throw new Error('no VM');
  return placeInstances(estate, vm);
};

test('an instance listens on its rule’s backend port and has its mirror’s status page', (t) => {
  t.deepEqual(onA(), [
    {
      mirror: 'UCR',
      address: '10.0.1.10',
      primary: true,
      listeners: [{ port: 1972, primaryOnly: false }],
      status: [{ port: 52773, path: '/ucr/csp/bin/mirror_status.cxw' }],
    },
    {
      mirror: 'PI',
      address: '10.0.1.10',
      primary: true,
      listeners: [{ port: 51773, primaryOnly: false }],
      status: [{ port: 52773, path: '/pi/csp/bin/mirror_status.cxw' }],
    },
  ]);
});

test('the port of a TCP probe is open on the primary alone', (t) => {
  const [ucr] = onA((estate) =>
    Object.assign(estate.loadBalancers[0]?.probes[0] ?? {}, { protocol: 'Tcp', port: 1972 }),
  );
  t.deepEqual([ucr?.listeners, ucr?.status], [[{ port: 1972, primaryOnly: true }], []]);
});

test('a rule to the web server’s own port needs no listener beside the status page', (t) => {
  const [ucr] = onA((estate) => Object.assign(estate.loadBalancers[0]?.rules[0] ?? {}, { backendPort: 52773 }));
  t.deepEqual(ucr?.listeners, []);
});

test('a mirror behind a rule for all ports has a superserver on 1972; UDP rules have no listener', (t) => {
  const [ha] = onA((estate) =>
    Object.assign(estate.loadBalancers[0]?.rules[0] ?? {}, { protocol: 'All', frontendPort: 0 }),
  );
  t.deepEqual(ha?.listeners, [{ port: 1972, primaryOnly: false }]);
  const [udp] = onA((estate) => Object.assign(estate.loadBalancers[0]?.rules[0] ?? {}, { protocol: 'Udp' }));
  t.deepEqual(udp?.listeners, []);
});

test('two instances that share a port listen on their own addresses', (t) => {
  const list = onA((estate) => {
    estate.loadBalancers[0]?.pools.push({ name: 'second', members: ['vm-a/via/ipconfig', 'vm-b/via/ipconfig'] });
    Object.assign(estate.loadBalancers[0]?.rules[1] ?? {}, { pool: 'second', backendPort: 1972 });
  });
  t.deepEqual(
    list.map((it) => it.listeners),
    [
      [{ port: 1972, primaryOnly: false, address: '10.0.1.10' }],
      [{ port: 1972, primaryOnly: false, address: '10.0.1.11' }],
    ],
  );
});

test('two instances that want the same port or page of one address are refused', (t) => {
  t.throws(() => onA((estate) => Object.assign(estate.loadBalancers[0]?.rules[1] ?? {}, { backendPort: 1972 })), {
    message: 'mirrors UCR and PI both want 10.0.1.10:1972 on vm-a: give them different ports or paths',
  });
  t.throws(() => onA((estate) => Object.assign(estate.loadBalancers[0]?.rules[1] ?? {}, { probe: 'ucr' })), {
    message: /mirrors UCR and PI both want http:\/\/10\.0\.1\.10:52773\/ucr/,
  });
});

test('a member without an address in the pool is refused', (t) => {
  t.throws(() => onA((estate) => estate.loadBalancers[0]?.pools[0]?.members.shift()), {
    message: 'mirror UCR: member vm-a has no address in a pool of ucr',
  });
});
