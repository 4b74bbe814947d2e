/** What was there before apply is there again after remove, byte for byte; and a changed plan leaves nothing stale. */
import assert from 'node:assert/strict';
import type { PlannedFrontend } from '../../shared/model/guest.ts';
import { twoRoleEstate } from '../../simulator/estate/twoVms.ts';
import type { KernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { LabCase } from '../case.ts';
import { connectTo, guard, NICS, PI, planOf, shell, snapshot, UCR } from '../guests.ts';
import { freshLab } from '../labs.ts';
import { DISTURBANCES, type Disturbance } from './disturbances.ts';
import { prove } from './recover.ts';
import { articleLab, VM } from './watcher.ts';

/** nm-cloud-setup's rules and tables, as NetworkManager puts them there on Azure. */
const NM_CLOUD_SETUP = [
  ['1', '10', '0'],
  ['2', '11', '1'],
]
  .flatMap(([k, host, nic]) => [
    `ip route add 10.0.1.0/24 dev eth${nic} src 10.0.1.${host} table 3020${k}`,
    `ip route add default via 10.0.1.1 dev eth${nic} table 3040${k}`,
    `ip rule add pref 3020${k} from 10.0.1.${host} lookup 3020${k}`,
    `ip rule add pref 3040${k} from 10.0.1.${host} lookup 3040${k}`,
  ])
  .concat('ip rule add pref 30350 lookup main suppress_prefixlength 0')
  .join('; ');

/** Things of others that look nearly like ours: our protocol elsewhere, our tables with another protocol, preference 0 to 2. */
const LOOK_ALIKES = [
  'ip route add 10.8.0.0/24 via 10.0.1.1 dev eth1 proto 201 table 100',
  'ip route add 10.8.1.0/24 via 10.0.1.1 dev eth1 proto 201',
  'ip route add 10.8.2.0/24 via 10.0.1.1 dev eth1 proto static table 7201',
  'ip route add 10.8.3.0/24 via 10.0.1.1 dev eth1 proto 201 table 7300',
  // A new rule lands behind those of its preference: these two stand before `lookup local`.
  'ip rule add pref 1 lookup local protocol kernel; ip rule del pref 0 lookup local',
  'ip rule add pref 0 from 10.8.0.1 lookup 100; ip rule add pref 0 from 10.8.0.2 lookup 7300 protocol 201',
  'ip rule add pref 0 lookup local protocol kernel; ip rule del pref 1 lookup local',
  'ip rule add pref 1 to 10.8.0.0/24 lookup 100 protocol static',
  // Rules for the local table where the script has its temporary one for a moment.
  'ip rule add pref 1 fwmark 0x77 lookup local; ip rule add pref 1 lookup local protocol static',
  'ip rule add pref 2 from 10.8.0.4 lookup 7201',
  'ip rule add pref 5 fwmark 0x1 lookup 100',
  'ip route add blackhole 10.9.0.0/16; ip route add prohibit 10.9.1.0/24 table 100',
].join('; ');

/** Rules, routes of every table, files. */
const everything = async (lab: KernelLab): Promise<string> =>
  `${await snapshot(lab, VM)}${await shell(lab, VM, 'find /etc /usr/local /var/lib -xdev -path /var/lib/waagent/run-command-handler -prune -o -print 2>/dev/null | sort; ls -lA /etc/systemd/system /usr/local/sbin | grep -v ^total || true')}`;

/** Without ports nothing is connected to, and a run is short. */
const quiet = (plan: PlannedFrontend[]): PlannedFrontend[] =>
  plan.map(({ vip, backends, via }) => ({ vip, backends, via }));

async function backAgain(lab: KernelLab, plan: PlannedFrontend[], disturbances: Disturbance[]): Promise<string> {
  const before = await everything(lab);
  for (const { what, by } of [{ what: 'nothing', by: ':' }, ...disturbances]) {
    const applied = await guard(lab, VM, 'apply', quiet(plan));
    assert.equal(applied.report.errorCode, undefined, applied.report.errorDetail);
    await shell(lab, VM, by);
    const removed = await guard(lab, VM, 'remove', quiet(plan));
    assert.equal(removed.report.errorCode, undefined, removed.report.errorDetail);
    assert.equal(await everything(lab), before, `after: ${what}`);
  }
  const { report } = await guard(lab, VM, 'apply', plan);
  assert.deepEqual(
    report.paths.map((path) => [path.after.join(), path.proof]),
    plan.map(() => ['', 'self']),
  );
  const proof = await prove(lab, plan);
  await guard(lab, VM, 'remove', plan);
  assert.equal(await everything(lab), before);
  return `byte for byte after ${disturbances.length + 2} rounds of apply, disturb, remove; ${proof}`;
}

/** Where others have rules and routes too, disturbances that take these as well are left out. */
const ours = DISTURBANCES.filter(({ by, leavesForeign }) => !leavesForeign && !/ flush|link set/.test(by));
const own = DISTURBANCES.filter(({ leavesForeign }) => !leavesForeign);
const some = ours.filter((_, index) => index % 3 === 0);

const { backend, via } = NICS[VM];
const twoRoles = () => twoRoleEstate();
const swapped: PlannedFrontend[] = [
  { vip: UCR, port: 1972, backends: [backend], via },
  { vip: PI, port: 1972, backends: [via], via: backend },
];

/** The plan shrinks, moves to other NICs and comes back: each time as if it had been applied to a fresh guest. */
const changedPlan: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  const plans = { 'one VIP': planOf(VM, [PI]), 'two VIPs': planOf(VM), 'other NICs': swapped };
  const direct: Record<string, string> = {};
  const state = async () => (await snapshot(lab, VM)).split('\n').sort().join('\n');
  for (const [name, plan] of Object.entries(plans)) {
    await guard(lab, VM, 'apply', quiet(plan));
    direct[name] = await state();
    await guard(lab, VM, 'remove', []);
  }
  const order = ['two VIPs', 'one VIP', 'other NICs', 'one VIP', 'two VIPs', 'other NICs', 'two VIPs'] as const;
  for (const name of order) {
    const { report } = await guard(lab, VM, 'apply', quiet(plans[name]));
    assert.equal(report.errorCode, undefined, report.errorDetail);
    assert.equal(await state(), direct[name], name);
    if (name !== 'other NICs') assert.equal((await connectTo(lab, VM, PI)).outcome, 'ok');
  }
  await guard(lab, VM, 'apply', planOf(VM));
  return { ok: true, detail: `${order.length} changes; ${await prove(lab)}` };
};

