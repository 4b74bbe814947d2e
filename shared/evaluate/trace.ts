/** What becomes of a member's connection to a VIP, step by step, now and after each failover. Pure. */
import { type IdKey, shortName } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { Evaluation, FrontendView, Path } from '../model/path.ts';
import type { TraceAssumption, TraceStep, TraceStepCode } from '../model/traceSteps.ts';
import { ipsBehind } from './ends.ts';
import type { Member } from './members.ts';
import type { PacketEnds } from './packetEnds.ts';
import type { Survey } from './survey.ts';
import type { Way } from './way.ts';

/**
 * What is in the guest. `none`: nothing. `route`: the host route alone, which on Linux is not enough. `whole`: all that
 * is planned.
 */
export type Fix = 'none' | 'route' | 'whole';

/** One connection to one member that answers. */
export interface Trace {
  fix: Fix;
  /** The VM that it is sent to; none while no member is healthy. */
  target?: string;
  outcome: 'works' | 'fails';
  /** The way there and the way back; the last one `dies` when it fails. */
  steps: TraceStep[];
  assumptions: TraceAssumption[];
}

export interface Scenario {
  /** The VM that becomes primary; none: as it is now. */
  failoverTo?: string;
  /** False: nobody knows who is primary now. */
  known: boolean;
  /** With the guest as it is known to be, a trace for each member that may answer; empty when the guest is not known. */
  asIs: Trace[];
  /** With all that is planned; empty when there is no way to put it there. */
  withFix: Trace[];
}

export interface ConnectionTrace {
  vm: string;
  vip: string;
  frontend: string;
  /** The port on the VIP; none when the frontend has no TCP rule that may be touched. */
  port?: number;
  /** What is known to be in the guest; none: not known. */
  fix?: Fix;
  scenarios: Scenario[];
  /** Members that cannot take over, since they do not run. */
  stopped: string[];
}

/**
 * Traces the connections of a member to one of its frontends. `fix` is what is known to be in its guest; undefined: not
 * known. `ends` finds what of Azure's network ends a connection. Returns undefined when there is no such path.
 */
export function traceConnection(
  survey: Survey,
  evaluation: Evaluation,
  vm: IdKey,
  frontend: IdKey,
  fix: Fix | undefined,
  ends: PacketEnds = () => undefined,
): ConnectionTrace | undefined {
  const surveyed = survey.frontends.find((item) => item.frontend.key === frontend);
  const way = surveyed?.ways.find((item) => item.vmKey === vm);
  const view = evaluation.frontendByKey.get(frontend);
  if (!surveyed || !way || !view) return undefined;
  const stopped = new Set((evaluation.pathsOfFrontend.get(frontend) ?? []).filter(isStopped).map(({ vmKey }) => vmKey));
  const running = surveyed.members.filter(({ key }) => !stopped.has(key));
  const context: Context = { way, os: survey.vms.get(vm)?.os === 'windows' ? 'windows' : 'linux', ends };
  const scenario = (targets: Member[], known: boolean, failoverTo?: string): Scenario => ({
    ...defined({ failoverTo }),
    known,
    asIs: fix === undefined || !known ? [] : tracesTo(context, targets, fix, true),
    withFix: way.via && known ? tracesTo(context, targets, 'whole', false) : [],
  });
  const healthy = surveyed.members.filter(({ vmId }) => view.healthyIds.includes(vmId));
  return {
    vm: shortName(way.member.vmId),
    vip: way.vip,
    frontend: shortName(view.id),
    ...defined({ port: way.port, fix }),
    scenarios: [
      scenario(healthy, view.healthKnown),
      ...running
        .filter(({ vmId }) => !isAlone(vmId, view))
        .map((member) => scenario([member], true, shortName(member.vmId))),
    ],
    stopped: surveyed.members.filter(({ key }) => stopped.has(key)).map(({ vmId }) => shortName(vmId)),
  };
}

/** The primary of now takes nothing over. */
const isAlone = (vmId: string, { healthyIds }: FrontendView): boolean =>
  healthyIds.length === 1 && healthyIds[0] === vmId;

const isStopped = ({ findings }: Path): boolean => findings.some(({ code }) => code === 'VM_NOT_RUNNING');

