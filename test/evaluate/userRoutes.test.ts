import test from 'ava';
import { routeTaken } from '../../shared/evaluate/userRoutes.ts';
import type { UserRoute } from '../../shared/model/surroundings.ts';

const NETWORK = ['10.0.0.0/16', '172.20.0.0/20'];
const VIP = '10.0.1.100';

const taken = (prefixes: string[], address = VIP, network = NETWORK): string | undefined =>
  routeTaken(
    { id: '/rt', routes: prefixes.map((prefix): UserRoute => ({ id: prefix, prefix, hop: 'none' })) },
    network,
    address,
  )?.prefix;

const CASES: [what: string, routes: string[], taken: string | undefined, address?: string][] = [
  ['no route', [], undefined],
  ['a default route is shorter than the network’s own', ['0.0.0.0/0'], undefined],
  ['a shorter one is too', ['10.0.0.0/8'], undefined],
  ['an equal one comes before Azure’s', ['10.0.0.0/16'], '10.0.0.0/16'],
  ['a longer one', ['0.0.0.0/0', '10.0.1.0/24'], '10.0.1.0/24'],
  ['the longest', ['10.0.1.100/32', '10.0.1.0/24', '10.0.0.0/16'], '10.0.1.100/32'],
  ['one beside it', ['10.0.2.0/24', '10.0.1.101/32'], undefined],
  ['a service tag', ['Storage', 'VirtualNetwork'], undefined],
  ['what is no network', ['10.0.1.0', '10.0.1.300/32', '', '10.0.1.100/33'], undefined],
  ['what has more around it', ['x10.0.1.0/24', '10.0.1.0/24x', '10.0.1.0/024', '10.0.1.0/2 4'], undefined],
  ['the longest, wherever it stands', ['10.0.0.0/16', '10.0.1.100/32', '10.0.1.0/24'], '10.0.1.100/32'],
  ['of two alike the first', ['10.0.1.0/24', '10.0.1.100/24'], '10.0.1.0/24'],
  ['one address of it', ['10.0.1.100/32'], '10.0.1.100/32'],
  ['another range of the network', ['172.20.0.0/16', '172.20.3.0/24'], '172.20.3.0/24', '172.20.3.4'],
  ['an address that is not the network’s', ['192.168.0.0/16'], undefined, '192.168.0.1'],
];

for (const [what, routes, expected, address] of CASES) {
  test(what, (t) => {
    t.is(taken(routes, address), expected);
  });
}

test('a network that shows no range: nothing is said', (t) => {
  t.is(taken(['10.0.1.0/24'], VIP, []), undefined);
  t.is(taken(['10.0.1.0/24'], VIP, ['odd']), undefined);
});

test('of ranges of the network within one another the longest counts', (t) => {
  t.is(taken(['10.0.0.0/16'], VIP, ['10.0.0.0/16', '10.0.1.0/24', '10.0.0.0/8']), undefined);
  t.is(taken(['10.0.0.0/16'], VIP, ['10.0.0.0/8', '10.0.0.0/16']), '10.0.0.0/16');
});
