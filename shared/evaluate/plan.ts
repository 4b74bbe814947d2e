/** The plan of a VM: every frontend that its guest must reach, and how. */
import { type FindingCode, finding, findingVerdict } from '../model/findings.ts';
import type { GuestPlan, PlannedFrontend } from '../model/guest.ts';
import { isProvable, type PathDraft } from './draft.ts';

/** Findings that leave a path without proof, and not without a way to set it up. */
const UNPROVED: ReadonlySet<FindingCode> = new Set(['NO_PROBE', 'UDP_ONLY', 'NO_SAFE_PORT']);

/**
 * Plans one VM from its drafts. Frontends are in the drafts' order, which is that of their VIPs, each VIP once.
 *
 * There is a plan only where at least one path can be proved: nothing is put on a VM of which nothing can be
 * claimed. Then a frontend that lacks a proof (no probe, no safe port) is planned as well when it has a port or is a
 * mirror's. Otherwise a rule added to a mirror's load balancer would take a working route away at the next repair.
 * Stopped VMs are planned too: a stop must not change the plan.
 *
 * Azure gives a VM one virtual network and a virtual network each address once, so one VIP cannot stand for two
 * frontends of a VM. Should it say so all the same, those paths get ADDRESS_INVALID and are not planned.
 */
export function planVm(drafts: readonly PathDraft[]): GuestPlan | undefined {
  const planned = new Map<string, PlannedFrontend>();
  for (const [vip, rivals] of Map.groupBy(drafts.filter(isPlannable), (draft) => draft.frontend.vip)) {
    const entries = rivals.map(plannedFrontend);
    const [first] = entries;
    if (!first) continue;
    if (entries.every((entry) => JSON.stringify(entry) === JSON.stringify(first))) planned.set(vip, first);
    else for (const rival of rivals) rival.findings.push(finding('ADDRESS_INVALID', { value: vip }));
  }
  if (planned.size === 0 || !drafts.some(isProvable)) return undefined;
  return { frontends: [...planned.values()] };
}

function isPlannable(draft: PathDraft): draft is PathDraft & Required<Pick<PathDraft, 'backend' | 'via'>> {
  const hindered = draft.findings.some((item) => findingVerdict(item.code) === 'blocked' && !UNPROVED.has(item.code));
  return (
    !hindered &&
    draft.backend !== undefined &&
    draft.via !== undefined &&
    (draft.port !== undefined || draft.frontend.mirror)
  );
}

const plannedFrontend = ({
  frontend,
  port,
  backend,
  via,
}: PathDraft & Required<Pick<PathDraft, 'backend' | 'via'>>): PlannedFrontend => ({
  vip: frontend.vip,
  ...(port === undefined ? {} : { port }),
  backends: [backend],
  via,
});
