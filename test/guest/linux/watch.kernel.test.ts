/** What stays on the machine: the installed files, and the watcher that puts right what others undo. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../../../simulator/guests/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { articleEstate } from '../../simulator/guests/estates.ts';
import { until } from '../../simulator/guests/steps.ts';
import { connectTo, filesOf, guard, PI, planOf, shell, snapshot, UCR } from './guests.ts';

const kernelTest = testNeeding(KERNEL);
let lab: GuestLab | undefined;
const freshLab = async (): Promise<GuestLab> => {
  if (lab) await lab.reset();
  lab ??= await startKernelLab({ estate: articleEstate() });
  return lab;
};
test.after.always(() => lab?.stop());

const INSTALLED = '/usr/local/sbin/ilb-hairpin-guard';
const LOG = '/tmp/watch.log';

/** Applies, and starts the installed watcher as the service would. */
async function watched(lab: GuestLab, change = ''): Promise<void> {
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  await shell(lab, 'vm-a', `${change} setsid ${INSTALLED} watch >${LOG} 2>&1 </dev/null & echo $! >/tmp/watch.pid`);
  await until(async () => (await log(lab)).includes('found: as planned'), 3000);
}
const log = (lab: GuestLab): Promise<string> => shell(lab, 'vm-a', `cat ${LOG} 2>/dev/null || true`);
const stopWatch = (lab: GuestLab) => shell(lab, 'vm-a', 'kill $(</tmp/watch.pid); sleep 0.3');
/** Rules and routes, in order where order matters: among the rules at preference 0. */
const state = async (lab: GuestLab): Promise<string> => {
  const lines = (await snapshot(lab, 'vm-a')).split('\n');
  const isFirst = (line: string) => line.startsWith('0:');
  return [...lines.filter(isFirst), ...lines.filter((line) => !isFirst(line)).sort()].join('\n');
};

