/** How every VM stands towards every VIP that it serves, as the app knows it: for scripts, spreadsheets and audits. Pure. */
import { parentId, shortName } from '../model/ids.ts';
import { iso } from '../model/iso.ts';
import { defined } from '../model/optional.ts';
import type { Path, SeenEnd } from '../model/path.ts';
import { type EstateHead, estateHead, type KnownView } from './estateHead.ts';
import { type CodeView, findingView } from './run.ts';
import { type SinceView, sinceView } from './since.ts';

/** An own address and port that a connect was seen to come back to. */
export interface SeenView {
  address: string;
  port: number;
  at: string;
  ageSeconds: number;
}

/** When and how a path was last proved. */
export interface ProofView {
  kind: 'self' | 'remote' | 'none';
  at?: string;
  ageSeconds?: number;
  saw?: SeenView[];
}

/** What the last look into the guest found of a path. */
export interface LookView {
  at: string;
  mode: 'check' | 'apply' | 'remove';
  /** Things that differed from the plan when the script came, and when it left. */
  driftFound: number;
  driftLeft: number;
  /** True while sweeps believe it and do not look again. */
  believed: boolean;
}

export interface CompliancePath extends SinceView {
  vm: string;
  vip: string;
  verdict: 'compliant' | 'repairable' | 'blocked' | 'unknown';
  exposure: 'active' | 'latent' | 'none';
  /** Since when the VM that is primary for the VIP now is. */
  primarySince?: string;
  proof: ProofView;
  /** Own addresses and ports that are set like the others and that no connect was seen to come back to. */
  notProved?: string[];
  /** Not there when nobody looked for this VIP, or the VM was away since. */
  look?: LookView;
  findings: CodeView[];
  loadBalancer: string;
  vmId: string;
  frontend: string;
}

export interface ComplianceView extends EstateHead {
  counts: Record<CompliancePath['verdict'], number> & {
    paths: number;
    /** Paths that fail now: active and not compliant. */
    exposedNow: number;
  };
  paths: CompliancePath[];
  /** What is in no path, and why. */
  listed: (CodeView & { id: string })[];
}

/** The document, in the order of VIPs and VMs. */
export function complianceView(known: KnownView): ComplianceView {
  const { evaluation } = known;
  const paths = evaluation.paths.map((path) => pathView(path, known));
  const counts = { paths: paths.length, exposedNow: 0, compliant: 0, repairable: 0, blocked: 0, unknown: 0 };
  for (const { verdict, exposure } of paths) {
    counts[verdict] += 1;
    if (exposure === 'active' && verdict !== 'compliant') counts.exposedNow += 1;
  }
  const listed = evaluation.listed.map(({ id, finding }) => ({ id, ...findingView(finding) }));
  return { ...estateHead(known), counts, paths, listed };
}

function pathView(path: Path, known: KnownView): CompliancePath {
  const { verdict, exposure, vip, vmId, frontendKey, notProved } = path;
  const primarySince = known.evaluation.frontendByKey.get(frontendKey)?.primaryKey
    ? known.frontends.get(frontendKey)?.primarySince
    : undefined;
  return {
    vm: shortName(vmId),
    vip,
    verdict,
    exposure,
    ...sinceView(known.histories.get(path.vmKey), path),
    ...defined({ primarySince: primarySince === undefined ? undefined : iso(primarySince) }),
    proof: proofView(path, known.observed.at),
    ...defined({ notProved, look: lookView(path, known) }),
    findings: path.findings.map(findingView),
    loadBalancer: shortName(parentId(path.frontendId) ?? path.frontendId),
    vmId,
    frontend: path.frontendId,
  };
}

function proofView({ proof: { kind, at, seen } }: Path, now: number): ProofView {
  if (at <= 0) return { kind };
  return { kind, at: iso(at), ageSeconds: age(at, now), ...defined({ saw: seen?.map((end) => seenView(end, now)) }) };
}

const seenView = ({ ip, port, at }: SeenEnd, now: number): SeenView => ({
  address: ip,
  port,
  at: iso(at),
  ageSeconds: age(at, now),
});

const age = (at: number, now: number): number => Math.max(0, Math.floor((now - at) / 1000));

function lookView({ vmKey, vip }: Path, { observed, believed }: KnownView): LookView | undefined {
  const look = observed.knowledge.get(vmKey)?.look;
  const row = look?.report.paths.find((one) => one.vip === vip);
  if (!look || !row) return undefined;
  return {
    at: iso(look.at),
    mode: look.report.mode,
    driftFound: row.before.length,
    driftLeft: row.after.length,
    believed: believed.has(vmKey),
  };
}
