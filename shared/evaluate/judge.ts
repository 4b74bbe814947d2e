/** From a surveyed estate to its paths: who is exposed, what holds, what a person must do. A pure function. */

import { type IdKey, idKey } from '../model/ids.ts';
import type { Evaluation, FrontendView, NamedPlan, Path, VmKnowledge } from '../model/path.ts';
import type { HealthMap } from '../model/topology.ts';
import { colocated } from './colocated.ts';
import { type Healthy, readHealth } from './exposure.ts';
import { push } from './lists.ts';
import type { Survey, SurveyedFrontend } from './survey.ts';
import { verdictOf } from './verdict.ts';
import type { Way } from './way.ts';

/**
 * Judges every way of a survey. `knowledge` is by VM key; a VM that is not in it was never looked at. `now`, epoch
 * milliseconds, tells health of now from health of long ago. Paths are in the order of the survey's ways.
 */
export function judge(
  survey: Survey,
  health: HealthMap,
  knowledge: ReadonlyMap<IdKey, VmKnowledge>,
  now: number,
): Evaluation {
  const paths: Path[] = [];
  const frontends: FrontendView[] = [];
  const pathsOfVm = new Map<IdKey, Path[]>();
  const pathsOfFrontend = new Map<IdKey, readonly Path[]>();
  const frontendByKey = new Map<IdKey, FrontendView>();
  for (const surveyed of survey.frontends) {
    const healthy = readHealth(health.get(surveyed.frontend.key), surveyed, now);
    const towards = surveyed.ways.map((way) => {
      const { key } = way.member;
      return pathOf(way, healthy, survey.plans.get(key), knowledge.get(key));
    });
    const view = viewOf(surveyed, healthy);
    frontends.push(view);
    frontendByKey.set(view.key, view);
    pathsOfFrontend.set(surveyed.frontend.key, towards);
    for (const path of towards) {
      paths.push(path);
      push(pathsOfVm, path.vmKey, path);
    }
  }
  return {
    paths,
    frontends,
    plans: survey.plans,
    listed: survey.listed,
    colocated: colocated(frontends),
    pathsOfVm,
    pathsOfFrontend,
    frontendByKey,
    listedOf: Map.groupBy(survey.listed, (item) => idKey(item.id)),
  };
}

function pathOf(way: Way, healthy: Healthy, named: NamedPlan | undefined, knowledge: VmKnowledge | undefined): Path {
  const { member, frontend, backends, via, viaReason, port } = way;
  const { verdict, findings, proof, notProved } = verdictOf(way, named, knowledge, healthy);
  const { exposure, share } = healthy.exposureOf(member);
  const path: Path = {
    vmId: member.vmId,
    vmKey: member.key,
    frontendId: frontend.frontend.id,
    frontendKey: frontend.key,
    vip: frontend.vip,
    exposure,
    share,
    verdict,
    findings,
    proof,
    backends,
  };
  if (notProved && notProved.length > 0) path.notProved = notProved;
  if (via) path.via = via;
  if (viaReason) path.viaReason = viaReason;
  if (port !== undefined) path.port = port;
  return path;
}

function viewOf({ frontend, members, port }: SurveyedFrontend, healthy: Healthy): FrontendView {
  const { loadBalancer, healthRule, probeSeconds, mirror, vip, key } = frontend;
  const view: FrontendView = {
    id: frontend.frontend.id,
    key,
    vip,
    loadBalancerId: loadBalancer.id,
    mirror,
    probeSeconds,
    memberIds: members.map((member) => member.vmId),
    healthyIds: healthy.members.map((member) => member.vmId),
    healthKnown: healthy.known,
    healthAt: healthy.at,
  };
  if (healthRule) view.healthRuleId = healthRule.id;
  if (healthy.primary) {
    view.primaryId = healthy.primary.vmId;
    view.primaryKey = healthy.primary.key;
  }
  if (port !== undefined) view.port = port;
  return view;
}
