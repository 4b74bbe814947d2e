/** Each way in which a guest can differ from the plan: check names it, apply mends it, and the next apply changes nothing. */
import assert from 'node:assert/strict';
import type { LabCase } from '../case.ts';
import { connectTo, guard, PI, planOf, shell, snapshot, UCR, until } from '../guests.ts';
import { freshLab, leaveStanding } from '../labs.ts';
import { DISTURBANCES, type Disturbance } from './disturbances.ts';
import { prove } from './recover.ts';
import { appliedGuest, articleLab, VM } from './watcher.ts';

/** Order counts at preference 0 alone, which check looks at; the system's own rules may come back with another protocol. */
const sorted = (text: string): string =>
  text
    .split('\n')
    .sort()
    .join('\n')
    .replaceAll(/proto (?:boot|unspec|kernel) ?/g, '');

async function mended({ by, ucr, pi, leavesForeign }: Disturbance): ReturnType<LabCase['run']> {
  const lab = await appliedGuest();
  const right = sorted(await snapshot(lab, VM));
  await shell(lab, VM, by);
  const disturbed = await snapshot(lab, VM);

  const found = await guard(lab, VM, 'check', planOf(VM));
  assert.deepEqual(
    found.report.paths.map((path) => path.before),
    [ucr, pi],
  );
  assert.equal(await snapshot(lab, VM), disturbed, 'check changed something');

  const { report, exitCode, stderr, ms } = await guard(lab, VM, 'apply', planOf(VM));
  assert.deepEqual([exitCode, report.changed > 0], [0, true], stderr);
  assert.deepEqual(
    report.paths.map((path) => [path.after.join(), path.connectAfter.outcome]),
    [
      ['', 'ok'],
      ['', 'ok'],
    ],
  );
  assert.equal((await guard(lab, VM, 'apply', planOf(VM))).report.changed, 0, 'a second apply had something to do');
  if (!leavesForeign) assert.equal(sorted(await snapshot(lab, VM)), right);
  const detail = `${[...new Set([...ucr, ...pi])].join(', ')}; mended by apply, connects included; ${await prove(lab)}`;
  leaveStanding(lab);
  return { ok: true, recoveredMs: Math.round(ms), detail };
}

const noLocal: LabCase['run'] = async () => {
  const lab = await appliedGuest();
  const right = await snapshot(lab, VM);
  await shell(lab, VM, 'ip rule del pref 0 lookup local');
  const { report, ms } = await guard(lab, VM, 'apply', planOf(VM));
  assert.deepEqual([report.paths[0]?.before, report.paths[0]?.after], [['reply-order', 'leftover'], []]);
  assert.equal(await snapshot(lab, VM), right);
  // The probes find that the machine was dead, perhaps only now, and two probes later that it lives.
  let failedAt = Date.now();
  const isSteady = async () => {
    const outcomes = await Promise.all([UCR, PI].map((vip) => connectTo(lab, VM, vip)));
    if (outcomes.some(({ outcome }) => outcome !== 'ok')) failedAt = Date.now();
    return Date.now() - failedAt > 3000;
  };
  await until('connects that work for 3 s', isSteady);
  return {
    ok: true,
    recoveredMs: Math.round(ms),
    detail: `reply-order, leftover; mended by apply; ${await prove(lab)}`,
  };
};

/** Other people's rules and routes that take the VIP's packets. */
const THIEVES = {
  'a rule to main': `ip rule add pref 1 to ${UCR} lookup main`,
  'a rule from the via address': 'ip rule add pref 1 from 10.0.1.11 lookup main',
  'a rule for unbound sockets': 'ip rule add pref 1 from 0.0.0.0/32 lookup main',
  'a route in a table of their own': `ip route add ${UCR}/32 via 10.0.1.1 dev eth0 table 100; ip rule add pref 1 to ${UCR} lookup 100`,
  'a rule for its port': `ip rule add pref 1 to ${UCR} dport 1972 lookup main`,
  'a rule for TCP to its port, a blackhole': `ip route add blackhole ${UCR}/32 table 100; ip rule add pref 1 ipproto tcp dport 1972 lookup 100`,
  'a blackhole for the VIP': `ip route add blackhole ${UCR}/32 table 100; ip rule add pref 1 lookup 100`,
};
const GIVE_BACK = 'while ip rule del pref 1 2>/dev/null; do :; done; ip route flush table 100 2>/dev/null || true';

const foreign =
  (by: string): LabCase['run'] =>
  async () => {
    const lab = await appliedGuest();
    await shell(lab, VM, by);
    const { report, exitCode } = await guard(lab, VM, 'apply', planOf(VM));
    assert.deepEqual(report.paths[0]?.after, ['route-foreign']);
    assert.deepEqual([report.changed, exitCode], [0, 0], 'it is a finding, and nothing is changed');
    assert.notEqual(report.paths[0]?.connectAfter.outcome, 'ok');
    assert.match(await shell(lab, VM, 'ip rule'), /^1:/m, 'the foreign rule is left alone');
    const outcome = report.paths[0]?.connectAfter.outcome;
    await shell(lab, VM, GIVE_BACK);
    const detail = `route-foreign, connect ${outcome}; once it is gone ${await prove(lab)}`;
    leaveStanding(lab);
    return { ok: true, detail };
  };

