/** Somebody takes rules and routes away while the watcher runs. */
import type { LabCase } from '../case.ts';
import { LOSE_RULES, PI, RULES_OF_A, UCR } from '../guests.ts';
import { recover } from './recover.ts';
import { withService } from './watcher.ts';

/** What a network manager puts back by itself after a flush. */
const SYSTEM_RULES =
  'ip rule add pref 32766 lookup main protocol kernel; ip rule add pref 32767 lookup default protocol kernel';

const BY: Record<string, string | string[]> = {
  'one VIP route deleted': `ip route del ${UCR} table 7201`,
  'the VIP table flushed': 'ip route flush table 7201',
  'the reply table flushed': 'ip route flush table 7202',
  'all our routes flushed': 'ip route flush table all proto 201',
  'a VIP route turned to the other NIC': `ip route replace ${PI}/32 via 10.0.1.1 dev eth0 proto 201 table 7201`,
  'the reply rule deleted': 'ip rule del lookup 7202',
  'our rules deleted': `${LOSE_RULES}; ! ip rule | grep -q 72`,
  'ip rule flush, which leaves preference 0': `ip rule flush; ${SYSTEM_RULES}`,
  'ip rule flush, and the system’s rules back a second later': [
    `ip rule flush; sleep 1; for i in {1..1000}; do (($(ip rule | grep -c 'proto 201') < 4)) || exit 0; sleep 0.1; done; exit 1`,
    SYSTEM_RULES,
  ],
  'all rules and routes of ours': `ip route flush table all proto 201; ${LOSE_RULES}`,
  'lookup local moved to the front': `ip rule add pref 0 lookup local protocol kernel; ip rule del ${RULES_OF_A.local}`,
  'lookup local added behind ours at 0': 'ip rule add pref 0 lookup local protocol kernel',
  'lookup local deleted': 'ip rule del pref 0 lookup local',
};

/** Here the machine is dead to the probes for a while, and they may turn once more. */
const DEAD = ['ip rule flush, and the system’s rules back a second later', 'lookup local deleted'];

export const routingCases = (): LabCase[] =>
  Object.entries(BY).map(([name, by]) => ({
    name,
    manager: 'none',
    run: () =>
      withService(async (lab) => ({
        ok: true,
        ...(await recover(lab, [by].flat(), { staysMs: DEAD.includes(name) ? 2500 : 700 })),
      })),
  }));
