/**
 * An assessment as a document: what is exposed, what a person does, and what could not be told. Pure.
 * Long: the document’s shape stands beside what makes it.
 */
import { judge } from '../evaluate/judge.ts';
import { narrow } from '../evaluate/narrow.ts';
import { type PacketEnds, packetEnds } from '../evaluate/packetEnds.ts';
import { type PreconditionsOf, preconditionsOf } from '../evaluate/preconditions.ts';
import { type Survey, surveyed } from '../evaluate/survey.ts';
import {
  type EstateFilter,
  type EstateReading,
  type Heard,
  LEFT_OUT,
  type Surrounding,
  type Unread,
} from '../model/estateReading.ts';
import { type Exposure, findingText, type ProofKind, type Verdict } from '../model/findings.ts';
import { type IdKey, idKey, parentId, shortName } from '../model/ids.ts';
import { iso } from '../model/iso.ts';
import { defined } from '../model/optional.ts';
import type { Evaluation, Path } from '../model/path.ts';
import {
  type Precondition,
  type PreconditionKind,
  preconditionKind,
  preconditionText,
} from '../model/preconditions.ts';
import { type Scope, subscriptionOf } from '../model/scope.ts';
import { type Loss, lossOf } from './loss.ts';
import { type NotTold, notTold } from './notTold.ts';
import { type TraceView, traceView } from './trace.ts';

/**
 * What an assessment says of a path. `fixed`: the last report from the guest showed it as planned and connecting.
 * `exposed`: it fails now, or would after a failover. `unknown`: what would decide could not be read. `safe`: a person
 * holds the member down, so nothing comes back to it.
 */
export type PathState = 'exposed' | 'unknown' | 'fixed' | 'safe';

/** Exit codes. They never change. */
export const EXIT = { nothingExposed: 0, failed: 1, exposed: 2, unknown: 3 } as const;

export type ResultCode = 0 | 2 | 3;

/** A code with what it means for a person. */
export interface CodeText {
  code: string;
  text: string;
}

/** A finding on a path, or what Azure has in its way. */
export interface PathFinding extends CodeText {
  /** Of what Azure has in the way: what it comes to, and the rule, route, lock, NIC or VM that it is about. */
  kind?: PreconditionKind;
  id?: string;
}

export interface AssessedPath {
  state: PathState;
  exposure: Exposure;
  /** Of the member's own flows, the part that comes back to it while `active`. */
  share: number;
  vm: string;
  vip: string;
  frontend: string;
  loadBalancer: string;
  /** The VM that is primary for the frontend now. */
  primary?: string;
  verdict: Verdict;
  /** What is known of the fix in the guest. */
  heard: Heard;
  proof: { kind: ProofKind; at?: string };
  backends: string[];
  /** Own addresses and ports that are set like the others and that no connect was seen to come back to. */
  notProved: string[];
  via?: string;
  port?: number;
  findings: PathFinding[];
  vmId: string;
  frontendId: string;
}

export interface AssessedFrontend {
  vip: string;
  frontend: string;
  loadBalancer: string;
  mirror: boolean;
  healthKnown: boolean;
  primary?: string;
  healthy: string[];
  members: string[];
  id: string;
}

/** What a person does, with the paths that it is about. */
export interface AssessedFinding extends PathFinding {
  paths: { vm: string; vip: string }[];
}

export interface UnreadView extends Unread {
  /** Its last name, or the subscription’s. */
  name: string;
  nextStep: string;
}

export interface Assessment {
  schema: 1;
  at: string;
  result: { exitCode: ResultCode; text: string };
  scope: EstateFilter & { subscriptions: { id: string; name?: string }[] };
  counts: Record<'frontends' | 'mirrors' | 'loadBalancers' | 'vms' | 'paths', number> & {
    states: Record<PathState, number>;
    exposedNow: number;
    blocked: number;
  };
  /** VMs that are primary for several frontends now. */
  colocated: { vm: string; frontends: string[] }[];
  /** Worst first. */
  paths: AssessedPath[];
  frontends: AssessedFrontend[];
  findings: AssessedFinding[];
  /** What is in no path, and why. */
  listed: (CodeText & { id: string })[];
  unread: UnreadView[];
  /** What can be told from no list, and where a person sees it. */
  notTold: NotTold[];
  /** What Azure's lists held that this program made no sense of. */
  notes: { id: string; text: string }[];
  ifLost?: Loss;
  trace?: TraceView;
}

/** What an assessment is made for. */
export interface AssessmentRequest {
  scope: Scope;
  filter: EstateFilter;
  /** Key of the VM whose loss is forecast. */
  lost?: IdKey;
  /** Keys of the member and the frontend whose connection is traced. */
  trace?: { vm: IdKey; frontend: IdKey };
}

/** What was observed, surveyed and judged. */
export interface Judged {
  surveyed: Survey;
  evaluation: Evaluation;
  preconditions: PreconditionsOf;
  ends: PacketEnds;
}

