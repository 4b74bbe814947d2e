/** The verdict of a path: what Azure's lists, rule health and the guest's last report say together. */
import { type Finding, finding, findingVerdict, type Verdict } from '../model/findings.ts';
import type { GuestLook, NamedPlan, Proof, VmKnowledge } from '../model/path.ts';
import { notProved } from './ends.ts';
import type { Healthy } from './exposure.ts';
import { joined } from './lists.ts';
import { lostFindings } from './lost.ts';
import type { Way } from './way.ts';

export interface Judged {
  verdict: Verdict;
  findings: readonly Finding[];
  proof: Proof;
  /** Of a compliant path, see Path. */
  notProved?: string[];
}

const NO_PROOF: Proof = { kind: 'none', at: 0 };

/**
 * Judges a path. Blocked findings come first, then unknown ones, then the guest's report under the current plan.
 * Without such a report the verdict is unknown with no finding: a look is all that is missing.
 */
export function verdictOf(
  way: Way,
  named: NamedPlan | undefined,
  knowledge: VmKnowledge | undefined,
  healthy: Healthy,
): Judged {
  const { vip } = way.frontend;
  const look = named && knowledge?.look && knowledge.look.planHash === named.hash ? knowledge.look : undefined;
  const findings = joined(way.findings, knownFindings(knowledge, vip));
  const proof = (look && ownProof(knowledge, vip)) ?? NO_PROOF;

  const verdict = worstOf(findings);
  if (verdict) return { verdict, findings, proof };
  const heard = look ? hear(look, way, healthy) : 'unknown';
  if (heard === 'compliant') return { verdict: heard, findings, proof, notProved: notProved(way.member, proof) };
  if (typeof heard === 'string') return { verdict: heard, findings, proof };
  if (findingVerdict(heard.code) === 'unknown') return { verdict: 'unknown', findings: [...findings, heard], proof };
  return { verdict: 'blocked', findings: [...findings, heard, ...lostOn(look, way, healthy)], proof };
}

/** Where a connect got lost in the guest: said beside a connect that failed, and beside an apply that was taken back. */
function lostOn(look: GuestLook | undefined, way: Way, healthy: Healthy): Finding[] {
  const lost = look?.report.paths.find((path) => path.vip === way.frontend.vip)?.lost;
  return lost ? lostFindings(lost, way, healthy) : [];
}

/**
 * What the loop knows: a hold, and its own findings about the VM. One that names a VIP (a rollout that was halted)
 * is about that path alone.
 */
function knownFindings(knowledge: VmKnowledge | undefined, vip: string): readonly Finding[] {
  if (!knowledge) return [];
  const own = knowledge.findings.filter(({ params }) => params.vip === undefined || params.vip === vip);
  return knowledge.held ? [finding('REMOVED_BY_HAND'), ...own] : own;
}

function ownProof(knowledge: VmKnowledge | undefined, vip: string): Proof | undefined {
  const proofs = knowledge?.proofs ?? {};
  return Object.hasOwn(proofs, vip) ? proofs[vip] : undefined;
}

function worstOf(findings: readonly Finding[]): Verdict | undefined {
  if (findings.length === 0) return undefined;
  const verdicts = findings.map((item) => findingVerdict(item.code));
  if (verdicts.includes('blocked')) return 'blocked';
  return verdicts.includes('unknown') ? 'unknown' : undefined;
}

/**
 * A report under the current plan, as a verdict or the finding that makes it:
 * - an error code: the command failed as a whole, whatever single paths say;
 * - no row for the VIP, or only a removal: not looked at;
 * - drift: after a check it can be repaired; after an apply the repair did not take, and a second try would not
 *   either;
 * - a connect that succeeded: compliant, for what it came to (what is set beside that and not proved is told with it);
 *   one that was not tried: not proved;
 * - a connect that failed counts against the path only when a backend was healthy, now and at the look, and none gets
 *   connections without being healthy.
 */
function hear(look: GuestLook, { frontend, port }: Way, healthy: Healthy): Verdict | Finding {
  const { report } = look;
  const { vip } = frontend;
  if (report.mode === 'remove') return 'unknown';
  if (report.errorCode !== undefined) {
    return finding('GUEST_FAILED', { code: report.errorCode, detail: report.errorDetail ?? 'no detail' });
  }
  const row = report.paths.find((path) => path.vip === vip);
  if (!row) return 'unknown';
  if (row.after.length > 0) {
    if (report.mode === 'check') return 'repairable';
    return finding('GUEST_FAILED', { code: 'CHANGE_FAILED', detail: row.after.join(', ') });
  }
  const { outcome } = row.connectAfter;
  if (outcome === 'ok') return 'compliant';
  if (outcome === 'none') return 'unknown';
  if (healthy.count === 0) return finding('NO_HEALTHY_BACKEND', { vip });
  if (look.healthyVips && !look.healthyVips.includes(vip)) return 'unknown';
  if (healthy.unseen > 0) return finding('UNHEALTHY_GETS_CONNECTS', { vip, outcome });
  return finding('CONNECT_FAILED', { vip, outcome, port: String(port ?? 'no port') });
}
