/** The largest plan in its worst state: 64 frontends. Times and proofs are in the lab's cases. */

import { MAX_LINE_BYTES } from '../../../shared/guest/wire.ts';
import { MAX_FRONTENDS } from '../../../shared/model/guest.ts';
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { manyFrontends, vipsOf } from '../../simulator/guests/estates.ts';
import { labOf } from '../../simulator/guests/labOf.ts';
import { guard, planOf, shell } from './guests.ts';

const kernelTest = testNeeding(KERNEL);
const vips = vipsOf(MAX_FRONTENDS);
const estate = manyFrontends(MAX_FRONTENDS);
const freshLab = labOf(startKernelLab, estate);

const bytesOf = (stdout: string): number => Buffer.byteLength(stdout.trim().split('\n').at(-1) ?? '');

kernelTest('64 frontends in the worst state with nothing that answers: the report fits', async (t) => {
  const lab = await freshLab();
  // A third address is the source of everything, and an interrupted run left its temporary rule.
  await shell(
    lab,
    'vm-a',
    'ip rule add pref 1 lookup local protocol kernel; ip addr add 10.0.1.199/24 dev eth1 noprefixroute; ip route add 10.0.1.0/24 dev eth1 src 10.0.1.199 metric 1',
  );
  const plan = planOf('vm-a', vips).map((frontend) => ({ ...frontend, port: 9 }));
  for (const mode of ['check', 'apply'] as const) {
    const { stdout, report } = await guard(lab, 'vm-a', mode, plan);
    t.true(bytesOf(stdout) < MAX_LINE_BYTES, `${mode}: ${bytesOf(stdout)} bytes`);
    t.true(report.paths.every((path) => path.connectAfter.outcome === 'timeout'));
  }
  // More firewalls than a report can hold: some are named, and it says that not all are.
  const name = 'f'.repeat(29);
  const tables = Array.from(
    { length: 30 },
    (_, index) =>
      `table inet ${name}${100 + index} { chain ${name} { type filter hook input priority ${index}; policy accept; iifname eth0 ip saddr 10.0.1.11 drop; }; }`,
  );
  await shell(lab, 'vm-a', `echo '${tables.join('\n')}' | nft -f -`);
  const begin = performance.now();
  const { stdout, report } = await guard(lab, 'vm-a', 'check', plan);
  t.log(`with 30 firewalls: ${Math.round(performance.now() - begin)} ms, ${bytesOf(stdout)} bytes`);
  t.true(bytesOf(stdout) < MAX_LINE_BYTES && bytesOf(stdout) > 3000, `${bytesOf(stdout)} bytes`);
  t.is(report.paths.length, 64);
  t.true(report.warnings.includes('firewalls-cut'));
  const named = report.paths.map((path) => path.lost?.places.length ?? 0);
  t.true(
    named.every((count) => count === named[0] && count > 3 && count < 30),
    named.join(),
  );
});
