/** What the script refuses, and what it says then. */
import type { PlannedFrontend } from '../../../shared/model/guest.ts';
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../../../simulator/guests/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { labOf } from '../../simulator/guests/labOf.ts';
import { connectTo, guard, NICS, PI, planOf, shell, snapshot, UCR } from './guests.ts';

const kernelTest = testNeeding(KERNEL);
const fresh = labOf(startKernelLab);
let lab: GuestLab | undefined;
const freshLab = async (): Promise<GuestLab> => {
  lab = await fresh();
  return lab;
};

const refusal = async (plan: PlannedFrontend[] = planOf('vm-a'), change?: (script: string) => string) => {
  if (!lab) throw new Error('no lab');
  const before = await snapshot(lab, 'vm-a');
  const { report, exitCode } = await guard(lab, 'vm-a', 'apply', plan, change);
  const untouched = (await snapshot(lab, 'vm-a')) === before;
  return [report.errorCode, report.errorDetail, exitCode, untouched ? 'untouched' : 'changed'];
};

kernelTest('a plan for another machine', async (t) => {
  await freshLab();
  t.deepEqual(await refusal(planOf('vm-b')), ['WRONG_MACHINE', '00:0d:3a:00:0b:01', 1, 'untouched']);
});

kernelTest('a VIP that the machine itself carries', async (t) => {
  const lab = await freshLab();
  await shell(lab, 'vm-a', `ip addr add ${PI}/32 dev lo`);
  t.deepEqual(await refusal(), ['VIP_IS_LOCAL', `${PI} on lo`, 1, 'untouched']);
});

kernelTest('a missing NIC blocks its own paths, and the others are repaired', async (t) => {
  const lab = await freshLab();
  const lost = { ip: '10.0.1.12', mac: '00:0d:3a:00:0a:03' };
  const plan = [...planOf('vm-a', [UCR]), { ...planOf('vm-a', [PI])[0], via: lost } as PlannedFrontend];
  const { report, exitCode } = await guard(lab, 'vm-a', 'apply', plan);
  t.is(exitCode, 1);
  t.is(report.errorCode, 'NIC_NOT_FOUND');
  t.is(report.errorDetail, lost.mac);
  t.deepEqual(
    report.paths.map((path) => [path.before[0], path.after]),
    [
      ['route-missing', []],
      ['nic-missing', ['nic-missing']],
    ],
  );
  t.is((await connectTo(lab, 'vm-a', UCR)).outcome, 'ok');
  const again = await guard(lab, 'vm-a', 'apply', plan);
  t.is(again.report.changed, 0);
});

kernelTest('while a NIC is away its rules stay, and when it is back only routes are missing', async (t) => {
  const lab = await freshLab();
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  await shell(lab, 'vm-a', 'ip addr del 10.0.1.11/24 dev eth1');
  const away = await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  t.deepEqual(
    away.report.paths.map((path) => path.after),
    [['nic-missing'], ['nic-missing']],
  );
  t.is(away.report.errorCode, 'ADDRESS_NOT_ON_NIC');
  t.is(away.report.changed, 0);
  await shell(
    lab,
    'vm-a',
    'ip addr add 10.0.1.11/24 dev eth1 noprefixroute; ip route replace 10.0.1.0/24 dev eth1 src 10.0.1.11 metric 101',
  );
  const back = await guard(lab, 'vm-a', 'check', planOf('vm-a'));
  t.deepEqual(
    back.report.paths.map((path) => path.before),
    [['route-missing'], ['route-missing']],
  );
});

kernelTest('a slave with the same MAC is passed over, and so is an interface whose name begins alike', async (t) => {
  const lab = await freshLab();
  // As accelerated networking shows it: a second interface with the MAC, without the address, enslaved.
  await shell(
    lab,
    'vm-a',
    `ip link add bridge0 type bridge; ip link add enP1s1 type veth peer name enP1s2; ip link set enP1s1 address ${NICS['vm-a'].via.mac}
    ip link set enP1s1 master bridge0; ip link add eth10 type veth peer name eth11; ip addr add 10.9.9.1/24 dev eth10; ip link set eth10 up; ip link set eth11 up`,
  );
  const { report } = await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  t.is(report.errorCode, undefined);
  t.deepEqual(
    report.paths.map((path) => [path.after, path.connectAfter.outcome]),
    [
      [[], 'ok'],
      [[], 'ok'],
    ],
  );
  await shell(lab, 'vm-a', `ip route replace ${UCR}/32 via 10.9.9.7 dev eth10 proto 201 table 7201`);
  const found = await guard(lab, 'vm-a', 'check', planOf('vm-a'));
  t.deepEqual(found.report.paths[0]?.before, ['route-wrong']);
});

kernelTest('two interfaces with the same MAC and address cannot be told apart', async (t) => {
  const lab = await freshLab();
  await shell(
    lab,
    'vm-a',
    `ip link add twin type veth peer name twinpeer; ip link set twin address ${NICS['vm-a'].via.mac}; ip addr add 10.0.1.11/24 dev twin; ip link set twin up`,
  );
  t.deepEqual(await refusal(), ['NIC_AMBIGUOUS', NICS['vm-a'].via.mac, 1, 'untouched']);
});

