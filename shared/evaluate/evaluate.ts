/** From an estate to its paths: a pure function of what was read. */
import { type IdKey, idKey } from '../model/ids.ts';
import type { Evaluation, FrontendView, ListedFinding, Path, VmKnowledge } from '../model/path.ts';
import type { Scope } from '../model/scope.ts';
import type { HealthMap, Topology } from '../model/topology.ts';
import { compareText } from './address.ts';
import { colocated } from './colocated.ts';
import { draftPath, isDraft, type PathDraft } from './draft.ts';
import { type Healthy, readHealth } from './exposure.ts';
import { type FrontendInPlay, frontendsInPlay } from './frontends.ts';
import { indexTopology } from './indexTopology.ts';
import { type Member, membersOf } from './members.ts';
import { planVm } from './plan.ts';
import { provePort } from './provePort.ts';
import { tagValue } from './touchable.ts';
import { judge, namePlan } from './verdict.ts';

export interface EvaluateInput {
  topology: Topology;
  health: HealthMap;
  /** By VM key; a VM that is not in it was never looked at. */
  knowledge: ReadonlyMap<IdKey, VmKnowledge>;
  scope: Scope;
  /** Epoch milliseconds: tells health of now from health of long ago. */
  now: number;
}

/** A frontend with the paths towards it. */
interface Group {
  frontend: FrontendInPlay;
  members: Member[];
  healthy: Healthy;
  drafts: PathDraft[];
}

/**
 * Evaluates an estate. Never throws for anything a topology can hold: references that lead nowhere, addresses that
 * are none and words that Azure added since are findings.
 *
 * Every member of every frontend in play is exactly one path, or is covered by what is listed: its frontend or load
 * balancer that is not in play, its VM that is out of scope, a VM or NIC that is opted out. Frontends are in order of
 * their VIP, paths in that order and by VM. A frontend without any path is left out, since nothing of it is ours;
 * the views of the others name all members, those without a path too.
 */
export function evaluate({ topology, health, knowledge, scope, now }: EvaluateInput): Evaluation {
  const index = indexTopology(topology);
  const { inPlay, listed } = frontendsInPlay(topology, scope);
  const groups: Group[] = [];
  for (const frontend of inPlay) {
    const membership = membersOf(frontend, index);
    const items = membership.members.map((member) => draftPath(member, frontend, membership, index, scope));
    const drafts: PathDraft[] = [];
    for (const item of items) isDraft(item) ? drafts.push(item) : listed.push(item);
    listed.push(...membership.listed);
    if (drafts.length === 0) continue;
    const { members } = membership;
    groups.push({ frontend, members, healthy: readHealth(health.get(frontend.key), members, now), drafts });
  }

  const plans = new Map(
    [
      ...Map.groupBy(
        groups.flatMap(({ drafts }) => drafts),
        (draft) => draft.member.key,
      ),
    ].flatMap(([key, drafts]) => {
      const plan = planVm(drafts);
      return plan ? [[key, namePlan(plan)] as const] : [];
    }),
  );
  const frontends = groups.map((group) => viewOf(group, scope));
  return {
    paths: groups.flatMap(({ healthy, drafts }) =>
      drafts.map((draft) => {
        const { key } = draft.member;
        return pathOf(draft, healthy, judge(draft, plans.get(key), knowledge.get(key), healthy));
      }),
    ),
    frontends,
    plans: new Map([...plans].map(([key, { plan }]) => [key, plan])),
    listed: once(listed),
    colocated: colocated(frontends),
  };
}

function pathOf(draft: PathDraft, healthy: Healthy, judged: Pick<Path, 'verdict' | 'findings' | 'proof'>): Path {
  const { member, frontend, backend, via, viaReason, port } = draft;
  return {
    vmId: member.vmId,
    frontendId: frontend.frontend.id,
    vip: frontend.vip,
    ...healthy.exposureOf(member),
    ...judged,
    ...(backend ? { backend } : {}),
    ...(via ? { via } : {}),
    ...(viaReason ? { viaReason } : {}),
    ...(port === undefined ? {} : { port }),
  };
}

function viewOf({ frontend, members, healthy }: Group, scope: Scope): FrontendView {
  const { loadBalancer, healthRule, probeSeconds, mirror, vip } = frontend;
  const port = provePort(frontend.rules, frontend, tagValue(loadBalancer.tags, scope.portTag));
  return {
    id: frontend.frontend.id,
    vip,
    loadBalancerId: loadBalancer.id,
    mirror,
    ...(healthRule ? { healthRuleId: healthRule.id } : {}),
    probeSeconds,
    memberIds: members.map((member) => member.vmId),
    ...(healthy.primary ? { primaryId: healthy.primary.vmId } : {}),
    healthyIds: healthy.members.map((member) => member.vmId),
    healthKnown: healthy.known,
    healthAt: healthy.at,
    ...('port' in port ? port : {}),
  };
}

/** The same thing said of the same resource once, in order of resources. */
function once(listed: readonly ListedFinding[]): ListedFinding[] {
  const said = ({ id, finding }: ListedFinding) =>
    `${idKey(id)} ${finding.code} ${JSON.stringify(finding.params).toLowerCase()}`;
  return [...new Map(listed.map((item) => [said(item), item])).entries()]
    .sort(([a], [b]) => compareText(a, b))
    .map(([, item]) => item);
}
