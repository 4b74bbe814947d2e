/** What connected before must connect afterwards: else the run takes its changes back, and says so. */
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../../../simulator/guests/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { labOf } from '../../simulator/guests/labOf.ts';
import { connectTo, filesOf, guard, PI, planOf, shell, snapshot, UCR } from './guests.ts';

const kernelTest = testNeeding(KERNEL);
const freshLab = labOf(startKernelLab);

/** A firewall on the primary that does not know vm-b's via address. 1972 is UCR's port on the VMs, 51773 is PI's. */
const refuse = (lab: GuestLab, port: number) =>
  shell(
    lab,
    'vm-a',
    `nft add table ip wall; nft 'add chain ip wall in { type filter hook input priority 0; }'; nft add rule ip wall in ip saddr 10.0.1.21 tcp dport ${port} drop`,
  );

kernelTest('a first apply that would lose a VIP is taken back whole', async (t) => {
  const lab = await freshLab();
  await refuse(lab, 1972);
  const asBooted = await snapshot(lab, 'vm-b');
  const { report, exitCode } = await guard(lab, 'vm-b', 'apply', planOf('vm-b'));
  t.is(exitCode, 1);
  t.is(report.errorCode, 'CHANGE_FAILED');
  t.is(report.errorDetail, `${UCR} connected before and not after: taken back`);
  t.is(report.changed, 0);
  t.deepEqual(
    report.paths.map((path) => [path.connectBefore.outcome, path.connectAfter.outcome]),
    [
      ['ok', 'timeout'],
      ['ok', 'ok'],
    ],
  );
  t.deepEqual(
    report.paths.map((path) => path.after),
    report.paths.map((path) => path.before),
  );
  t.is(await snapshot(lab, 'vm-b'), asBooted);
  t.is(await filesOf(lab, 'vm-b'), '/run/ilb-hairpin-guard\n');
  t.is((await connectTo(lab, 'vm-b', UCR)).outcome, 'ok', 'what connected still does');
  await shell(lab, 'vm-a', 'nft delete table ip wall');
  t.is(
    (await guard(lab, 'vm-b', 'apply', planOf('vm-b'))).report.errorCode,
    undefined,
    'and once the wall is gone it works',
  );
});

kernelTest('what a change that failed in part did is taken back too, and the failure is named', async (t) => {
  const lab = await freshLab();
  await refuse(lab, 1972);
  const real = (await shell(lab, 'vm-b', 'type -P ip')).trim();
  const asBooted = await snapshot(lab, 'vm-b');
  await shell(
    lab,
    'vm-b',
    `cat >/usr/local/sbin/ip <<'END'
#!/bin/bash
[[ " $* " != *" -batch "* ]] || exec < <(sed 's|^route replace ${PI}/32 via [^ ]*|route replace ${PI}/32 via 192.0.2.1|')
exec ${real} "$@"
END
chmod 755 /usr/local/sbin/ip`,
  );
  const { report, stderr } = await guard(lab, 'vm-b', 'apply', planOf('vm-b'));
  await shell(lab, 'vm-b', 'rm /usr/local/sbin/ip');
  t.is(report.errorCode, 'CHANGE_FAILED');
  t.regex(report.errorDetail ?? '', new RegExp(`^route replace ${PI}/32 .*: Error: Nexthop has invalid gateway`));
  t.regex(stderr, new RegExp(`${UCR} connected before and not after: taken back`));
  t.is(await snapshot(lab, 'vm-b'), asBooted);
  t.is((await connectTo(lab, 'vm-b', UCR)).outcome, 'ok', 'what connected still does');
});

kernelTest('a larger plan that would lose a VIP leaves the smaller one in place', async (t) => {
  const lab = await freshLab();
  await guard(lab, 'vm-b', 'apply', planOf('vm-b', [PI]));
  const [before, planBefore] = [
    await snapshot(lab, 'vm-b'),
    await shell(lab, 'vm-b', 'cat /etc/ilb-hairpin-guard/plan'),
  ];
  await refuse(lab, 1972);
  const { report } = await guard(lab, 'vm-b', 'apply', planOf('vm-b'));
  t.is(report.errorCode, 'CHANGE_FAILED');
  t.is(await snapshot(lab, 'vm-b'), before);
  t.is(await shell(lab, 'vm-b', 'cat /etc/ilb-hairpin-guard/plan'), planBefore);
  t.is((await connectTo(lab, 'vm-b', PI)).outcome, 'ok');
  t.is((await connectTo(lab, 'vm-b', UCR)).outcome, 'ok');
});

kernelTest('wrong and left-over things come back as they were', async (t) => {
  const lab = await freshLab();
  // Of an older plan: UCR by another gateway that happens to work, and a VIP that is no more.
  await shell(
    lab,
    'vm-b',
    `ip route add ${UCR}/32 via 10.0.1.7 dev eth0 src 10.0.1.20 proto 201 table 7201
    ip route add 10.0.1.99/32 via 10.0.1.1 dev eth1 src 10.0.1.21 proto 201 table 7201
    ip rule add pref 2 from 0.0.0.0/32 lookup 7201 protocol 201
    ip rule add pref 2 from 10.0.1.21 to 10.0.1.99 lookup 7201 protocol 201`,
  );
  const sorted = async () => (await snapshot(lab, 'vm-b')).split('\n').sort().join('\n');
  const before = await sorted();
  await refuse(lab, 1972);
  const { report } = await guard(lab, 'vm-b', 'apply', planOf('vm-b'));
  t.deepEqual(report.paths[0]?.before.includes('route-wrong'), true);
  t.is(report.errorDetail, `${UCR} connected before and not after: taken back`);
  t.is(await sorted(), before);
});

kernelTest('what failed before and fails after is a finding, and stays applied', async (t) => {
  const lab = await freshLab();
  await refuse(lab, 1972);
  await shell(lab, 'vm-a', 'nft add rule ip wall in ip saddr 10.0.1.20 tcp dport 1972 drop');
  const { report, exitCode } = await guard(lab, 'vm-b', 'apply', planOf('vm-b'));
  t.is(exitCode, 0);
  t.deepEqual(
    report.paths.map((path) => [path.after, path.connectAfter.outcome]),
    [
      [[], 'timeout'],
      [[], 'ok'],
    ],
  );
});