kernelTest('a damaged plan', async (t) => {
  await freshLab();
  for (const [from, to] of [
    ['VIP=(10.0.1.100 10.0.1.101)', 'VIP=(10.0.1.100 10.0.1.1o1)'],
    ['VIP=(10.0.1.100 10.0.1.101)', 'VIP=(10.0.1.100)'],
    ['PORT=(1972 1972)', 'PORT=(1972 x)'],
    ['CONNECT_SECONDS=1', 'CONNECT_SECONDS=1000'],
    ['VIA_MAC=(00:', 'VIA_MAC=(zz:'],
    ['CONTAINERS=\n', 'CONTAINERS=172.17.0.0\n'],
    ['CONTAINERS=\n', 'CONTAINERS=10.0.1.0/24\n'],
    ['NETWORKS=()', 'NETWORKS=(20.1.0.0)'],
  ] as const) {
    const [code, , exit, untouched] = await refusal(planOf('vm-a'), (script) => {
      t.true(script.includes(from));
      return script.replace(from, to);
    });
    t.deepEqual([code, exit, untouched], ['BAD_PLAN', 1, 'untouched'], to);
  }
});

kernelTest(
  'a plan with an address that is none of a virtual network’s, and with one of a network that it names',
  async (t) => {
    await freshLab();
    const vips = 'VIP=(10.0.1.100 10.0.1.101)';
    for (const address of ['168.63.129.16', '169.254.169.254', '127.0.0.2', '224.0.0.9', '8.8.8.8', '20.1.0.100']) {
      t.deepEqual(await refusal(planOf('vm-a'), (script) => script.replace(vips, `VIP=(10.0.1.100 ${address})`)), [
        'ADDRESS_REFUSED',
        address,
        1,
        'untouched',
      ]);
    }
    const named = (script: string) =>
      script.replace(vips, 'VIP=(10.0.1.100 20.1.0.100)').replace('NETWORKS=()', 'NETWORKS=(20.1.0.0/16)');
    t.deepEqual((await refusal(planOf('vm-a'), named)).slice(0, 1), [undefined]);
    if (!lab) throw new Error('no lab');
    t.regex(await shell(lab, 'vm-a', 'cat /etc/ilb-hairpin-guard/plan'), /^networks 20\.1\.0\.0\/16$/m);
    t.regex(await shell(lab, 'vm-a', 'ip route show table 7201'), /^20\.1\.0\.100 via /m);
    const kept = await shell(lab, 'vm-a', '/usr/local/sbin/ilb-hairpin-guard check | tail -1');
    t.notRegex(kept, /ADDRESS_REFUSED|BAD_PLAN/, 'the installed copy reads the networks from its plan');
  },
);

kernelTest('a second run while one is under way waits, then says busy; a dead one’s lock is taken over', async (t) => {
  const lab = await freshLab();
  const before = await snapshot(lab, 'vm-a');
  await shell(
    lab,
    'vm-a',
    `mkdir -p /run/ilb-hairpin-guard; sleep 60 & read -r -a s </proc/$!/stat; ln -s "$!.$\{s[21]}" /run/ilb-hairpin-guard/run`,
  );
  const busy = await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  t.is(busy.report.errorCode, 'BUSY');
  t.true(busy.ms > 9000, 'it waited for the other');
  t.is(await snapshot(lab, 'vm-a'), before);
  t.regex(
    await shell(lab, 'vm-a', 'readlink /run/ilb-hairpin-guard/run'),
    /^\d+\.\d+$/m,
    'and left the lock to its owner',
  );
  for (const holder of ['999999.1', '1.1', 'nonsense']) {
    await shell(lab, 'vm-a', `ln -sfT ${holder} /run/ilb-hairpin-guard/run`);
    t.is((await guard(lab, 'vm-a', 'check', planOf('vm-a'))).report.errorCode, undefined, holder);
  }
});

kernelTest('a port that refuses, and a port that nobody answers', async (t) => {
  const lab = await freshLab();
  const plan = planOf('vm-a').map((frontend, index) => ({ ...frontend, port: index === 0 ? 1972 : 9 }));
  const { report } = await guard(lab, 'vm-a', 'apply', plan);
  t.deepEqual(
    report.paths.map((path) => [path.after, path.connectAfter.outcome, path.proof]),
    [
      [[], 'ok', 'self'],
      [[], 'timeout', 'none'],
    ],
  );
  await shell(lab, 'vm-a', `ip route add unreachable ${UCR}/32 table 7250; ip rule add pref 1 to ${UCR} lookup 7250`);
  const closed = await guard(lab, 'vm-a', 'check', planOf('vm-a'));
  t.is(closed.report.paths[0]?.connectBefore.outcome, 'unreachable');
});
