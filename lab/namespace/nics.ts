/** Interfaces change their name or MAC, or come late, while the watcher runs. */
import assert from 'node:assert/strict';
import type { PlannedFrontend } from '../../shared/model/guest.ts';
import type { KernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { LabCase } from '../case.ts';
import { guard, LOSE_RULES, planOf, shell } from '../guests.ts';
import { freshLab } from '../labs.ts';
import { setUp } from './links.ts';
import { prove, recover, type Step, stateOf, take } from './recover.ts';
import { articleLab, startService, stopService, VM, withService } from './watcher.ts';

const MAC = '00:0d:3a:00:0a:02';
const OTHER_MAC = '00:0d:3a:00:0a:99';

const down = (device: string): string => `ip link set ${device} down`;
const rename = (from: string, to: string): string =>
  `${down(from)}; ip link set ${from} name ${to}; ip link set ${to} up; `;
const mac = (address: string): string => `${down('eth1')}; ip link set eth1 address ${address}; ip link set eth1 up; `;
/** What Azure's fabric knows of a NIC. */
const fabricMac =
  (address: string): Step =>
  (lab: KernelLab) =>
    lab.fabric([`neighbour replace 10.0.1.11 lladdr ${address} dev v1 nud permanent`]);

/** The plan of a VM whose secondary NIC was replaced. */
const replaced: PlannedFrontend[] = planOf(VM).map((frontend) => ({
  ...frontend,
  via: { ip: '10.0.1.11', mac: OTHER_MAC },
}));

const named = (name: string, run: LabCase['run']): LabCase => ({ name, manager: 'none', run });

export const nicCases = (): LabCase[] => [
  named('interface renamed, and its old name back', () =>
    withService(async (lab) => {
      const there = await recover(lab, [rename('eth1', 'ens5') + setUp('eth1', 'ens5')], { as: 's/eth1/ens5/g' });
      const back = await recover(lab, [rename('ens5', 'eth1') + setUp('eth1')], { as: 's/ens5/eth1/g' });
      const recoveredMs = Math.max(there.recoveredMs, back.recoveredMs);
      return { ok: true, recoveredMs, detail: `there and back, the longer one; ${back.detail}` };
    }),
  ),
  named('MAC changed for 2 s and given back', () =>
    withService(async (lab) => {
      const steps = [`${mac(OTHER_MAC)}${setUp('eth1')}; sleep 2`, mac(MAC) + setUp('eth1')];
      return { ok: true, ...(await recover(lab, steps)) };
    }),
  ),
  named('MAC changed for good, and a new plan', () =>
    withService(
      async (lab) => {
        const apply: Step = () => guard(lab, VM, 'apply', replaced);
        const steps = [fabricMac(OTHER_MAC), mac(OTHER_MAC) + setUp('eth1')];
        for (const step of steps) await take(lab, step);
        const missing = await guard(lab, VM, 'check', planOf(VM));
        assert.deepEqual(
          [missing.report.errorCode, missing.report.paths[0]?.before],
          ['NIC_NOT_FOUND', ['nic-missing']],
        );
        const began = Date.now();
        await apply(lab);
        const recoveredMs = Date.now() - began;
        return { ok: true, recoveredMs, detail: `with the apply that has the new MAC; ${await prove(lab, replaced)}` };
      },
      { ends: true },
    ),
  ),
  named('interface late at boot', async () => {
    const lab = await freshLab(articleLab);
    await guard(lab, VM, 'apply', planOf(VM));
    const right = await stateOf(lab);
    // As after a reboot: nothing of ours but the files, and no eth1 yet.
    await shell(
      lab,
      VM,
      `ip netns add aside; ip link set eth1 netns aside
      ip route flush table all proto 201; ${LOSE_RULES}`,
    );
    await startService(lab);
    await shell(lab, VM, 'sleep 1');
    const back = `ip -n aside link set eth1 netns $$; ip link set eth1 up; ${setUp('eth1')}`;
    const { recoveredMs, detail } = await recover(lab, [back], { right });
    await stopService(lab);
    return { ok: true, recoveredMs, detail };
  }),
];
