/** Firewalls of the guest: passed as they are, or named with the rule that helps; the lab's cases, as tests. */
import test from 'ava';
import { type CaseResult, type LabCase, tryCase } from '../../../lab/case.ts';
import { firewallCases } from '../../../lab/namespace/firewalls.ts';
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import { KERNEL, missing, type Need, testNeeding } from '../../needs.ts';
import { articleEstate } from '../../simulator/guests/estates.ts';
import { guard, planOf, shell, UCR } from './guests.ts';

const cases = firewallCases();
const needsOf = ({ name }: LabCase): Need[] => [...KERNEL, name.startsWith('firewalld') ? 'firewalld' : 'iptables'];

/** Begun two at a time with the first test: they wait for connects that never come, and need little else. */
let rows: Map<LabCase, Promise<CaseResult>> | undefined;
function begin(): Map<LabCase, Promise<CaseResult>> {
  const turns: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
  return new Map(
    cases
      .filter((one) => missing(needsOf(one)).length === 0)
      .map((one, index) => {
        const row = (turns[index % 2] ?? Promise.resolve()).then(() => tryCase(one));
        turns[index % 2] = row;
        return [one, row];
      }),
  );
}

for (const one of cases) {
  testNeeding(needsOf(one))(one.name, async (t) => {
    rows ??= begin();
    const row = await rows.get(one);
    t.true(row?.ok, row?.detail);
    t.log(row?.detail);
  });
}

testNeeding(KERNEL)(
  'a firewall that cannot be read is said to be so, and one that hangs costs a few seconds',
  async (t) => {
    const lab = await startKernelLab({ estate: articleEstate() });
    try {
      const plan = planOf('vm-a', [UCR]);
      await shell(
        lab,
        'vm-a',
        "nft add table ip wall; nft 'add chain ip wall in { type filter hook input priority 0; }'",
      );
      await shell(lab, 'vm-a', 'nft add rule ip wall in ip saddr 10.0.1.11 drop');
      // A run that waited for the end of the second one would never end.
      for (const body of ['exit 1', 'exec sleep 10000']) {
        await shell(
          lab,
          'vm-a',
          `printf '#!/bin/bash\\n${body}\\n' >/usr/local/sbin/nft; chmod 755 /usr/local/sbin/nft`,
        );
        const { report, ms } = await guard(lab, 'vm-a', 'apply', plan);
        t.deepEqual(report.paths[0]?.lost, { packet: 'request-in', places: [], replyPlaces: [], unread: ['nft'] });
        t.log(`${body}: ${Math.round(ms)} ms`);
      }
    } finally {
      await lab.stop();
    }
  },
);

test('there are cases', (t) => t.true(cases.length > 25));
