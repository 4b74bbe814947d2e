import test from 'ava';
import fc from 'fast-check';
import { formatPrefix, gatewayOf, holds, parsePrefix, toAddress, toNumber } from '../../../simulator/guests/ipv4.ts';

test('addresses survive the way to a number and back', (t) => {
  fc.assert(fc.property(fc.ipV4(), (address) => toAddress(toNumber(address)) === address));
  t.is(toNumber('10.0.1.10'), 0x0a00010a);
  t.is(toNumber('255.255.255.255'), 0xffffffff);
});

test('a prefix drops the bits beyond its length and knows its gateway', (t) => {
  t.is(formatPrefix(parsePrefix('10.0.1.77/24')), '10.0.1.0/24');
  t.is(gatewayOf(parsePrefix('10.0.1.128/25')), '10.0.1.129');
  t.is(formatPrefix(parsePrefix('10.0.1.77')), '10.0.1.77/32');
});

test('a prefix holds its own addresses and no others', (t) => {
  const prefix = parsePrefix('10.0.1.128/25');
  t.deepEqual(
    ['10.0.1.127', '10.0.1.128', '10.0.1.255', '10.0.2.0'].map((it) => holds(prefix, toNumber(it))),
    [false, true, true, false],
  );
  t.true(holds(parsePrefix('0.0.0.0/0'), toNumber('255.255.255.255')));
});

test('what is no address or prefix is refused with its text', (t) => {
  for (const bad of ['', '10.0.1', '10.0.1.256', '::1']) t.throws(() => toNumber(bad), { message: /expected IPv4/ });
  for (const bad of ['10.0.1.0/33', '10.0.1.0/', '10.0.1.0/x', '10.0.1.0/-1'])
    t.throws(() => parsePrefix(bad), {
      message: `prefix is "${bad}": expected address/length, for example 10.0.1.0/24`,
    });
});
