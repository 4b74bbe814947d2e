/** Firewalls of the guest: passed as they are, or named with the rule that helps; the lab's cases, as tests. */
import test from 'ava';
import { tryCase } from '../../../lab/case.ts';
import { firewallCases } from '../../../lab/namespace/firewalls.ts';
import { KERNEL, testNeeding } from '../../needs.ts';

for (const one of firewallCases()) {
  const needs = one.name.startsWith('firewalld') ? (['firewalld'] as const) : (['iptables'] as const);
  testNeeding([...KERNEL, ...needs])(one.name, async (t) => {
    const { ok, detail } = await tryCase(one);
    t.true(ok, detail);
    t.log(detail);
  });
}

test('there are cases', (t) => t.true(firewallCases().length > 25));