/** Surveys (where that was not done already, in the same scope) and judges what was observed. */
export function judged(
  { topology, health, knowledge, surroundings, at }: EstateReading,
  { scope, filter }: Pick<AssessmentRequest, 'scope' | 'filter'>,
  whole = surveyed(topology, scope),
): Judged {
  const narrowed = narrow(whole.survey, filter);
  return {
    surveyed: narrowed,
    evaluation: judge(narrowed, health, knowledge, at),
    preconditions: preconditionsOf(narrowed, whole.index, surroundings),
    ends: packetEnds(whole.index, surroundings),
  };
}

/** The document of what was observed and judged. */
export function assessmentOf(
  observed: EstateReading,
  { surveyed, evaluation, preconditions, ends }: Judged,
  request: AssessmentRequest,
): Assessment {
  const read = new Set(observed.subscriptions.map(({ id }) => id));
  const paths = evaluation.paths
    .map((path) => {
      const view = pathView(path, evaluation, observed.heard, read);
      return withPreconditions(view, preconditions(path.vmKey, path.frontendKey));
    })
    .sort(worstFirst);
  const states = { exposed: 0, unknown: 0, fixed: 0, safe: 0 };
  for (const { state } of paths) states[state] += 1;
  const { frontends } = evaluation;
  const exitCode = resultOf(paths, observed.unread);
  return {
    schema: 1,
    at: iso(observed.at),
    result: { exitCode, text: RESULTS[exitCode] },
    scope: { ...request.filter, subscriptions: observed.subscriptions },
    counts: {
      frontends: frontends.length,
      mirrors: frontends.filter(({ mirror }) => mirror).length,
      loadBalancers: new Set(frontends.map(({ loadBalancerId }) => idKey(loadBalancerId))).size,
      vms: evaluation.pathsOfVm.size,
      paths: paths.length,
      states,
      exposedNow: paths.filter(isExposedNow).length,
      blocked: paths.filter(({ state, verdict }) => state === 'exposed' && verdict === 'blocked').length,
    },
    colocated: evaluation.colocated.map(({ vmId, frontendIds }) => ({
      vm: shortName(vmId),
      frontends: frontendIds.map(shortName),
    })),
    paths,
    frontends: frontends.map((view) => ({
      vip: view.vip,
      frontend: shortName(view.id),
      loadBalancer: shortName(view.loadBalancerId),
      mirror: view.mirror,
      healthKnown: view.healthKnown,
      ...defined({ primary: view.primaryId && shortName(view.primaryId) }),
      healthy: view.healthyIds.map(shortName),
      members: view.memberIds.map(shortName),
      id: view.id,
    })),
    findings: grouped(paths),
    listed: evaluation.listed.map(({ id, finding }) => ({ id, code: finding.code, text: findingText(finding) })),
    unread: observed.unread.map((row) => ({
      ...row,
      name: row.name ?? nameOf(row.id, observed),
      nextStep: nextStep(row),
    })),
    notTold: notTold(evaluation.paths, observed.topology),
    notes: observed.topology.notes,
    ...defined({
      ifLost: request.lost === undefined ? undefined : lossOf(evaluation, request.lost),
      trace: request.trace && traceView(observed, surveyed, evaluation, request.trace, ends),
    }),
  };
}

/** What each code means, in words. */
const RESULTS: Record<ResultCode, string> = {
  0: 'Nothing is exposed.',
  2: 'Connections fail now, or would after a failover.',
  3: 'Nothing is known to be exposed, and not everything could be told.',
};

function resultOf(paths: readonly AssessedPath[], unread: readonly Unread[]): ResultCode {
  if (paths.some(({ state }) => state === 'exposed')) return EXIT.exposed;
  const isAllTold = unread.length === 0 && paths.every(({ state }) => state !== 'unknown');
  return isAllTold ? EXIT.nothingExposed : EXIT.unknown;
}

/** True for a path whose connections come back to their own VM now. */
export const isExposedNow = ({ state, exposure }: AssessedPath): boolean =>
  state === 'exposed' && exposure === 'active';

function pathView(
  path: Path,
  evaluation: Evaluation,
  heardOf: ReadonlyMap<IdKey, Heard>,
  read: ReadonlySet<string>,
): AssessedPath {
  const heard = heardOf.get(path.vmKey) ?? 'never';
  const primary = evaluation.frontendByKey.get(path.frontendKey)?.primaryId;
  const { kind, at } = path.proof;
  return {
    state: stateOf(path, heard, read),
    exposure: path.exposure,
    share: path.share,
    vm: shortName(path.vmId),
    vip: path.vip,
    frontend: shortName(path.frontendId),
    loadBalancer: shortName(parentId(path.frontendId) ?? path.frontendId),
    ...defined({ primary: primary && shortName(primary) }),
    verdict: path.verdict,
    heard,
    proof: { kind, ...(at > 0 ? { at: iso(at) } : {}) },
    backends: path.backends.map(({ ip }) => ip),
    notProved: path.notProved ?? [],
    ...defined({ via: path.via?.ip, port: path.port }),
    findings: path.findings.map((finding) => ({ code: finding.code, text: findingText(finding) })),
    vmId: path.vmId,
    frontendId: path.frontendId,
  };
}

