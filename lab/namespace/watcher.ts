/** A guest whose watcher runs as the service would run it, and what becomes of it when something happens. */
import assert from 'node:assert/strict';
import { articleEstate } from '../../simulator/estate/twoVms.ts';
import type { KernelLab } from '../../simulator/guests/kernel/lab.ts';
import { guard, planOf, put, shell, until } from '../guests.ts';
import { freshLab, leaveStanding, takeStanding } from '../labs.ts';

export const VM = 'vm-a';
export const INSTALLED = '/usr/local/sbin/ilb-hairpin-guard';
const LOG = '/tmp/watch.log';
/** The article's two VMs; one lab for all cases that use it. */
export const articleLab = () => articleEstate();

const UNIT = '/etc/systemd/system/ilb-hairpin-guard.service';
/**
 * What the unit's ExecStart, Restart=always and RestartSec do, where there is no systemd. The argument, if there is one,
 * is the script that watches in place of the installed one.
 */
const SERVICE = `#!/bin/bash
pause=$(sed -n 's/^RestartSec=//p' ${UNIT})
[[ $pause != *ms ]] || pause=$(printf 0.%03d "\${pause%ms}")
while :; do
  start=$(sed -n 's/^ExecStart=//p' ${UNIT})
  \${1:-$start} \${1:+watch} >>${LOG} 2>&1 </dev/null & echo $! >/tmp/watch.pid
  wait $!
  sleep "$pause"
done`;

/** The article's vm-a, applied: as the last case left it standing, or made anew. */
export async function appliedGuest(): Promise<KernelLab> {
  const standing = takeStanding();
  if (standing) return standing;
  const lab = await freshLab(articleLab);
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.deepEqual(
    report.paths.map((path) => path.after),
    [[], []],
  );
  return lab;
}

/** Starts the service and waits for its first look. `altered`: a sed expression, and it is a copy so altered that watches. */
export async function startService(lab: KernelLab, altered?: string): Promise<void> {
  await put(lab, VM, '/tmp/service', SERVICE);
  const script = altered === undefined ? '' : '/tmp/altered';
  await shell(
    lab,
    VM,
    `${altered === undefined ? '' : `sed '${altered}' ${INSTALLED} >${script}; chmod 755 ${script}`}
    : >${LOG}; rm -f /tmp/watch.pid
    setsid /tmp/service ${script} >/dev/null 2>&1 </dev/null & echo $! >/tmp/service.pid`,
  );
  await until('the watcher’s first look', async () => (await watchLog(lab)).includes('found: '));
}

/** Stops it, as systemd does; it must leave nothing but what is in place. */
export async function stopService(lab: KernelLab): Promise<void> {
  const left = await shell(
    lab,
    VM,
    `kill -KILL $(</tmp/service.pid); kill -TERM $(</tmp/watch.pid) || true
    left() { ls -A /run/ilb-hairpin-guard; ps -e -o args | grep "[i]p -o monitor" || true; }
    for i in {1..4000}; do [[ -e /proc/$(</tmp/watch.pid) || -n $(left) ]] || break; sleep 0.03; done
    left`,
  );
  assert.equal(left, '', 'the watcher left something behind');
}

/** The watcher says when it looks. */
export const COUNTED = { altered: 's/^look() {$/look() { note looked/' };
export const looks = async (lab: KernelLab): Promise<number> => (await watchLog(lab)).split('looked').length - 1;

export const watchLog = (lab: KernelLab): Promise<string> => shell(lab, VM, `cat ${LOG} 2>/dev/null || true`);

/** Runs a case with the service, then stops it. Where nothing failed the guest stays for the next case, unless `ends`. */
export async function withService<T>(
  run: (lab: KernelLab) => Promise<T>,
  { altered, ends = false }: { altered?: string; ends?: boolean } = {},
): Promise<T> {
  const lab = await appliedGuest();
  await startService(lab, altered);
  const result = await run(lab);
  await stopService(lab);
  if (!ends) leaveStanding(lab);
  return result;
}
