import test from 'ava';
import { layoutOf } from '../../../simulator/guests/layout.ts';
import { articleEstate } from './estates.ts';

test('NICs are named in the estate’s order, over the whole estate on the fabric', (t) => {
  const { guests, subnet, prefixLength, gateway } = layoutOf(articleEstate());
  t.deepEqual([subnet, prefixLength, gateway], ['10.0.1.0/24', 24, '10.0.1.1']);
  t.deepEqual(
    guests.flatMap((guest) => guest.nics.map((nic) => [guest.vm, nic.device, nic.link, nic.mac, ...nic.addresses])),
    [
      ['vm-a', 'eth0', 'v0', '00:0d:3a:00:0a:01', '10.0.1.10'],
      ['vm-a', 'eth1', 'v1', '00:0d:3a:00:0a:02', '10.0.1.11'],
      ['vm-b', 'eth0', 'v2', '00:0d:3a:00:0b:01', '10.0.1.20'],
      ['vm-b', 'eth1', 'v3', '00:0d:3a:00:0b:02', '10.0.1.21'],
    ],
  );
});

test('each rule has its backends, and each backend address its own probe', (t) => {
  const { rules, probes, vips } = layoutOf(articleEstate());
  t.deepEqual(vips, ['10.0.1.100', '10.0.1.101']);
  t.deepEqual(rules[0]?.backends, [
    { member: 'vm-a/pool/ipconfig', address: '10.0.1.10', probe: 'lb/ucr/10.0.1.10' },
    { member: 'vm-b/pool/ipconfig', address: '10.0.1.20', probe: 'lb/ucr/10.0.1.20' },
  ]);
  t.is(probes.length, 4);
  t.deepEqual(
    probes.find((it) => it.key === 'lb/pi/10.0.1.20'),
    {
      key: 'lb/pi/10.0.1.20',
      protocol: 'Http',
      address: '10.0.1.20',
      port: 52773,
      path: '/pi/csp/bin/mirror_status.cxw',
      intervalSeconds: 1,
      threshold: 2,
    },
  );
});

test('address-based members are backends too, IPv6 frontends are left out', (t) => {
  const { rules, vips } = layoutOf(
    articleEstate((estate) => {
      Object.assign(estate.loadBalancers[0]?.pools[0] ?? {}, { addresses: ['10.0.1.30'] });
      Object.assign(estate.loadBalancers[0]?.frontends[1] ?? {}, { version: 'IPv6', address: 'fd00::1' });
    }),
  );
  t.deepEqual(vips, ['10.0.1.100']);
  t.deepEqual(
    rules.map((rule) => rule.name),
    ['ucr'],
  );
  t.deepEqual(rules[0]?.backends.at(-1), { address: '10.0.1.30', probe: 'lb/ucr/10.0.1.30' });
});

test('only a secondary NIC that is in a pool is source-routed', (t) => {
  const { guests } = layoutOf(
    articleEstate((estate) => estate.loadBalancers[0]?.pools.push({ name: 'second', members: ['vm-b/via/ipconfig'] })),
  );
  t.false(
    guests.some((guest) => guest.nics.some((nic) => nic.sourceRouted)),
    'a pool that no rule uses',
  );
  const used = layoutOf(
    articleEstate((estate) => {
      estate.loadBalancers[0]?.pools.push({ name: 'second', members: ['vm-b/via/ipconfig'] });
      estate.loadBalancers[0]?.rules.push({
        name: 'x',
        frontend: 'pi',
        pool: 'second',
        protocol: 'Tcp',
        frontendPort: 80,
        backendPort: 80,
      });
    }),
  );
  t.deepEqual(
    used.guests.map((guest) => guest.nics.map((nic) => nic.sourceRouted)),
    [
      [false, false],
      [false, true],
    ],
  );
});

for (const [what, change, message] of [
  ['frontend', { frontend: 'x' }, 'rule lb/ucr: frontend is "x": the estate has ucr, pi'],
  ['pool', { pool: 'x' }, 'load balancer lb: pool is "x": the estate has members'],
  ['probe', { probe: 'x' }, 'rule lb/ucr: probe is "x": the estate has ucr, pi'],
] as const)
  test(`a rule’s dangling ${what} is told by name`, (t) => {
    const estate = articleEstate((it) => Object.assign(it.loadBalancers[0]?.rules[0] ?? {}, change));
    t.throws(() => layoutOf(estate), { message });
  });

test('a pool’s dangling member is told by name', (t) => {
  const estate = articleEstate((it) => it.loadBalancers[0]?.pools[0]?.members.push('vm-a/pool/second'));
  t.throws(() => layoutOf(estate), {
    message: 'pool lb/members, member vm-a/pool/second: ip configuration is "second": the estate has ipconfig',
  });
});
