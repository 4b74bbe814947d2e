/** Paths and what evaluate says of an estate. */
import type { Exposure, Finding, ProofKind, Verdict } from './findings.ts';
import type { GuestPlan, GuestReport, NicAddress } from './guest.ts';
import type { IdKey } from './ids.ts';

/** When and how a path was last proved. `at` in epoch milliseconds. */
export interface Proof {
  kind: ProofKind;
  at: number;
  /** With `self`: the own addresses and ports that connects were seen to come back to, and when last. */
  seen?: SeenEnd[];
}

/** A backend address and port that accepted a connect of this member. */
export interface SeenEnd {
  ip: string;
  port: number;
  at: number;
}

/** One member towards one frontend. */
export interface Path {
  vmId: string;
  vmKey: IdKey;
  frontendId: string;
  frontendKey: IdKey;
  vip: string;
  exposure: Exposure;
  /** Share of the member's own flows that come back to it while `active`: 1 for a mirror's primary. */
  share: number;
  verdict: Verdict;
  proof: Proof;
  /**
   * Of a compliant path: the own addresses and ports that rules of the frontend lead to and that no connect was seen to
   * come back to, as `10.0.1.10:57772`. They are set like the others, and not proved.
   */
  notProved?: string[];
  findings: readonly Finding[];
  /** The member's own addresses in the frontend's pools, the one that stands for the member first. */
  backends: NicAddress[];
  via?: NicAddress;
  /** Why this via address was taken: by tag, by subnet, by name. */
  viaReason?: 'tag' | 'subnet' | 'name';
  port?: number;
}

/** What the last look into a guest said, kept on its VM row. */
export interface GuestLook {
  at: number;
  /** Hash of the plan that was sent. */
  planHash: string;
  report: GuestReport;
  /**
   * VIPs that had a healthy backend when the guest was looked at: a connect that failed with none counts against
   * nobody once one is healthy again. Absent: what health says now counts.
   */
  healthyVips?: string[];
}

/** What the loop knows of a VM besides Azure's lists: input of evaluate. */
export interface VmKnowledge {
  look?: GuestLook;
  /** Proof by VIP, kept over looks that could not renew it, dropped when the plan changes. */
  proofs: Record<string, Proof>;
  /** Set by `remove`. */
  held: boolean;
  /** Findings of the loop itself about this VM (a failed command, a refused call), shown on each of its paths. */
  findings: Finding[];
}

/** One frontend with its members. */
export interface FrontendView {
  id: string;
  key: IdKey;
  vip: string;
  loadBalancerId: string;
  /** True when it looks like a mirror: a probe path ending in mirror_status.cxw. */
  mirror: boolean;
  /** Rule to ask for health. */
  healthRuleId?: string;
  /** How long a change takes to show: interval x threshold of that rule's probe, seconds. */
  probeSeconds: number;
  memberIds: string[];
  /** The one member that health shows as up; undefined with none, several, or unknown. */
  primaryId?: string;
  primaryKey?: IdKey;
  /** Members that health shows as up with evidence. */
  healthyIds: string[];
  healthKnown: boolean;
  healthAt: number;
  port?: number;
}

/** A finding on something that is no path: an opted-out VM, a floating-IP frontend. */
export interface ListedFinding {
  id: string;
  finding: Finding;
}

/** A plan with its hash, which names it: equal plans have equal hashes. */
export interface NamedPlan {
  plan: GuestPlan;
  readonly hash: string;
}

/** What Azure's lists, rule health and the guests' reports say of an estate. */
export interface Evaluation {
  paths: Path[];
  frontends: FrontendView[];
  /** The plan each VM should have, by VM key; no entry where nothing can be done. */
  plans: ReadonlyMap<IdKey, NamedPlan>;
  listed: ListedFinding[];
  /** Frontends whose primaries share a VM now, by VM id, two or more each. */
  colocated: { vmId: string; frontendIds: string[] }[];
  /** The paths of each VM that has any, in the order of `paths`. */
  pathsOfVm: ReadonlyMap<IdKey, readonly Path[]>;
  /** The paths towards each frontend. */
  pathsOfFrontend: ReadonlyMap<IdKey, readonly Path[]>;
  frontendByKey: ReadonlyMap<IdKey, FrontendView>;
  /** What is listed of each resource. */
  listedOf: ReadonlyMap<IdKey, readonly ListedFinding[]>;
}
