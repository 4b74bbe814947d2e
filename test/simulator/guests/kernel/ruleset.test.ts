import test from 'ava';
import type { Estate } from '../../../../simulator/estate/estate.ts';
import { baseRuleset, translations } from '../../../../simulator/guests/kernel/ruleset.ts';
import { layoutOf } from '../../../../simulator/guests/layout.ts';
import { articleEstate } from '../estates.ts';

const linesFor = (healthy: string[], change?: (estate: Estate) => void): string[] =>
  translations(layoutOf(articleEstate(change)), () => healthy)
    .trim()
    .split('\n');
const firstRule = (estate: Estate) => estate.loadBalancers[0]?.rules[0] ?? {};

test('one healthy member takes every flow, destination translated and nothing else', (t) => {
  t.deepEqual(linesFor(['10.0.1.10']), [
    'flush chain ip lab translate',
    'add rule ip lab translate ip daddr 10.0.1.100 tcp dport 1972 counter name flows_0 dnat to 10.0.1.10:1972',
    'add rule ip lab translate ip daddr 10.0.1.101 tcp dport 1972 counter name flows_1 dnat to 10.0.1.10:51773',
  ]);
});

test('none healthy: no rule at all', (t) => {
  t.deepEqual(linesFor([]), ['flush chain ip lab translate']);
});

test('several healthy members share by a hash of the five-tuple', (t) => {
  const hash = 'jhash ip saddr . ip daddr . tcp sport . tcp dport mod 2 seed 0x1';
  t.deepEqual(linesFor(['10.0.1.10', '10.0.1.20']).slice(1, 3), [
    `add rule ip lab translate ip daddr 10.0.1.100 tcp dport 1972 ${hash} 0 counter name flows_0 dnat to 10.0.1.10:1972`,
    `add rule ip lab translate ip daddr 10.0.1.100 tcp dport 1972 ${hash} 1 counter name flows_0 dnat to 10.0.1.20:1972`,
  ]);
});

test('a rule for all ports keeps the port and comes after the others', (t) => {
  const lines = linesFor(['10.0.1.10'], (estate) =>
    Object.assign(firstRule(estate), { protocol: 'All', frontendPort: 0 }),
  );
  t.deepEqual(lines.slice(2), [
    'add rule ip lab translate ip daddr 10.0.1.100 ip protocol tcp counter name flows_0 dnat to 10.0.1.10',
    'add rule ip lab translate ip daddr 10.0.1.100 ip protocol udp counter name flows_0 dnat to 10.0.1.10',
  ]);
});

test('floating IP is not translated', (t) => {
  const lines = linesFor(['10.0.1.10'], (estate) => Object.assign(firstRule(estate), { floatingIp: true }));
  t.is(lines.length, 2);
  t.notRegex(lines.join(), /10\.0\.1\.100/);
});

test('a NIC with IP forwarding may send with any source, the others only with their own', (t) => {
  const text = baseRuleset(
    layoutOf(articleEstate((estate) => Object.assign(estate.vms[0]?.nics[1] ?? {}, { ipForwarding: true }))),
    7,
  );
  t.regex(text, /set guarded \{ type ifname; elements = \{ "v0", "v2", "v3" \} \}/);
  t.regex(text, /"v0" \. 10\.0\.1\.10, "v2" \. 10\.0\.1\.20, "v3" \. 10\.0\.1\.21 \}/);
  t.is(text.match(/ct zone set 7/g)?.length, 2);
});