interface Context {
  way: Way;
  os: 'linux' | 'windows';
  ends: PacketEnds;
}

const tracesTo = (context: Context, targets: readonly Member[], fix: Fix, isKnown: boolean): Trace[] =>
  (targets.length === 0 ? [undefined] : targets).map((target) => trace(context, target, fix, isKnown));

/** One connection. The facts are in docs/linux.md and docs/windows.md; tests hold it to what kernel guests do. */
function trace({ way, os, ends }: Context, target: Member | undefined, fix: Fix, isKnown: boolean): Trace {
  const steps: TraceStep[] = [];
  const isVia = fix !== 'none' && way.via !== undefined;
  const source = (isVia ? way.via?.ip : way.backends[0]?.ip) ?? '';
  const params: Record<string, string> = { vm: shortName(way.member.vmId), vip: way.vip, source };
  const step = (direction: TraceStep['direction'], code: TraceStepCode, state: TraceStep['state'] = 'passes'): void => {
    steps.push({ direction, code, state, params: { ...params } });
  };
  const end = (outcome: Trace['outcome']): Trace => ({
    fix,
    ...defined({ target: params.target }),
    outcome,
    steps,
    assumptions: assumptionsOf(fix, os, isHome, isKnown),
  });
  const isHome = target?.key === way.member.key;

  step('there', isVia ? 'SENT_VIA' : 'SENT_DEFAULT');
  if (!target) {
    step('there', 'NOT_ANSWERED', 'dies');
    return end('fails');
  }
  params.target = shortName(target.vmId);
  const rule = target.rules.find(({ protocol, frontendPort }) => protocol === 'tcp' && frontendPort === way.port);
  // With several addresses behind the rule any of them may be taken; each is answered alike.
  const [place = target.ips[0]] = rule ? ipsBehind(target, rule) : target.ips;
  params.backend = place.ip.address ?? '';
  params.port = String(rule?.backendPort ?? way.port ?? '*');
  const ended = ends({ way, isVia, target, place, rule });
  if (ended) params.id = ended.id;
  if (ended?.at === 'leaving') {
    step('there', 'ENDED_LEAVING', 'dies');
    return end('fails');
  }
  step('there', 'TRANSLATED');
  if (ended?.at === 'arriving') {
    step('there', 'ENDED_ARRIVING', 'dies');
    return end('fails');
  }
  if (isHome && !isVia) {
    step('there', 'OWN_SOURCE', 'dies');
    return end('fails');
  }
  step('there', 'ACCEPTED');
  if (isHome && os === 'linux' && fix === 'route') {
    step('back', 'REPLY_BY_LOOPBACK', 'dies');
    return end('fails');
  }
  step('back', replyBy(isHome, os));
  if (ended) {
    step('back', 'ANSWER_ENDED', 'dies');
    return end('fails');
  }
  step('back', 'TRANSLATED_BACK');
  return end('works');
}

function replyBy(isHome: boolean, os: Context['os']): TraceStepCode {
  if (!isHome) return 'REPLY_BY_WIRE';
  return os === 'windows' ? 'REPLY_STRONG_HOST' : 'REPLY_STEERED';
}

function assumptionsOf(fix: Fix, os: Context['os'], isHome: boolean, isKnown: boolean): TraceAssumption[] {
  const known: TraceAssumption[] = isKnown ? ['REPORT_HOLDS'] : [];
  const how: TraceAssumption[] = fix === 'none' ? ['DEFAULT_ROUTE', 'NO_FIX_BY_HAND'] : known;
  const host: TraceAssumption[] = os === 'windows' && isHome && fix !== 'none' ? ['STRONG_HOST'] : [];
  return [...how, 'SERVER_LISTENS', ...host];
}

/** What the traces of a scenario come to together. */
export function outcomeOf(traces: readonly Trace[]): 'works' | 'fails' | 'sometimes' | 'unknown' {
  if (traces.length === 0) return 'unknown';
  const working = traces.filter(({ outcome }) => outcome === 'works').length;
  if (working === traces.length) return 'works';
  return working === 0 ? 'fails' : 'sometimes';
}