/**
 * A path with what Azure has in its way. What forbids or ends the fix has to be changed by a person first. Where the guest
 * was seen to connect, and a rule or route ends that by now, two things are said and one is older: it is not known.
 */
function withPreconditions(path: AssessedPath, found: readonly Precondition[]): AssessedPath {
  if (found.length === 0) return path;
  const findings = [
    ...path.findings,
    ...found.map((one) => ({
      code: one.code,
      text: preconditionText(one),
      kind: preconditionKind(one.code),
      id: one.id,
    })),
  ];
  const isEnded = findings.some(({ kind }) => kind === 'ends');
  if (path.verdict === 'compliant') {
    if (!isEnded) return { ...path, findings };
    return { ...path, findings, verdict: 'unknown', state: path.state === 'fixed' ? 'unknown' : path.state };
  }
  const isBlocked = isEnded || findings.some(({ kind }) => kind === 'forbids');
  return { ...path, findings, verdict: isBlocked ? 'blocked' : path.verdict };
}

/**
 * What could not be read is never `exposed` and never `fixed`: a reference into a subscription that was not read, and a
 * guest of which something is known that does not decide.
 */
function stateOf(path: Path, heard: Heard, read: ReadonlySet<string>): PathState {
  if (path.exposure === 'none') return 'safe';
  if (path.verdict === 'compliant') return 'fixed';
  if (path.verdict === 'repairable') return 'exposed';
  if (path.verdict === 'blocked') {
    const isUnseen = path.findings.some(
      ({ code, params }) => code === 'DANGLING_REFERENCE' && isElsewhere(params.id ?? '', read),
    );
    return isUnseen ? 'unknown' : 'exposed';
  }
  return heard === 'never' ? 'exposed' : 'unknown';
}

const isElsewhere = (id: string, read: ReadonlySet<string>): boolean => {
  const subscription = subscriptionOf(id);
  return subscription !== '' && !read.has(subscription);
};

const STATE_ORDER: Record<PathState, number> = { exposed: 0, unknown: 3, fixed: 4, safe: 5 };

/** Active and not fixed; then latent; then what a person must help first; then what is not known; then the rest. */
function rank(path: AssessedPath): number {
  if (path.state !== 'exposed' || path.exposure === 'active') return STATE_ORDER[path.state];
  return path.verdict === 'blocked' ? 2 : 1;
}

/** The evaluation's order (by VIP, then VM) stays among equals: the sort is stable. */
const worstFirst = (a: AssessedPath, b: AssessedPath): number => rank(a) - rank(b);

/** Findings that say the same, each once, with the paths. */
function grouped(paths: readonly AssessedPath[]): AssessedFinding[] {
  const found = new Map<string, AssessedFinding>();
  for (const { vm, vip, findings } of paths) {
    for (const finding of findings) {
      const key = `${finding.code} ${finding.text}`;
      const known = found.get(key) ?? { ...finding, paths: [] };
      found.set(key, known);
      known.paths.push({ vm, vip });
    }
  }
  return [...found.values()];
}

function nameOf(id: string, { subscriptions }: EstateReading): string {
  const own = subscriptionOf(id);
  if (idKey(id) !== `/subscriptions/${own}`) return shortName(id);
  return subscriptions.find((subscription) => subscription.id === own)?.name ?? own;
}

/** What cannot be told without a list of what stands around VMs. */
const WITHOUT: Record<Surrounding, string> = {
  networks: 'Without it no subnet’s security group and route table is known.',
  securityGroups: 'Without it no rule that ends packets is known.',
  routeTables: 'Without it no route that bends their way is known.',
  locks: 'Without it no lock that forbids commands is known.',
  sizes: 'Without it it is not known whether a VM takes another NIC.',
  agents: 'Without it it is not known whether commands reach a VM.',
};

const isSurrounding = (what: Unread['what']): what is Surrounding => Object.hasOwn(WITHOUT, what);

/** What a person does to have it read; in words of somebody at a terminal, not of the app. */
function nextStep(row: Unread): string {
  const step = stepFor(row);
  return isSurrounding(row.what) ? `${WITHOUT[row.what]} ${step}` : step;
}

const optionOf = (what: Unread['what']): string =>
  isSurrounding(what) ? '--no-preconditions' : { lists: '', health: '--no-health', report: '--no-reports' }[what];

function stepFor({ code, action, what, text }: Unread): string {
  if (code === 'NOT_ASKED')
    return text === LEFT_OUT ? `Leave ${optionOf(what)} away.` : 'Narrow with --resource-group or --load-balancer.';
  if (code === 'AZURE_THROTTLED') return 'Azure is asked too often by this sign-in. Run it again in some minutes.';
  if (code === 'AZURE_UNREACHABLE') return 'Run it again; look at the way to Azure Resource Manager if it lasts.';
  if (code !== 'AZURE_DENIED' && code !== 'NOT_LISTED') return 'Look at Azure’s words, and run it again.';
  return what === 'health'
    ? `Reader lacks ${action}. A role with it (infra/roles/read.json) tells who is primary.`
    : `Ask for a role with ${action} there; Reader has it.`;
}