kernelTest('apply installs the script without its command, the plan, and a unit', async (t) => {
  const lab = await freshLab();
  const { report } = await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  t.deepEqual(report.warnings, ['no-systemd']);
  t.is(
    await filesOf(lab, 'vm-a'),
    [
      '/etc/ilb-hairpin-guard',
      '/etc/systemd/system/ilb-hairpin-guard.service',
      '/run/ilb-hairpin-guard',
      INSTALLED,
      '',
    ].join('\n'),
  );
  t.is(
    await shell(
      lab,
      'vm-a',
      `stat -c '%a %U %n' ${INSTALLED} /etc/ilb-hairpin-guard/plan /etc/systemd/system/*.service`,
    ),
    `755 root ${INSTALLED}\n600 root /etc/ilb-hairpin-guard/plan\n644 root /etc/systemd/system/ilb-hairpin-guard.service\n`,
  );
  t.regex(
    await shell(lab, 'vm-a', 'cat /etc/ilb-hairpin-guard/plan'),
    /^10\.0\.1\.100 1972 10\.0\.1\.10 00:0d:3a:00:0a:01 10\.0\.1\.11 00:0d:3a:00:0a:02$/m,
  );
  const text = await shell(lab, 'vm-a', `cat ${INSTALLED}`);
  t.notRegex(text, /^# ilb-hairpin-guard command/m);
  t.notRegex(text, /10\.0\.1\.100/);
  t.regex(text, /^MODE=$/m);
});

kernelTest('the installed copy can be run by hand: check, remove', async (t) => {
  const lab = await freshLab();
  const asBooted = await snapshot(lab, 'vm-a');
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  t.regex(
    await shell(lab, 'vm-a', `${INSTALLED} check`),
    /"mode":"check","chg":0,"p":\["0;;=;o\d+;=;s;","1;;=;o\d+;=;s;"\]/,
  );
  t.regex(await shell(lab, 'vm-a', `${INSTALLED} apply`), /"chg":0,/);
  t.regex(await shell(lab, 'vm-a', `${INSTALLED} remove`), /"chg":10,"p":\["0;X;;/);
  t.is(await snapshot(lab, 'vm-a'), asBooted);
  t.is(await filesOf(lab, 'vm-a'), '/run/ilb-hairpin-guard\n');
});

kernelTest('what docs say to undo it by hand undoes it', async (t) => {
  const lab = await freshLab();
  const asBooted = await snapshot(lab, 'vm-a');
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  const docs = readFileSync(new URL('../../../docs/linux.md', import.meta.url), 'utf8');
  const byHand =
    /## Undo it by hand[^#]*?```bash\n(.*?)```/s.exec(docs)?.[1] ?? t.fail('docs have lost their commands');
  // There is no systemd in a guest of the lab.
  await shell(lab, 'vm-a', `${String(byHand).replace('systemctl disable --now ilb-hairpin-guard', '')}`);
  t.is(await snapshot(lab, 'vm-a'), asBooted);
  t.is(await filesOf(lab, 'vm-a'), '/run/ilb-hairpin-guard\n');
});

for (const [what, by] of Object.entries({
  'an edited script': `echo '# more' >>${INSTALLED}`,
  'a script that may not run': `chmod 644 ${INSTALLED}`,
  'a deleted plan': 'rm /etc/ilb-hairpin-guard/plan',
  'a damaged plan': 'echo nonsense >/etc/ilb-hairpin-guard/plan',
  'a unit of another version':
    'echo >>/etc/systemd/system/ilb-hairpin-guard.service; sed -i s/always/no/ /etc/systemd/system/ilb-hairpin-guard.service',
})) {
  kernelTest(`changed files are found and put right: ${what}`, async (t) => {
    const lab = await freshLab();
    await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
    await shell(lab, 'vm-a', by);
    const found = await guard(lab, 'vm-a', 'check', planOf('vm-a'));
    t.deepEqual(
      found.report.paths.map((path) => path.before),
      [['script-changed'], ['script-changed']],
    );
    const mended = await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
    t.is(mended.report.changed, 1);
    t.deepEqual(
      mended.report.paths.map((path) => path.after),
      [[], []],
    );
    t.is((await guard(lab, 'vm-a', 'apply', planOf('vm-a'))).report.changed, 0);
  });
}

/** What a network manager or a person does; the last brings back what it took from the system's own. */
const SUBNET = 'ip route replace 10.0.1.0/24 dev eth1 proto kernel scope link src 10.0.1.11 metric 101';
for (const [what, by] of Object.entries({
  'a VIP route': `ip route del ${UCR} table 7201`,
  'all routes of a table': 'ip route flush table 7201',
  'the reply rule': 'ip rule del pref 0 lookup 7202',
  'all rules above 0':
    'ip rule flush; ip rule add pref 32766 lookup main protocol kernel; ip rule add pref 32767 lookup default protocol kernel',
  'local moved to the front':
    'ip rule add pref 1 lookup local protocol kernel; ip rule del pref 0 lookup 7202; ip rule add pref 0 from 10.0.1.10 to 10.0.1.11 iif lo lookup 7202 protocol 201; ip rule del pref 1',
  'the second link down and up': `ip link set eth1 down; ip link set eth1 up; ${SUBNET}`,
  'the second address away and back': `ip addr del 10.0.1.11/24 dev eth1; ip addr add 10.0.1.11/24 dev eth1 noprefixroute; ${SUBNET}`,
})) {
  kernelTest(`the watcher puts back what was undone: ${what}`, async (t) => {
    const lab = await freshLab();
    await watched(lab);
    const right = await state(lab);
    await shell(lab, 'vm-a', by);
    const ms = await until(async () => (await state(lab)) === right, 5000);
    t.log(`healed after ${Math.round(ms ?? Number.NaN)} ms`);
    t.truthy(ms, await log(lab));
    t.true((ms ?? 0) < 1000);
    t.is((await connectTo(lab, 'vm-a', UCR)).outcome, 'ok');
    t.truthy(await until(async () => (await log(lab)).endsWith('found: as planned\n'), 2000), 'it looked once more');
    const said = await log(lab);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    t.is(await log(lab), said, 'its own changes did not set it going again');
    await stopWatch(lab);
    t.is(await state(lab), right, 'stopping it takes nothing away');
    t.is(
      (
        await shell(lab, 'vm-a', 'ls -A /run/ilb-hairpin-guard; ps -e -o args | grep -c "[i]p -o monitor" || true')
      ).trim(),
      '0',
    );
  });
}

kernelTest('a flood of events is one look', async (t) => {
  const lab = await freshLab();
  await watched(lab, `sed -i 's/^look() {$/look() { note looked/' ${INSTALLED};`);
  const looks = async () => (await log(lab)).split('looked').length - 1;
  const before = await looks();
  await shell(
    lab,
    'vm-a',
    'for i in {1..250}; do echo "route add 10.7.$i.0/24 dev eth1"; done | ip -batch -; ip route flush root 10.7.0.0/16',
  );
  await new Promise((resolve) => setTimeout(resolve, 2500));
  const after = await looks();
  t.log(`500 events, ${after - before} looks`);
  t.true(after > before && after - before <= 3);
  await stopWatch(lab);
});

kernelTest('a new plan takes over from the watcher’s old one, and remove leaves it nothing to do', async (t) => {
  const lab = await freshLab();
  const asBooted = await state(lab);
  await watched(lab);
  await guard(lab, 'vm-a', 'apply', planOf('vm-a', [PI]));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  t.false((await state(lab)).includes(UCR), await log(lab));
  await shell(lab, 'vm-a', `ip route del ${PI} table 7201`);
  t.truthy(await until(async () => (await state(lab)).includes(`${PI} via`), 2000));
  await guard(lab, 'vm-a', 'remove', []);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  t.is(await state(lab), asBooted);
  await shell(lab, 'vm-a', 'ip route add 10.7.0.0/16 dev eth1; ip route del 10.7.0.0/16 dev eth1');
  await new Promise((resolve) => setTimeout(resolve, 700));
  t.is(await state(lab), asBooted);
  await stopWatch(lab);
});

kernelTest(
  'it slows down and says so when another agent works against it, and recovers when that one stops',
  async (t) => {
    const lab = await freshLab();
    await watched(
      lab,
      `sed -i 's/^WATCH_QUIET_SECONDS=60/WATCH_QUIET_SECONDS=1/; s/^WATCH_POLL_SECONDS=30/WATCH_POLL_SECONDS=1/' ${INSTALLED};`,
    );
    await shell(
      lab,
      'vm-a',
      '(while :; do ip rule del pref 2 from 0.0.0.0/32 lookup 7201 || true; sleep 0.1; done) >/dev/null 2>&1 & echo $! >/tmp/foe.pid; sleep 14',
    );
    const said = await log(lab);
    const heals = said.split('changed: rule add pref 2 from 0.0.0.0/32').length - 1;
    t.log(`${heals} times in 14 s`);
    t.true(heals >= 8 && heals <= 12, said);
    t.regex(said, /another agent works against this\. Next look in 8 s/);
    t.true((await guard(lab, 'vm-a', 'check', planOf('vm-a'))).report.warnings.includes('another-agent'));
    await shell(lab, 'vm-a', 'kill $(</tmp/foe.pid)');
    t.truthy(await until(async () => (await log(lab)).includes('quiet again'), 30000));
    t.is((await connectTo(lab, 'vm-a', UCR)).outcome, 'ok');
    await stopWatch(lab);
  },
);

kernelTest('killed at any moment and started again it goes on; two of them do no harm', async (t) => {
  const lab = await freshLab();
  await watched(lab);
  const right = await state(lab);
  await shell(lab, 'vm-a', `setsid ${INSTALLED} watch >/dev/null 2>&1 </dev/null & sleep 0.5`);
  for (let turn = 0; turn < 6; turn += 1) {
    await shell(
      lab,
      'vm-a',
      `ip route flush table 7201; ip rule del pref 0 lookup 7202; sleep 0.2${turn}; kill -KILL $(</tmp/watch.pid) || true; setsid ${INSTALLED} watch >${LOG} 2>&1 </dev/null & echo $! >/tmp/watch.pid`,
    );
    t.truthy(await until(async () => (await state(lab)) === right, 3000), `turn ${turn}: ${await log(lab)}`);
  }
});

kernelTest('one that cannot work waits before it ends, since systemd starts it anew at once', async (t) => {
  const lab = await freshLab();
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  await shell(lab, 'vm-a', 'echo nonsense >/etc/ilb-hairpin-guard/plan');
  const begin = performance.now();
  const { exitCode, stdout, stderr } = await lab.exec('vm-a', [INSTALLED, 'watch']);
  const ms = performance.now() - begin;
  t.is(exitCode, 1);
  t.is(stdout, '');
  t.regex(stderr, /error: BAD_PLAN frontend 0/);
  t.true(ms >= 2000, `${ms} ms`);
});
