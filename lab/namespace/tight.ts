/** The service with no more of the machine than its unit leaves it, as far as that can be had without systemd. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabCase } from '../case.ts';
import { put, shell } from '../guests.ts';
import { recover, stateOf } from './recover.ts';
import { appliedGuest, startService, stopService, VM, watchLog } from './watcher.ts';

const UNIT = '/etc/systemd/system/ilb-hairpin-guard.service';
/**
 * What ProcSubset=pid, ProtectProc=invisible, CapabilityBoundingSet and NoNewPrivileges come to (systemd.exec(5)).
 * hidepid=2 hides what one may not trace, except from the group that gid= names (proc(5)). That is the machine's group
 * 0, the service's own, unless it is told; in a user namespace group 0 is another, so it is told.
 */
const TIGHT = `#!/bin/bash
exec unshare --mount bash -c 'mount -t proc -o hidepid=2,subset=pid,gid=0 proc /proc
  exec setpriv --bounding-set=-all,+net_admin --inh-caps=-all --no-new-privs "$@"' tight "$@"
`;
/** A process with all rights has the lock, which the service can only respect if it sees that process. */
const HOLD = `setsid sleep 60 >/dev/null 2>&1 </dev/null & echo $! >/tmp/holder; sleep 0.1
read -r -a stat </proc/$!/stat; ln -s -T "$!.\${stat[21]}" /run/ilb-hairpin-guard/state; ip route flush table 7201`;

const tight: LabCase['run'] = async () => {
  const lab = await appliedGuest();
  await put(lab, VM, '/tmp/tight', TIGHT);
  await shell(lab, VM, `sed -i 's#^ExecStart=#&/tmp/tight #' ${UNIT}`);
  await startService(lab);
  await shell(lab, VM, `sed -i 's#/tmp/tight ##' ${UNIT}`);
  const rights = await shell(lab, VM, 'grep CapEff /proc/$(</tmp/watch.pid)/status');
  assert.match(rights, /:\s*0*1000$/m, 'CAP_NET_ADMIN is the twelfth, and the only one');
  await recover(lab, ['ip route flush table all proto 201']);
  const right = await stateOf(lab);
  await shell(lab, VM, HOLD);
  await sleep(2000);
  assert.equal(await shell(lab, VM, 'ip route show table 7201'), '', 'the lock was taken over');
  const { recoveredMs, detail } = await recover(lab, ['kill $(</tmp/holder)'], { right });
  const log = await watchLog(lab);
  await stopService(lab);
  assert(!/denied|not permitted|cannot|No such/i.test(log), log);
  return { ok: true, recoveredMs, detail: `a lock of somebody with more rights was respected; ${detail}` };
};

export const tightCases = (): LabCase[] => [
  { name: 'the service with nothing but its unit’s rights and /proc', manager: 'none', run: tight },
];