const articleRoute: LabCase['run'] = async () => {
  const lab = await appliedGuest();
  await shell(lab, VM, `ip route add ${UCR}/32 via 10.0.1.1 dev eth1`);
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.deepEqual(report.warnings, ['no-systemd', 'vip-route-in-main']);
  const detail = `vip-route-in-main is warned of; ${await prove(lab)}`;
  await guard(lab, VM, 'remove', planOf(VM));
  assert.match(await shell(lab, VM, 'ip route'), new RegExp(`^${UCR} via`, 'm'), 'remove left it alone');
  return { ok: true, detail };
};

/** NetworkManager's drifting metrics: outside clients cannot reach the backend address any more where rp_filter is 1. */
const flipped: LabCase['run'] = async () => {
  const lab = await appliedGuest();
  await shell(lab, VM, 'ip route add default via 10.0.1.1 dev eth1 metric 50; sysctl -qw net.ipv4.ip_forward=1');
  const strict = await guard(lab, VM, 'check', planOf(VM));
  assert.deepEqual(strict.report.warnings, ['no-systemd', 'forwarding', 'default-route-on-via', 'rp-filter-strict']);
  await shell(lab, VM, 'sysctl -qw net.ipv4.conf.eth1.rp_filter=2');
  const loose = await guard(lab, VM, 'check', planOf(VM));
  assert.deepEqual(loose.report.warnings, ['no-systemd', 'forwarding', 'default-route-on-via']);
  await shell(
    lab,
    VM,
    'ip route del default dev eth1 metric 50; sysctl -qw net.ipv4.ip_forward=0 net.ipv4.conf.eth1.rp_filter=1; sysctl -qw net.ipv4.conf.eth0.rp_filter=1',
  );
  await until(`a connect to ${UCR}`, async () => (await connectTo(lab, VM, UCR)).outcome === 'ok');
  return {
    ok: true,
    detail: `default-route-on-via, rp-filter-strict; with the metric right again ${await prove(lab)}`,
  };
};

/**
 * A NIC with a slave, as accelerated networking shows it: both have the MAC. Here a bridge with an address and a port; on
 * Azure hv_netvsc is the master of its VF. A lease of the slave's own brings an address and a default route by it.
 */
const slave: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  await shell(
    lab,
    VM,
    `ip link add lan1 type bridge; ip link set lan1 address 00:0d:3a:00:0a:02; ip addr flush dev eth1
    ip link set eth1 master lan1; ip link set lan1 up; ip addr add 10.0.1.11/24 dev lan1`,
  );
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.deepEqual([report.errorCode, report.warnings], [undefined, ['no-systemd']], report.errorDetail);
  const proof = await prove(lab);
  await shell(
    lab,
    VM,
    'ip route add 10.0.1.1 dev eth1 metric 50; ip route add default via 10.0.1.1 dev eth1 onlink metric 50',
  );
  const routed = await guard(lab, VM, 'check', planOf(VM));
  assert.deepEqual(routed.report.warnings, ['no-systemd', 'default-route-on-via', 'rp-filter-strict']);
  await shell(lab, VM, 'ip addr add 10.0.1.77/32 dev eth1');
  const leased = await guard(lab, VM, 'check', planOf(VM));
  assert.deepEqual(leased.report.warnings, ['no-systemd', 'slave-address', 'default-route-on-via', 'rp-filter-strict']);
  await shell(
    lab,
    VM,
    'ip addr flush dev eth1; ip route flush dev eth1; ip addr del 10.0.1.11/24 dev lan1; ip addr add 10.0.1.11/24 dev eth1',
  );
  const moved = await guard(lab, VM, 'check', planOf(VM));
  assert.equal(moved.report.errorCode, 'ADDRESS_NOT_ON_NIC');
  assert(moved.report.warnings.includes('slave-address'), moved.report.warnings.join());
  return {
    ok: true,
    detail: `default-route-on-via and slave-address, also where the slave alone has the address; before ${proof}`,
  };
};

export const driftCases = (): LabCase[] =>
  [
    ...DISTURBANCES.map((it) => [it.what, () => mended(it)] as const),
    ['no rule leads to the local table any more', noLocal] as const,
    ...Object.entries(THIEVES).map(([what, by]) => [`taken by somebody: ${what}`, foreign(by)] as const),
    ['the article’s route in main', articleRoute] as const,
    ['default route flipped to the secondary NIC', flipped] as const,
    ['a slave of the secondary NIC with a lease of its own', slave] as const,
  ].map(([what, run]) => ({ name: `drift: ${what}`, manager: 'none', run }));
