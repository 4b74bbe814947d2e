/** What Azure's lists say of an estate: frontends, members, ways and plans. Needs no health, and no guest. */

import { compareText } from '../model/address.ts';
import { finding } from '../model/findings.ts';
import { type IdKey, idKey, isKeyWithin } from '../model/ids.ts';
import type { ListedFinding, NamedPlan } from '../model/path.ts';
import { type Scope, scopeRule } from '../model/scope.ts';
import type { Topology, UnreadSubscription, Vm } from '../model/topology.ts';
import { absentFrom, listAbsentPools } from './absent.ts';
import { refuseSeveralNics } from './containers.ts';
import { type FrontendInPlay, frontendsInPlay } from './frontends.ts';
import { indexTopology, type NicPlace, type TopologyIndex } from './indexTopology.ts';
import { passing, push } from './lists.ts';
import { type Member, membersOf } from './members.ts';
import { planVm } from './plan.ts';
import { namePlan } from './planHash.ts';
import { provePort } from './provePort.ts';
import { tagValue } from './touchable.ts';
import { isWay, type Way, wayTeller } from './way.ts';

/** A frontend in play, with its members and their ways towards it. */
export interface SurveyedFrontend {
  frontend: FrontendInPlay;
  members: Member[];
  ways: readonly Way[];
  /** The port to prove for the frontend as a whole; undefined when none may be touched. */
  port: number | undefined;
  /** True when it, or a member of it, is not the subscription's own: other loops work on it too. */
  isShared: boolean;
}

/** An estate as its lists show it, for the loop of one subscription. */
export interface Survey {
  /** True for what lies in that subscription. */
  isOwn(key: IdKey): boolean;
  /** Configured subscriptions whose lists could not be read. */
  unread: readonly UnreadSubscription[];
  /** In order of their VIPs; those with a way alone. */
  frontends: SurveyedFrontend[];
  /** Those of them that other loops work on too. */
  shared: ReadonlyMap<IdKey, SurveyedFrontend>;
  /** All ways, in the order of their frontends. */
  ways: Way[];
  waysOfVm: ReadonlyMap<IdKey, readonly Way[]>;
  waysOfFrontend: ReadonlyMap<IdKey, readonly Way[]>;
  /** The plan each VM should have, by VM key; no entry where nothing can be done. */
  plans: ReadonlyMap<IdKey, NamedPlan>;
  listed: ListedFinding[];
  /** What the reader of the lists could not make sense of. */
  notes: Topology['notes'];
  /** Every VM that Azure lists. */
  vms: ReadonlyMap<IdKey, Vm>;
  /**
   * True when a frontend in play is listed whole, every reference of its pools found, and the VM is no member of it.
   * False where that cannot be told: the frontend is not listed or not in play, or something of its pools is missing.
   */
  isListedWithout(frontend: IdKey, vm: IdKey): boolean;
  /** The VM that a NIC is on. */
  vmOfNic(nic: IdKey): IdKey | undefined;
}

/**
 * Surveys an estate. Never throws for anything a topology can hold: references that lead nowhere, addresses that
 * are none and words that Azure added since are findings.
 *
 * Every member of every frontend in play has exactly one way, or is covered by what is listed: its frontend or load
 * balancer that is not in play or out of scope, its VM that is out of scope, a VM or NIC that is opted out. Frontends are in order of
 * their VIP, ways by VM. A frontend without any way is left out, since nothing of it is ours; the others name all
 * members, those without a way too.
 *
 * The lists may be those of several subscriptions. Then plans and ways are there for the VMs of all, and frontends for
 * those that the loop of `topology.subscriptionId` has to do with: its own, and those that VMs of its own are behind.
 */
export const survey = (topology: Topology, scope: Scope): Survey => surveyBy(topology, scope, indexTopology(topology));

/** A survey, with the index that it was made by: for whoever asks more of the same lists. */
export interface Surveyed {
  survey: Survey;
  index: TopologyIndex;
}

/** {@link survey}, and its index. */
export function surveyed(topology: Topology, scope: Scope): Surveyed {
  const index = indexTopology(topology);
  return { survey: surveyBy(topology, scope, index), index };
}

