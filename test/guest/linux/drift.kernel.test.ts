/** Each way in which a guest can differ from the plan: check names it, apply mends it, and the next apply changes nothing. */
import test from 'ava';
import type { Drift } from '../../../shared/model/guest.ts';
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../../../simulator/guests/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { articleEstate } from '../../simulator/guests/estates.ts';
import { until } from '../../simulator/guests/steps.ts';
import { connectTo, guard, planOf, shell, snapshot, UCR } from './guests.ts';

const kernelTest = testNeeding(KERNEL);
let lab: GuestLab | undefined;
const freshLab = async (): Promise<GuestLab> => {
  if (lab) await lab.reset();
  lab ??= await startKernelLab({ estate: articleEstate() });
  return lab;
};
test.after.always(() => lab?.stop());

/** What somebody does to vm-a, and the drift of UCR's and of PI's path that check then names. */
const DISTURBANCES: { what: string; by: string; ucr: Drift[]; pi: Drift[] }[] = [
  { what: 'one VIP route is gone', by: `ip route del ${UCR}/32 table 7201`, ucr: ['route-missing'], pi: [] },
  {
    what: 'the VIP routes are gone with the link',
    by: 'ip link set eth1 down; ip link set eth1 up; ip route add 10.0.1.0/24 dev eth1 proto kernel scope link src 10.0.1.11 metric 101',
    ucr: ['route-missing'],
    pi: ['route-missing'],
  },
  {
    what: 'a VIP route leaves by the other NIC',
    by: `ip route replace ${UCR}/32 via 10.0.1.1 dev eth0 src 10.0.1.11 proto 201 table 7201`,
    ucr: ['route-wrong'],
    pi: [],
  },
  {
    what: 'a VIP route has another gateway',
    by: `ip route replace ${UCR}/32 via 10.0.1.7 dev eth1 src 10.0.1.11 proto 201 table 7201`,
    ucr: ['route-wrong'],
    pi: [],
  },
  {
    what: 'a VIP route has lost its source',
    by: `ip route replace ${UCR}/32 via 10.0.1.1 dev eth1 proto 201 table 7201`,
    ucr: ['route-wrong'],
    pi: [],
  },
  {
    what: 'a VIP route stands a second time with a metric',
    by: `ip route add ${UCR}/32 via 10.0.1.1 dev eth1 src 10.0.1.11 metric 9 proto 201 table 7201`,
    ucr: ['leftover'],
    pi: ['leftover'],
  },
  {
    what: 'somebody made a VIP route his own',
    by: `ip route replace ${UCR}/32 via 10.0.1.1 dev eth1 src 10.0.1.11 proto static table 7201`,
    ucr: ['route-missing'],
    pi: [],
  },
  {
    what: 'the reply route is gone',
    by: 'ip route del 10.0.1.11/32 table 7202',
    ucr: ['reply-route'],
    pi: ['reply-route'],
  },
  {
    what: 'the reply rule is gone',
    by: 'ip rule del pref 0 from 10.0.1.10 to 10.0.1.11 iif lo lookup 7202',
    ucr: ['reply-rule'],
    pi: ['reply-rule'],
  },
  {
    what: 'the reply rule stands behind local',
    by: 'ip rule del pref 0 from 10.0.1.10 to 10.0.1.11 iif lo lookup 7202; ip rule add pref 0 from 10.0.1.10 to 10.0.1.11 iif lo lookup 7202 protocol 201',
    ucr: ['reply-order'],
    pi: ['reply-order'],
  },
  {
    what: 'the reply rule holds for everything, not for lo alone',
    by: 'ip rule add pref 1 lookup local protocol kernel; ip rule del pref 0 lookup local; ip rule del pref 0 lookup 7202; ip rule add pref 0 from 10.0.1.10 to 10.0.1.11 lookup 7202 protocol 201; ip rule add pref 0 lookup local protocol kernel; ip rule del pref 1',
    ucr: ['reply-rule', 'leftover'],
    pi: ['reply-rule', 'leftover'],
  },
  {
    what: 'one lookup rule is gone',
    by: `ip rule del pref 2 from 10.0.1.11 to ${UCR} lookup 7201`,
    ucr: ['lookup-rule'],
    pi: [],
  },
  {
    what: 'the rule for unbound sockets is gone',
    by: 'ip rule del pref 2 from 0.0.0.0/32 lookup 7201',
    ucr: ['lookup-rule'],
    pi: ['lookup-rule'],
  },
  {
    what: 'a rule of an older plan is there',
    by: 'ip rule add pref 2 from 10.0.1.11 to 10.0.1.99 lookup 7201 protocol 201',
    ucr: ['leftover'],
    pi: ['leftover'],
  },
  {
    what: 'a route of an older plan is there',
    by: 'ip route add 10.0.1.99/32 via 10.0.1.1 dev eth1 table 7250 proto 201',
    ucr: ['leftover'],
    pi: ['leftover'],
  },
  {
    what: 'an interrupted run left its temporary rule',
    by: 'ip rule add pref 1 lookup local protocol kernel',
    ucr: ['leftover'],
    pi: ['leftover'],
  },
  {
    what: 'an interrupted run left only its temporary rule',
    by: 'ip rule add pref 1 lookup local protocol kernel; ip rule del pref 0 lookup local',
    ucr: ['leftover'],
    pi: ['leftover'],
  },
  {
    what: 'all rules were flushed, which leaves those at preference 0',
    by: 'ip rule flush; ip rule add pref 32766 lookup main protocol kernel; ip rule add pref 32767 lookup default protocol kernel',
    ucr: ['lookup-rule'],
    pi: ['lookup-rule'],
  },
];

