/** What a look says, from text that `ip -4 -o -batch` printed in a guest. */
import test from 'ava';
import { readLook } from '../../../lab/booted/state.ts';

const RULES = [
  '0:\tnot from 10.2.1.4 to 10.2.1.5 iif lo lookup local',
  '30194:\tnot from 10.2.1.4 to 10.2.1.5 iif lo goto 30196 proto 201',
  '30195:\tfrom all lookup 7202 proto 201',
  '30196:\tfrom all to 10.2.1.5 iif lo lookup local proto 201',
  '30201:\tfrom 10.2.1.5 lookup 30201 proto static',
  '32766:\tfrom all lookup main',
];
const ROUTES = [
  '10.2.1.100 via 10.2.1.1 dev eth1 table 7201 src 10.2.1.5 ',
  '10.2.1.5 via 10.2.1.1 dev eth0 table 7202 ',
];
const ADDRESSES = [
  '1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever',
  '2: eth0    inet 10.2.1.4/24 brd 10.2.1.255 scope global eth0\\       valid_lft forever preferred_lft forever',
  '3: eth1    inet 10.2.1.5/24 brd 10.2.1.255 scope global eth1\\       valid_lft forever preferred_lft forever',
];
const LINK = '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default';
const CARRIED = ['10.2.1.4', '10.2.1.5'];
const read = (rules = RULES, routes = ROUTES, addresses = ADDRESSES) =>
  readLook([...rules, ...routes, ...addresses, LINK].join('\n'), CARRIED);

test('a whole state', (t) => {
  t.is(read().local, true);
  t.is(read().addresses, true);
  t.is(read().ours.split('\n').length, 6);
});

test('others’ rules do not matter while ours stand ahead, wherever that is', (t) => {
  const { ours } = read();
  const [local, skip, lookup, end, foreign, main] = RULES as [string, string, string, string, string, string];
  t.is(read([local, skip, lookup, end, main]).ours, ours);
  const moved = [skip, lookup, end].map((rule) => rule.replaceAll(/3019(?=[456])/g, '3275'));
  t.is(read([local, ...moved, main]).ours, ours);
  t.not(read([local, foreign, ...moved, main]).ours, ours);
  t.not(read([local, skip, end, foreign, main]).ours, ours);
  t.not(read(['0:\tfrom all lookup local', skip, lookup, end, foreign, main]).ours, ours);
  t.not(read(RULES, ROUTES.slice(1)).ours, ours);
});

test('lookup local that what comes in may miss is none', (t) => {
  t.is(read([...RULES.slice(1), '0:\tfrom 10.0.0.1 lookup local']).local, false);
  t.is(read(RULES.slice(1)).local, false);
  t.is(read([...RULES.slice(1), '1:\tfrom all lookup local']).local, true);
});

test('an address that is not there', (t) => {
  t.is(read(RULES, ROUTES, ADDRESSES.slice(0, 2)).addresses, false);
});