function surveyBy(topology: Topology, scope: Scope, index: TopologyIndex): Survey {
  const { inPlay, listed } = frontendsInPlay(topology, scope);
  const frontends: SurveyedFrontend[] = [];
  const shared = new Map<IdKey, SurveyedFrontend>();
  const all: Way[] = [];
  const waysOfVm = new Map<IdKey, Way[]>();
  const waysOfFrontend = new Map<IdKey, readonly Way[]>();
  const isInScope = scopeRule(scope);
  const subscription = idKey(`/subscriptions/${topology.subscriptionId}`);
  const isOwn = (key: IdKey) => isKeyWithin(key, subscription);
  const absent = absentFrom(topology, scope);
  const tellWay = wayTeller(index, scope, isInScope);
  const wholes = new Map<IdKey, readonly Member[]>();
  for (const frontend of inPlay) {
    const membership = membersOf(frontend, index, absent);
    const { members, isCut } = membership;
    if (frontend.isOutside && !scope.outsideLoadBalancers) {
      listed.push(...leftOut(frontend, members, isInScope));
      continue;
    }
    listed.push(...membership.listed);
    const isWhole = !isCut && membership.listed.every((item) => item.finding.code !== 'DANGLING_REFERENCE');
    if (isWhole) wholes.set(frontend.key, members);
    const choice = provePort(frontend.rules, frontend, tagValue(frontend.loadBalancer.tags, scope.portTag));
    const items = members.map((member) => tellWay(member, frontend, choice));
    const ways = passing(items, isWay);
    for (const item of items) if (!isWay(item)) listed.push(item);
    for (const way of ways) push(waysOfVm, way.vmKey, way);
    if (ways.length === 0) continue;
    const isOwnFrontend = isOwn(frontend.key);
    // What is another subscription's alone is for that one's loop.
    if (!isOwnFrontend && !ways.some(({ vmKey }) => isOwn(vmKey))) continue;
    const isShared = !isOwnFrontend || isCut || members.some(({ key }) => !isOwn(key));
    const port = 'port' in choice ? choice.port : undefined;
    const found = { frontend, members, ways, port, isShared };
    frontends.push(found);
    all.push(...ways);
    waysOfFrontend.set(frontend.key, ways);
    if (isShared) shared.set(frontend.key, found);
  }
  listed.push(...listAbsentPools(index, absent, scope, ({ id }) => isOwn(idKey(id)) && isInScope(idKey(id))));
  return {
    isOwn,
    unread: absent.unread,
    frontends,
    shared,
    ways: all,
    waysOfVm,
    waysOfFrontend,
    plans: plansOf(waysOfVm, scope),
    listed: once(listed),
    notes: topology.notes,
    vms: index.vms,
    isListedWithout: (frontend, vm) => wholes.get(frontend)?.every(({ key }) => key !== vm) ?? false,
    vmOfNic: vmFinder(index.nics),
  };
}

/** What is said of VMs in scope behind a load balancer that is not, and is left alone. */
const leftOut = (
  { loadBalancer: { id } }: FrontendInPlay,
  members: readonly Member[],
  isInScope: (vm: IdKey) => boolean,
): ListedFinding[] =>
  members
    .filter(({ key }) => isInScope(key))
    .map(({ vmId }) => ({ id: vmId, finding: finding('LOAD_BALANCER_OUT_OF_SCOPE', { id }) }));

/** A function of its own, so that the rest of the index is not kept with it: it is a third of what a survey would hold. */
function vmFinder(nics: ReadonlyMap<IdKey, NicPlace>): Survey['vmOfNic'] {
  return (nic) => nics.get(nic)?.vm?.key;
}

function plansOf(waysOfVm: ReadonlyMap<IdKey, Way[]>, scope: Scope): Map<IdKey, NamedPlan> {
  const plans = new Map<IdKey, NamedPlan>();
  for (const [key, ways] of waysOfVm) {
    refuseSeveralNics(ways, scope);
    const plan = planVm(ways);
    if (plan) plans.set(key, namePlan(plan));
  }
  return plans;
}

/** The same thing said of the same resource once, in order of resources. */
function once(listed: readonly ListedFinding[]): ListedFinding[] {
  const said = ({ id, finding }: ListedFinding) =>
    `${idKey(id)} ${finding.code} ${JSON.stringify(finding.params).toLowerCase()}`;
  return [...new Map(listed.map((item) => [said(item), item])).entries()]
    .sort(([a], [b]) => compareText(a, b))
    .map(([, item]) => item);
}