for (const { what, by, ucr, pi } of DISTURBANCES) {
  kernelTest(`${what}: named, mended, and then nothing is left to do`, async (t) => {
    const lab = await freshLab();
    await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
    const right = await snapshot(lab, 'vm-a');
    await shell(lab, 'vm-a', by);
    const disturbed = await snapshot(lab, 'vm-a');

    const found = await guard(lab, 'vm-a', 'check', planOf('vm-a'));
    t.deepEqual(
      found.report.paths.map((path) => path.before),
      [ucr, pi],
    );
    t.is(await snapshot(lab, 'vm-a'), disturbed, 'check changes nothing');

    const mended = await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
    t.is(mended.exitCode, 0, mended.stderr);
    t.true(mended.report.changed > 0);
    t.deepEqual(
      mended.report.paths.map((path) => [path.after, path.connectAfter.outcome]),
      [
        [[], 'ok'],
        [[], 'ok'],
      ],
    );
    const again = await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
    t.is(again.report.changed, 0);
    const sorted = (text: string) => text.split('\n').sort().join('\n');
    t.is(
      sorted(await snapshot(lab, 'vm-a')).replaceAll(/proto (?:boot|unspec|kernel) ?/g, ''),
      sorted(right).replaceAll(/proto (?:boot|unspec|kernel) ?/g, ''),
    );
    await guard(lab, 'vm-a', 'remove', planOf('vm-a'));
    t.notRegex(await snapshot(lab, 'vm-a'), /proto 201|72[0-9]{2}/);
    t.is((await shell(lab, 'vm-a', 'ip rule | head -1')).trim(), '0:\tfrom all lookup local');
  });
}

kernelTest('no rule leads to the local table any more: it is put back', async (t) => {
  const lab = await freshLab();
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  const right = await snapshot(lab, 'vm-a');
  await shell(lab, 'vm-a', 'ip rule del pref 0 lookup local');
  const { report } = await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  t.deepEqual(report.paths[0]?.before, ['reply-order', 'leftover']);
  t.deepEqual(report.paths[0]?.after, []);
  t.is(await snapshot(lab, 'vm-a'), right);
  // The probes had found the machine dead meanwhile.
  t.truthy(await until(async () => (await connectTo(lab, 'vm-a', UCR)).outcome === 'ok', 5000));
});

kernelTest('a foreign rule that steals the VIP is named as foreign, and is left alone', async (t) => {
  const lab = await freshLab();
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  for (const by of [
    `ip rule add pref 1 to ${UCR} lookup main`,
    'ip rule add pref 1 from 10.0.1.11 lookup main',
    'ip rule add pref 1 from 0.0.0.0/32 lookup main',
  ]) {
    await shell(lab, 'vm-a', by);
    const { report, exitCode } = await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
    t.deepEqual(report.paths[0]?.after, ['route-foreign'], by);
    t.is(report.changed, 0);
    t.is(exitCode, 0, 'it is a finding, not an error');
    t.not(report.paths[0]?.connectAfter.outcome, 'ok');
    t.regex(await shell(lab, 'vm-a', 'ip rule'), /^1:/m);
    await shell(lab, 'vm-a', by.replace(' add ', ' del '));
    t.is((await connectTo(lab, 'vm-a', UCR)).outcome, 'ok');
  }
});

kernelTest('the article’s route in main is warned of, and left alone', async (t) => {
  const lab = await freshLab();
  await shell(lab, 'vm-a', `ip route add ${UCR}/32 via 10.0.1.1 dev eth1`);
  const { report } = await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  t.deepEqual(report.warnings, ['no-systemd', 'vip-route-in-main']);
  t.deepEqual(report.paths[0]?.after, []);
  t.is(report.paths[0]?.connectAfter.outcome, 'ok');
  await guard(lab, 'vm-a', 'remove', planOf('vm-a'));
  t.regex(await shell(lab, 'vm-a', 'ip route'), new RegExp(`^${UCR} via`, 'm'));
});

kernelTest('a default route on the secondary NIC and forwarding are warned of', async (t) => {
  const lab = await freshLab();
  await shell(
    lab,
    'vm-a',
    'ip route add default via 10.0.1.1 dev eth1 metric 50; echo 1 >/proc/sys/net/ipv4/ip_forward',
  );
  const strict = await guard(lab, 'vm-a', 'check', planOf('vm-a'));
  t.deepEqual(strict.report.warnings, ['no-systemd', 'forwarding', 'default-route-on-via', 'rp-filter-strict']);
  await shell(lab, 'vm-a', 'echo 2 >/proc/sys/net/ipv4/conf/eth1/rp_filter');
  const loose = await guard(lab, 'vm-a', 'check', planOf('vm-a'));
  t.deepEqual(loose.report.warnings, ['no-systemd', 'forwarding', 'default-route-on-via']);
});
