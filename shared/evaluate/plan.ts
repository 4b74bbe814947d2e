/** The plan of a VM: every frontend that its guest must reach, and how. */

import { type FindingCode, finding, findingVerdict } from '../model/findings.ts';
import { type GuestPlan, MAX_FRONTENDS, type NicAddress, type PlannedFrontend } from '../model/guest.ts';
import { containersIn } from './containers.ts';
import { trimmed } from './lists.ts';
import { isProvable, type Way } from './way.ts';

/** Findings that leave a path without proof, and not without a way to set it up. */
const UNPROVED: ReadonlySet<FindingCode> = new Set(['NO_PROBE', 'UDP_ONLY', 'NO_SAFE_PORT']);

/**
 * Plans one VM from its ways. Frontends are in the ways' order, which is that of their VIPs, each VIP once.
 *
 * There is a plan only where at least one path can be proved: nothing is put on a VM of which nothing can be
 * claimed. Then a frontend that lacks a proof (no probe, no safe port) is planned as well when it has a port or is a
 * mirror's. Otherwise a rule added to a mirror's load balancer would take a working route away at the next repair.
 * Stopped VMs are planned too: a stop must not change the plan.
 *
 * Azure gives a VM one virtual network and a virtual network each address once, so one VIP cannot stand for two
 * frontends of a VM. Should it say so all the same, those paths get ADDRESS_INVALID and are not planned.
 */
export function planVm(ways: readonly Way[]): GuestPlan | undefined {
  const candidates: Candidate[] = [];
  for (const way of ways) {
    if (!isPlannable(way)) continue;
    // A VM has few of them: no map.
    const same = candidates.find(({ planned }) => planned.vip === way.frontend.vip);
    if (same) same.ways.push(way);
    else candidates.push({ planned: plannedFrontend(way), ways: [way] });
  }
  const frontends = withinLimit(candidates.filter(isOneFrontend)).map(({ planned }) => planned);
  if (frontends.length === 0 || !ways.some(isProvable)) return undefined;
  return { ...containersIn(ways), frontends: trimmed(frontends) };
}

/** A frontend that could be planned, and its ways. */
interface Candidate {
  planned: PlannedFrontend;
  ways: PlannableWay[];
}

/** False, and said on each way, where the ways to one VIP would be planned otherwise. */
function isOneFrontend({ planned, ways }: Candidate): boolean {
  if (ways.length === 1) return true;
  const first = JSON.stringify(planned);
  if (ways.every((way) => JSON.stringify(plannedFrontend(way)) === first)) return true;
  const twice = finding('ADDRESS_INVALID', { value: planned.vip });
  for (const way of ways) way.findings = [...way.findings, twice];
  return false;
}

/**
 * As many as one command can carry, in the order given: mirrors inside the scope first, then what else is inside, then
 * mirrors outside. The surplus is said on its paths. What is chosen depends on nothing but the lists.
 */
function withinLimit(candidates: readonly Candidate[]): readonly Candidate[] {
  if (candidates.length <= MAX_FRONTENDS) return candidates;
  const rank = ({ ways }: Candidate) =>
    Math.min(...ways.map(({ frontend: { isOutside, mirror } }) => 2 * Number(isOutside) + Number(!mirror)));
  const surplus = new Set(candidates.toSorted((a, b) => rank(a) - rank(b)).slice(MAX_FRONTENDS));
  const over = finding('TOO_MANY_FRONTENDS', { count: String(candidates.length), most: String(MAX_FRONTENDS) });
  for (const { ways } of surplus) for (const way of ways) way.findings = [...way.findings, over];
  return candidates.filter((candidate) => !surplus.has(candidate));
}

type PlannableWay = Way & { via: NicAddress };

function isPlannable(way: Way): way is PlannableWay {
  const hindered = way.findings.some((item) => findingVerdict(item.code) === 'blocked' && !UNPROVED.has(item.code));
  return (
    !hindered && way.backends.length > 0 && way.via !== undefined && (way.port !== undefined || way.frontend.mirror)
  );
}

function plannedFrontend({ vip, port, backends, via }: PlannableWay): PlannedFrontend {
  return port === undefined ? { vip, backends, via } : { vip, port, backends, via };
}