/** Somebody else has the machine's local table at preference 1, and it is there that he looks for it. */
async function movedLocal(): Promise<string> {
  const lab = await freshLab(articleLab);
  await shell(lab, VM, 'ip rule add pref 1 lookup local protocol static; ip rule del pref 0 lookup local');
  return backAgain(lab, planOf(VM), some.slice(0, 2));
}

/** Moving `lookup local` would put a rule before it that stood behind: that could lead the machine's own addresses astray. */
const held: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  await shell(lab, VM, 'ip route add blackhole default table 100; ip rule add pref 0 lookup 100');
  const before = await everything(lab);
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.deepEqual(
    [report.errorCode, report.errorDetail],
    ['CHANGE_FAILED', 'lookup local cannot be moved behind a foreign rule: from all lookup 100'],
  );
  assert(report.paths.every((path) => path.after.includes('reply-order')));
  const from = await connectTo(lab, VM, backend.ip);
  assert.equal(from.outcome, 'ok', 'the machine still finds its own addresses');
  await guard(lab, VM, 'remove', planOf(VM));
  assert.equal(await everything(lab), before);
  await shell(lab, VM, 'ip rule del pref 0 lookup 100');
  await guard(lab, VM, 'apply', planOf(VM));
  return { ok: true, detail: `named, nothing moved, removed byte for byte; without that rule ${await prove(lab)}` };
};

const removeCase = (name: string, run: () => Promise<string>): LabCase => ({
  name: `remove: ${name}`,
  manager: 'none',
  run: async () => ({ ok: true, detail: await run() }),
});

export const removeCases = (): LabCase[] => [
  removeCase('a plain guest, after every disturbance', async () =>
    backAgain(await freshLab(articleLab), planOf(VM), own),
  ),
  removeCase('beside nm-cloud-setup’s rules and tables', async () => {
    const lab = await freshLab(articleLab);
    await shell(lab, VM, NM_CLOUD_SETUP);
    return backAgain(lab, planOf(VM), some);
  }),
  removeCase('beside rules and routes that look like ours', async () => {
    const lab = await freshLab(articleLab);
    await shell(lab, VM, LOOK_ALIKES);
    return backAgain(lab, planOf(VM), some);
  }),
  removeCase('lookup local that somebody moved to preference 1', movedLocal),
  removeCase('NICs with two roles and source routing', async () =>
    backAgain(await freshLab(twoRoles), swapped, some.slice(0, 2)),
  ),
  { name: 'somebody’s rule at preference 0 behind lookup local', manager: 'none', run: held },
  { name: 'a changed plan leaves nothing stale', manager: 'none', run: changedPlan },
];
