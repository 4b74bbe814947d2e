import test from 'ava';
import fc from 'fast-check';
import {
  addressFault,
  compareAddresses,
  compareText,
  isAddressIn,
  isHostAddress,
  isMac,
  isNetwork,
} from '../../shared/model/address.ts';

for (const text of [
  '10.0.1.10',
  '172.16.0.1',
  '192.168.1.254',
  '100.64.0.9',
  '20.1.2.3',
  '10.0.0.0',
  '223.255.255.255',
]) {
  test(`${text} is a host address`, (t) => t.true(isHostAddress(text)));
}

for (const [text, why] of [
  ['', 'nothing'],
  ['10.0.1', 'three parts'],
  ['10.0.1.256', 'a part above 255'],
  ['10.0.01.1', 'a leading zero, octal to some'],
  [' 10.0.1.1', 'a space'],
  ['10.0.1.1\n', 'a line end'],
  ['10.0.1.16/28', 'a prefix length'],
  ['0x0a.0.0.1', 'hexadecimal'],
  ['fd00::1', 'IPv6'],
  ['10.0.1.1;reboot', 'a command'],
  ['0.0.0.0', 'no host'],
  ['127.0.0.1', 'loopback'],
  ['169.254.169.254', 'instance metadata'],
  ['168.63.129.16', 'Azure’s wire server'],
  ['224.0.0.1', 'multicast'],
  ['255.255.255.255', 'broadcast'],
] as const) {
  test(`${JSON.stringify(text)} is no host address: ${why}`, (t) => t.false(isHostAddress(text)));
}

test('a MAC has six parts in lower case with colons and is unicast', (t) => {
  t.true(isMac('00:0d:3a:1b:c7:21'));
  for (const text of ['', '00-0d-3a-1b-c7-21', '00:0D:3A:1B:C7:21', '00:0d:3a:1b:c7', '00:0d:3a:1b:c7:21:00'])
    t.false(isMac(text));
  t.false(isMac('00:00:00:00:00:00'));
  t.false(isMac('01:00:5e:00:00:01'), 'multicast');
  t.false(isMac('ff:ff:ff:ff:ff:ff'), 'broadcast');
});

test('addresses are ordered by number, everything else after them', (t) => {
  const mixed = ['10.0.1.100', 'none', '10.0.1.9', '9.255.0.0', '', '10.0.1.20'];
  t.deepEqual(mixed.toSorted(compareAddresses), ['9.255.0.0', '10.0.1.9', '10.0.1.20', '10.0.1.100', '', 'none']);
});

test('both orders are total: the same list comes of every shuffle', (t) => {
  const texts = fc.uniqueArray(fc.oneof(fc.ipV4(), fc.string({ maxLength: 6 })), { maxLength: 8 });
  const shuffled = texts.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
  );
  for (const order of [compareAddresses, compareText]) {
    fc.assert(fc.property(shuffled, ([a, b]) => t.deepEqual(a.toSorted(order), b.toSorted(order))));
  }
});

test('an address is in a network or beside it', (t) => {
  for (const address of ['172.16.0.0', '172.31.255.255']) t.true(isAddressIn(address, '172.16.0.0/12'), address);
  for (const address of ['172.15.255.255', '172.32.0.0', '10.0.1.10'])
    t.false(isAddressIn(address, '172.16.0.0/12'), address);
  t.true(isAddressIn('192.168.255.3', '192.168.255.0/30'));
  t.false(isAddressIn('192.168.255.4', '192.168.255.0/30'));
});

for (const text of [
  ...['10.0.0.1', '10.255.255.254', '172.16.0.1', '172.31.255.254', '192.168.0.1', '192.168.255.254'],
  ...['100.64.0.1', '100.127.255.254', '20.1.0.5', '20.1.255.254'],
]) {
  test(`${text} may be in a plan where 20.1.0.0/16 is ours`, (t) =>
    t.is(addressFault(text, ['20.1.0.0/16']), undefined));
}

for (const [text, fault] of [
  ...['9.255.255.255', '11.0.0.1', '172.15.255.255', '172.32.0.1', '192.167.1.1', '192.169.1.1', '8.8.8.8'].map(
    (public_) => [public_, 'public'] as const,
  ),
  ...['100.63.255.255', '100.128.0.1', '20.0.255.255', '20.2.0.0'].map((public_) => [public_, 'public'] as const),
  ...['127.0.0.1', '169.254.169.254', '168.63.129.16', '224.0.0.5', '255.255.255.255', '0.0.0.0', 'x'].map(
    (none) => [none, 'none'] as const,
  ),
] as const) {
  test(`${text} may be in no plan: ${fault}`, (t) => {
    t.is(addressFault(text, ['20.1.0.0/16']), fault);
    if (fault === 'none') t.is(addressFault(text, ['168.0.0.0/8', '169.254.0.0/16']), fault, 'whatever is ours');
  });
}

test('a virtual network’s space is /8 to /29, without a bit behind its length', (t) => {
  for (const text of ['20.1.0.0/16', '8.0.0.0/8', '20.1.2.8/29']) t.true(isNetwork(text), text);
  for (const text of [
    ...['', '20.1.0.0', '20.1.0.1/16', '20.1.0.0/7', '20.1.2.8/30', '20.1.0.0/016', '20.1.0.0/16/16', ' 20.1.0.0/16'],
    ...['127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/8', '0.0.0.0/8', 'fd00::/8'],
  ]) {
    t.false(isNetwork(text), text);
  }
});
