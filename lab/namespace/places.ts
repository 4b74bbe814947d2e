/** File systems that take no programs, or nothing at all: the fix is in place, proved, and kept where it can be. */
import assert from 'node:assert/strict';
import type { GuestReport } from '../../shared/model/guest.ts';
import type { KernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { LabCase } from '../case.ts';
import { filesOf, guard, planOf, shell, snapshot } from '../guests.ts';
import { freshLab } from '../labs.ts';
import { recover } from './recover.ts';
import { articleLab, INSTALLED, startService, stopService, VM } from './watcher.ts';

const SECOND = '/etc/ilb-hairpin-guard/ilb-hairpin-guard';
const FLUSH = 'ip route flush table 7201';

/** No drift, no error, both proved: no other member waits for it. */
function mended(report: GuestReport, warnings: string[]): void {
  assert.deepEqual(
    [report.errorCode, ...report.paths.map((path) => path.after.join() + path.connectAfter.outcome + path.proof)],
    [undefined, 'okself', 'okself'],
    report.errorDetail,
  );
  assert.deepEqual(report.warnings.toSorted(), ['no-systemd', ...warnings].toSorted());
}

/** Applied under what the text set up, kept by the service, taken away to the last file. */
async function kept(lab: KernelLab, setUp: string, place: string): Promise<Awaited<ReturnType<LabCase['run']>>> {
  const before = await snapshot(lab, VM);
  await shell(lab, VM, setUp);
  mended((await guard(lab, VM, 'apply', planOf(VM))).report, []);
  const again = await guard(lab, VM, 'apply', planOf(VM));
  mended(again.report, []);
  assert.equal(again.report.changed, 0);
  const there = `for it in ${INSTALLED} ${SECOND}; do [[ ! -e $it ]] || echo $it; done`;
  assert.equal(await shell(lab, VM, there), `${place}\n`);
  await startService(lab);
  const recovered = await recover(lab, [FLUSH]);
  await stopService(lab);
  mended((await guard(lab, VM, 'check', planOf(VM))).report, []);
  await shell(lab, VM, `bash ${place} remove`);
  assert.equal(await snapshot(lab, VM), before, 'removed byte for byte');
  assert.equal((await filesOf(lab, VM)) + (await shell(lab, VM, there)), '/run/ilb-hairpin-guard\n');
  return { ok: true, ...recovered };
}

const noexec: LabCase['run'] = async () =>
  kept(await freshLab(articleLab), 'mount -t tmpfs -o noexec,mode=755 tmpfs /usr/local/sbin', INSTALLED);

const READ_ONLY = 'mount --bind /usr/local /usr/local; mount -o remount,bind,ro /usr/local';
const readOnly: LabCase['run'] = async () => kept(await freshLab(articleLab), READ_ONLY, SECOND);

/** What had no place of its own moves to it as soon as there is one. */
const writableAgain: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  await shell(lab, VM, READ_ONLY);
  mended((await guard(lab, VM, 'apply', planOf(VM))).report, []);
  await shell(lab, VM, 'umount /usr/local');
  const { report } = await guard(lab, VM, 'check', planOf(VM));
  assert.deepEqual(report.paths[0]?.before, ['script-changed']);
  mended((await guard(lab, VM, 'apply', planOf(VM))).report, []);
  const files = await filesOf(lab, VM);
  assert(files.includes(`${INSTALLED}\n`) && !files.includes(SECOND), files);
  await startService(lab);
  const recovered = await recover(lab, [FLUSH]);
  await stopService(lab);
  return { ok: true, ...recovered };
};

/** Nothing can be kept: that is said, and is no reason to call a proved path broken. */
const nothingKept: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  const before = await snapshot(lab, VM);
  await shell(lab, VM, 'mount --bind /etc /etc; mount -o remount,bind,ro /etc; mount -t tmpfs -o ro tmpfs /usr/local');
  for (const mode of ['apply', 'check', 'apply'] as const) {
    mended((await guard(lab, VM, mode, planOf(VM))).report, ['not-kept']);
    assert.equal(await filesOf(lab, VM), '/run/ilb-hairpin-guard\n');
  }
  const { report } = await guard(lab, VM, 'remove', planOf(VM));
  assert.equal(report.errorCode, undefined, report.errorDetail);
  assert.equal(await snapshot(lab, VM), before, 'removed byte for byte');
  return { ok: true, detail: 'applied and proved twice, not-kept is said; removed byte for byte' };
};

/** Folders that are missing are made as they are elsewhere; only ours is closed to others. */
const missingFolders: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  await shell(lab, VM, 'rm -rf /usr/local/sbin /etc/systemd');
  mended((await guard(lab, VM, 'apply', planOf(VM))).report, []);
  const modes = await shell(
    lab,
    VM,
    "stat -c '%a %n' /usr/local/sbin /etc/systemd /etc/systemd/system /etc/ilb-hairpin-guard",
  );
  assert.equal(modes, '755 /usr/local/sbin\n755 /etc/systemd\n755 /etc/systemd/system\n700 /etc/ilb-hairpin-guard\n');
  return { ok: true, detail: modes.trim().replaceAll('\n', ', ') };
};

export const placeCases = (): LabCase[] =>
  Object.entries({
    '/usr/local/sbin is mounted noexec': noexec,
    '/usr/local is read-only': readOnly,
    '/usr/local was read-only, and is no more': writableAgain,
    '/etc and /usr/local are read-only': nothingKept,
    'folders that are missing': missingFolders,
  }).map(([name, run]) => ({ name: `places: ${name}`, manager: 'none', run }));
