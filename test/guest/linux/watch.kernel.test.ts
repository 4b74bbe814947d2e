/** What stays on the machine: the installed files, and the watcher. What it puts right is in the lab's cases. */
import { readFileSync } from 'node:fs';
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../../../simulator/guests/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { labOf } from '../../simulator/guests/labOf.ts';
import { until } from '../../simulator/guests/steps.ts';
import { filesOf, guard, planOf, shell, snapshot } from './guests.ts';

const kernelTest = testNeeding(KERNEL);
const freshLab = labOf(startKernelLab);

const INSTALLED = '/usr/local/sbin/ilb-hairpin-guard';
const LOG = '/tmp/watch.log';

/** Applies, and starts the installed watcher as the service would. */
async function watched(lab: GuestLab): Promise<void> {
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  await shell(lab, 'vm-a', `setsid ${INSTALLED} watch >${LOG} 2>&1 </dev/null & echo $! >/tmp/watch.pid`);
  await until('the watcher’s first look', async () => (await log(lab)).includes('found: as planned'));
}
const log = (lab: GuestLab): Promise<string> => shell(lab, 'vm-a', `cat ${LOG} 2>/dev/null || true`);
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
    /"mode":"check","chg":0,"p":\["0;;=;o\d+;=;s1972;","1;;=;o\d+;=;s51773;"\]/,
  );
  t.regex(await shell(lab, 'vm-a', `${INSTALLED} apply`), /"chg":0,/);
  // Three files, the rule at 0, two VIP routes, seven rules, a reply route.
  t.regex(await shell(lab, 'vm-a', `${INSTALLED} remove`), /"chg":14,"p":\["0;X;;/);
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

kernelTest('killed at any moment and started again it goes on; two of them do no harm', async (t) => {
  const lab = await freshLab();
  await watched(lab);
  const right = await state(lab);
  await shell(lab, 'vm-a', `setsid ${INSTALLED} watch >/dev/null 2>&1 </dev/null & sleep 0.5`);
  for (let turn = 0; turn < 6; turn += 1) {
    await shell(
      lab,
      'vm-a',
      `ip route flush table 7201; ip rule del lookup 7202; sleep 0.2${turn}; kill -KILL $(</tmp/watch.pid) || true; setsid ${INSTALLED} watch >${LOG} 2>&1 </dev/null & echo $! >/tmp/watch.pid`,
    );
    await until(`the whole state in turn ${turn}`, async () => (await state(lab)) === right);
    t.pass();
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
