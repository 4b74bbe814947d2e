/** How the script deals with systemd and with SELinux labels: stand-ins in a guest write down what they are told. */
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../../../simulator/guests/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { labOf } from '../../simulator/guests/labOf.ts';
import { filesOf, type GuardRun, guard, planOf, shell } from './guests.ts';

const kernelTest = testNeeding(KERNEL);
const freshLab = labOf(startKernelLab);

const UNIT = 'ilb-hairpin-guard.service';

/** A guest where systemd seems to run: it knows whether the unit is enabled and active, and can be made to refuse. */
async function guestWithSystemd(): Promise<GuestLab> {
  const lab = await freshLab();
  const systemctl = `#!/bin/bash
echo "systemctl $*" >>/tmp/told
case $1 in
  is-enabled) exec test -e /tmp/enabled ;;
  is-active) exec test -e /tmp/active ;;
  daemon-reload) ;;
  *) [[ ! -e /tmp/refuse ]] || { echo "Failed to $1: Access denied" >&2; exit 1; } ;;&
  enable) touch /tmp/enabled ;;
  restart) touch /tmp/active ;;
  disable) rm -f /tmp/enabled /tmp/active ;;
esac`;
  await shell(
    lab,
    'vm-a',
    `mkdir -p /run/systemd/system; cat >/usr/local/sbin/systemctl <<'END'
${systemctl}
END
printf '#!/bin/bash\\necho "restorecon $*" >>/tmp/told\\n' >/usr/local/sbin/restorecon
chmod 755 /usr/local/sbin/systemctl /usr/local/sbin/restorecon`,
  );
  return lab;
}

/** What the stand-ins were told since the last call, without the questions. */
const told = async (lab: GuestLab): Promise<string[]> =>
  (await shell(lab, 'vm-a', 'cat /tmp/told; : >/tmp/told'))
    .split('\n')
    .filter((line) => line !== '' && !line.includes(' is-'));

kernelTest(
  'the service is enabled and started, its files labelled; a second apply tells systemd nothing',
  async (t) => {
    const lab = await guestWithSystemd();
    const first = await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
    t.is(first.exitCode, 0, first.stderr);
    t.deepEqual(first.report.warnings, []);
    t.true(first.report.paths[0]?.before.includes('unit-disabled'));
    t.deepEqual(first.report.paths[0]?.after, []);
    t.deepEqual(await told(lab), [
      'restorecon /usr/local/sbin/ilb-hairpin-guard',
      'restorecon /etc/ilb-hairpin-guard/plan',
      `restorecon /etc/systemd/system/${UNIT}`,
      'systemctl daemon-reload',
      `systemctl enable --quiet ${UNIT}`,
      `systemctl restart ${UNIT}`,
    ]);
    t.is((await guard(lab, 'vm-a', 'apply', planOf('vm-a'))).report.changed, 0);
    t.deepEqual(await told(lab), []);
  },
);

for (const [what, by] of Object.entries({ disabled: 'rm /tmp/enabled', stopped: 'rm /tmp/active' })) {
  kernelTest(`a service that was ${what} is named, and put right`, async (t) => {
    const lab = await guestWithSystemd();
    await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
    await shell(lab, 'vm-a', by);
    const found = await guard(lab, 'vm-a', 'check', planOf('vm-a'));
    t.deepEqual(
      found.report.paths.map((path) => path.before),
      [['unit-disabled'], ['unit-disabled']],
    );
    const mended = await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
    t.is(mended.report.changed, 1);
    t.deepEqual(
      mended.report.paths.map((path) => path.after),
      [[], []],
    );
  });
}

kernelTest('a new plan restarts the service', async (t) => {
  const lab = await guestWithSystemd();
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  await told(lab);
  await guard(lab, 'vm-a', 'apply', planOf('vm-a', ['10.0.1.100']));
  t.deepEqual(await told(lab), [
    'restorecon /etc/ilb-hairpin-guard/plan',
    'systemctl daemon-reload',
    `systemctl enable --quiet ${UNIT}`,
    `systemctl restart ${UNIT}`,
  ]);
});

kernelTest('a service that cannot be started is said; the fix itself is in place', async (t) => {
  const lab = await guestWithSystemd();
  await shell(lab, 'vm-a', 'touch /tmp/refuse');
  const { report, stderr } = await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  t.deepEqual(report.warnings, ['service-not-started']);
  t.is(report.errorCode, 'CHANGE_FAILED');
  t.regex(stderr, /Failed to enable: Access denied/);
  t.deepEqual(
    report.paths.map((path) => [path.after, path.connectAfter.outcome]),
    [
      [['unit-disabled'], 'ok'],
      [['unit-disabled'], 'ok'],
    ],
  );
});

kernelTest('remove stops the service and takes its files away', async (t) => {
  const lab = await guestWithSystemd();
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  await told(lab);
  const { report } = await guard(lab, 'vm-a', 'remove', planOf('vm-a'));
  t.is(report.errorCode, undefined);
  t.deepEqual(await told(lab), [`systemctl disable --quiet --now ${UNIT}`, 'systemctl daemon-reload']);
  t.is(await filesOf(lab, 'vm-a'), '/run/ilb-hairpin-guard\n');
  await guard(lab, 'vm-a', 'remove', planOf('vm-a'));
  t.deepEqual(await told(lab), [], 'and a second remove has nothing to tell');
});

/** Nothing of a path is amiss, and the other member is not halted for it. */
const isMended = ({ report }: GuardRun): boolean =>
  report.errorCode === undefined &&
  report.paths.every((path) => path.after.length === 0 && path.connectAfter.outcome === 'ok' && path.proof === 'self');
const RESTARTS = /enable|restart /;

kernelTest('a unit that cannot be put there: the state counts, and nothing is asked of systemd', async (t) => {
  const lab = await guestWithSystemd();
  await shell(lab, 'vm-a', 'mount -t tmpfs -o ro tmpfs /etc/systemd/system');
  for (const mode of ['apply', 'check'] as const) {
    const run = await guard(lab, 'vm-a', mode, planOf('vm-a'));
    t.true(isMended(run), run.stdout);
    t.deepEqual(run.report.warnings, ['not-kept']);
  }
  t.deepEqual(
    (await told(lab)).filter((line) => RESTARTS.test(line)),
    [],
  );
  await shell(lab, 'vm-a', 'umount /etc/systemd/system');
  const found = await guard(lab, 'vm-a', 'check', planOf('vm-a'));
  t.deepEqual(found.report.paths[0]?.before, ['script-changed', 'unit-disabled']);
  t.deepEqual((await guard(lab, 'vm-a', 'apply', planOf('vm-a'))).report.warnings, []);
  t.true((await told(lab)).some((line) => RESTARTS.test(line)));
});

kernelTest('a service whose script has no room is not started: systemd would try for ever', async (t) => {
  const lab = await guestWithSystemd();
  await shell(
    lab,
    'vm-a',
    'mount -t tmpfs -o size=16k,mode=755 tmpfs /usr/local/sbin; cat /dev/zero >/usr/local/sbin/filler 2>/dev/null || true; : >/tmp/told',
  );
  const { report } = await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  await shell(lab, 'vm-a', 'umount /usr/local/sbin');
  t.is(report.errorDetail, 'cannot write /usr/local/sbin/ilb-hairpin-guard');
  t.deepEqual(report.warnings, ['service-not-started']);
  t.deepEqual(
    (await told(lab)).filter((line) => RESTARTS.test(line)),
    [],
  );
  t.is(report.paths[0]?.connectAfter.outcome, 'ok');
});
