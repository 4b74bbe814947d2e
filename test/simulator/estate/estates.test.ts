import test from 'ava';
import { articleEstate } from '../../../simulator/estate/articleEstate.ts';
import { checkEstate, soundEstate } from '../../../simulator/estate/checkEstate.ts';
import type { Estate } from '../../../simulator/estate/estate.ts';
import { twoAddressesEstate, twoPoolNicsEstate, twoPoolsEstate } from '../../../simulator/estate/severalAddresses.ts';
import { threeByThree } from '../../../simulator/estate/threeByThree.ts';

const ESTATES = { articleEstate, threeByThree, twoAddressesEstate, twoPoolsEstate, twoPoolNicsEstate };
for (const [name, make] of Object.entries(ESTATES)) {
  test(`${name} holds together`, (t) => {
    t.deepEqual(checkEstate(make()), []);
  });

  test(`${name} is a fresh copy each time`, (t) => {
    const first = make();
    first.vms.length = 0;
    t.true(make().vms.length > 0);
  });
}

test('the article’s estate has both primaries on the VM with two NICs, and one member that lacks the second', (t) => {
  const estate = articleEstate();
  t.deepEqual(new Set(estate.mirrors.map((mirror) => mirror.primary)), new Set(['hs-a']));
  t.deepEqual(
    estate.vms.map((vm) => [vm.name, ...vm.nics.flatMap((nic) => nic.ips.map((ip) => ip.address))]),
    [
      ['hs-a', '10.0.1.10', '10.0.1.11'],
      ['hs-b', '10.0.1.20', '10.0.1.21'],
      ['hs-c', '10.0.1.30'],
    ],
  );
});

const mistakes: [string, (estate: Estate) => void, string][] = [
  [
    'a rule’s frontend',
    (e) => Object.assign(e.loadBalancers[0]?.rules[0] ?? {}, { frontend: 'x' }),
    'names frontend x',
  ],
  ['a rule’s pool', (e) => Object.assign(e.loadBalancers[0]?.rules[0] ?? {}, { pool: 'x' }), 'names pool x'],
  ['a rule’s probe', (e) => Object.assign(e.loadBalancers[0]?.rules[0] ?? {}, { probe: 'x' }), 'names probe x'],
  ['a pool member', (e) => e.loadBalancers[0]?.pools[0]?.members.push('hs-a/no/ip'), 'names member hs-a/no/ip'],
  ['a mirror’s member', (e) => e.mirrors[0]?.members.push('x'), 'names member x'],
  [
    'a mirror’s primary',
    (e) => Object.assign(e.mirrors[1] ?? {}, { primary: 'hs-c' }),
    'names primary hs-c, which is no member',
  ],
  [
    'a mirror’s load balancer',
    (e) => Object.assign(e.mirrors[0] ?? {}, { loadBalancer: 'x' }),
    'names load balancer x',
  ],
  [
    'an address used twice',
    (e) => Object.assign(e.vms[1]?.nics[0]?.ips[0] ?? {}, { address: '10.0.1.100' }),
    'address 10.0.1.100',
  ],
  ['a NIC name used twice', (e) => Object.assign(e.vms[1]?.nics[0] ?? {}, { name: 'hs-a-nic1' }), 'NIC hs-a-nic1'],
  ['a VM without NIC', (e) => Object.assign(e.vms[2] ?? {}, { nics: [] }), 'VM hs-c has no NIC'],
];

for (const [title, spoil, sentence] of mistakes) {
  test(`finds ${title}`, (t) => {
    const estate = articleEstate();
    spoil(estate);
    t.true(
      checkEstate(estate).some((mistake) => mistake.includes(sentence)),
      checkEstate(estate).join('\n'),
    );
    t.throws(() => soundEstate(estate), { message: /does not hold together/ });
  });
}
