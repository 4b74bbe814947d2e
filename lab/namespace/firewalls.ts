/**
 * Firewalls in the guest: each one is passed as it is, or what it ends is reported with the rule that helps. The rule is
 * pasted as it is reported, and then the connect works. What was there before is never changed by the script.
 */
import type { FirewallPlace, GuestReport } from '../../shared/model/guest.ts';
import { articleEstate } from '../../simulator/estate/twoVms.ts';
import { startKernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { PowerLab } from '../../simulator/guests/lab.ts';
import type { LabCase } from '../case.ts';
import { guard, planOf, shell, UCR } from '../guests.ts';
import { FIREWALLD, startFirewalld } from './firewalld.ts';
import { RULESETS, type Ruleset } from './rulesets.ts';

const PLAN = planOf('vm-a', [UCR]);

/** Every case, each in a lab of its own. */
export const firewallCases = (): LabCase[] => [
  ...RULESETS.map((ruleset) => caseOf(ruleset, ['iptables', 'iptables-legacy'])),
  ...FIREWALLD.map((ruleset) => caseOf(ruleset, ['firewalld', 'dbus-daemon', 'iptables-legacy'], startFirewalld)),
];

const caseOf = (
  ruleset: Ruleset,
  programs: string[],
  prepare: (lab: PowerLab) => Promise<void> = async () => {},
): LabCase => ({
  name: ruleset.name,
  manager: 'none',
  programs,
  run: async () => {
    const { mirrors, ...estate } = articleEstate();
    const primary = ruleset.primaryElsewhere ? 'vm-b' : 'vm-a';
    const lab = await startKernelLab({ estate: { ...estate, mirrors: mirrors.map((it) => ({ ...it, primary })) } });
    try {
      await prepare(lab);
      await shell(lab, 'vm-a', ruleset.setup);
      const before = await firewallsOf(lab);
      const detail = ruleset.ends ? await helped(lab, ruleset, before) : await passed(lab, ruleset, before);
      return { ok: true, detail };
    } finally {
      await lab.stop();
    }
  },
});

/** What is rejected at once may be told to the connecting process a second later, see tcp(7): it has two for that. */
const look = (lab: PowerLab, mode: 'apply' | 'check', { outcome = 'timeout' }: Ruleset) =>
  guard(lab, 'vm-a', mode, PLAN, (script) =>
    outcome === 'timeout' ? script : script.replace('CONNECT_SECONDS=1', 'CONNECT_SECONDS=2'),
  );

/** All firewalls of the guest as text, without counters. */
const firewallsOf = (lab: PowerLab): Promise<string> =>
  shell(
    lab,
    'vm-a',
    'nft -s list ruleset; for t in $(cat /proc/net/ip_tables_names); do iptables-legacy-save -t $t; done | (grep -v "^#" || true) | sed "s/\\[.*//"',
  );

async function passed(lab: PowerLab, ruleset: Ruleset, before: string): Promise<string> {
  const { report } = await look(lab, 'apply', ruleset);
  proved(report, 'self');
  if ((await firewallsOf(lab)) !== before) throw new Error('the firewall was changed');
  return `passed as it is: connect ${report.paths[0]?.connectAfter.ms} ms, proof self, firewall unchanged`;
}

async function helped(lab: PowerLab, ruleset: Ruleset, before: string): Promise<string> {
  const elsewhere = ruleset.primaryElsewhere === true;
  const { report } = await look(lab, 'apply', ruleset);
  const place = placeIn(report, ruleset);
  if (elsewhere && !report.errorDetail?.endsWith('taken back')) throw new Error(`not taken back: ${told(report)}`);
  if (!elsewhere) placeIn((await look(lab, 'check', ruleset)).report, ruleset);
  if ((await firewallsOf(lab)) !== before) throw new Error('the firewall was changed');
  await shell(lab, 'vm-a', place.rule);
  const again = await look(lab, 'apply', ruleset);
  proved(again.report, elsewhere ? 'remote' : 'self');
  return `${report.paths[0]?.lost?.packet} ended by ${place.where}; ${place.rule}; then connect ${again.report.paths[0]?.connectAfter.ms} ms, proof ${again.report.paths[0]?.proof}`;
}

/** The one place that the report names; where the primary is elsewhere, of the reply. */
function placeIn(report: GuestReport, { ends, primaryElsewhere, outcome = 'timeout' }: Ruleset): FirewallPlace {
  const [path] = report.paths;
  const isReply = primaryElsewhere && path?.lost?.packet === 'request-in';
  const [place, ...more] = (isReply ? path?.lost?.replyPlaces : path?.lost?.places) ?? [];
  const same = path?.lost?.packet === ends?.packet && place?.where === ends?.where && more.length === 0;
  if (!place || !same) throw new Error(`another place: ${told(report)}`);
  if (path?.connectAfter.outcome !== outcome) throw new Error(`another outcome: ${told(report)}`);
  return place;
}

function proved(report: GuestReport, proof: string): void {
  const [path] = report.paths;
  if (path?.connectAfter.outcome !== 'ok' || path.proof !== proof || path.after.length > 0 || path.lost)
    throw new Error(`not proved: ${told(report)}`);
}

const told = (report: GuestReport): string => JSON.stringify({ ...report, commandId: undefined });
