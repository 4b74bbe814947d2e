/** What rule health says of a frontend's members, and what that means for each member's own connections. */

import { compareText } from '../model/address.ts';
import type { Exposure } from '../model/findings.ts';
import { type IdKey, idKey, sameId } from '../model/ids.ts';
import type { BackendHealth, FrontendHealth, Rule } from '../model/topology.ts';
import { ipsBehind } from './ends.ts';
import { getsFlows, isEvidence, isHeldDown } from './healthy.ts';
import type { NicIp } from './indexTopology.ts';
import type { Member } from './members.ts';
import type { SurveyedFrontend } from './survey.ts';

/** Health older than this (two hourly sweeps missed) says nothing of now, milliseconds. */
export const HEALTH_STALE_MS = 2 * 3600_000;

/** Who is healthy behind one frontend, and who gets its connections. */
export interface Healthy {
  /** False when health was never read, or too long ago. */
  known: boolean;
  at: number;
  /** How many backends are up with evidence, members or not. */
  count: number;
  /** How many of the same rule get connections without evidence: a connect that fails may have gone there. */
  unseen: number;
  /** Members with a healthy address, by key. */
  members: Member[];
  /** The one member that all healthy backends belong to. */
  primary?: Member;
  exposureOf(member: Member): { exposure: Exposure; share: number };
}

/**
 * Reads a frontend's health. A backend is a member's by the id of its ip configuration, which rule health writes in
 * other letter case than the NIC and sometimes leaves out, else by address.
 *
 * Who is healthy is told by evidence of the one rule that was chosen for it. Who gets connections is another question, of
 * each rule: with a probe those that count as up for whatever reason, without one every member. A member is `active`
 * while a rule gives it connections, with its share of them (of that rule where it is largest); `none` while a person
 * holds all its addresses down behind all rules that lead to it, since no failover makes it a backend then; else `latent`,
 * also with the VM stopped or nothing known.
 */
export function readHealth(
  health: FrontendHealth | undefined,
  { frontend, members }: Pick<SurveyedFrontend, 'frontend' | 'members'>,
  now: number,
): Healthy {
  const isFresh = (at: number) => now - at <= HEALTH_STALE_MS;
  const known = health?.state === 'known' && isFresh(health.at);
  const memberOf = finder(members);
  const place = (backends: readonly BackendHealth[]) => backends.map((backend) => placed(backend, memberOf));
  const own = place(known ? health.backends : []);
  const { seen, upMembers, unseen } = evidenceOf(own);
  const [first] = upMembers.sort((a, b) => compareText(a.key, b.key));
  const flows = frontend.served.map((rule): RuleFlows => {
    if (rule.probeId === undefined) return { rule, ...toAll(rule, members) };
    if (rule === frontend.healthRule) return { rule, ...(known ? toUp(own) : UNKNOWN) };
    const other = health?.others?.find(({ ruleId, at }) => sameId(ruleId, rule.id) && isFresh(at));
    return { rule, ...(other ? toUp(place(other.backends)) : UNKNOWN) };
  });
  const healthy: Healthy = {
    known,
    at: health?.at ?? 0,
    count: seen.size,
    unseen,
    members: upMembers,
    exposureOf: (member) => exposureTo(member, flows),
  };
  const primaries = new Set(seen.values());
  if (first && primaries.size === 1 && primaries.has(first)) healthy.primary = first;
  return healthy;
}

/** Backends that are up with evidence, by place, with the member of each; one that is told twice counts once. */
function evidenceOf(backends: readonly Placed[]) {
  const seen = new Map<string, Member | undefined>();
  const others = new Set<string>();
  for (const { backend, place, member } of backends) {
    if (isEvidence(backend)) seen.set(place, member);
    else if (getsFlows(backend)) others.add(place);
  }
  const upMembers = [...new Set(seen.values())].flatMap((member) => member ?? []);
  return { seen, upMembers, unseen: others.size };
}

/** Who gets the connections of one rule. */
interface Flows {
  /** How many backends get some, members or not; undefined when that is not known. */
  total?: number;
  /** How many of them are a member's. */
  own: ReadonlyMap<Member, number>;
  /** Members of which a person holds every address down. */
  heldDown: ReadonlySet<Member>;
}

interface RuleFlows extends Flows {
  rule: Rule;
}

const UNKNOWN: Flows = { own: new Map(), heldDown: new Set() };

/** Of a rule without a probe: every address in its pools. */
function toAll(rule: Rule, members: readonly Member[]): Flows {
  const own = new Map<Member, number>();
  for (const member of members) {
    if (member.rules.includes(rule)) own.set(member, ipsBehind(member, rule).length);
  }
  return { total: sum(own.values()), own, heldDown: new Set() };
}

/** Of a rule with a probe, by what its health says. */
function toUp(backends: readonly Placed[]): Flows {
  const own = new Map<Member, number>();
  const heldDown = new Set<Member>();
  const free = new Set<Member>();
  const counted = new Set<string>();
  for (const { backend, place, member } of backends) {
    if (member) (isHeldDown(backend) ? heldDown : free).add(member);
    if (!getsFlows(backend) || counted.has(place)) continue;
    counted.add(place);
    if (member) own.set(member, (own.get(member) ?? 0) + 1);
  }
  for (const member of free) heldDown.delete(member);
  return { total: counted.size, own, heldDown };
}

function exposureTo(member: Member, flows: readonly RuleFlows[]): { exposure: Exposure; share: number } {
  let share = 0;
  let isHeld = true;
  for (const { rule, total = 0, own, heldDown } of flows) {
    if (!member.rules.includes(rule)) continue;
    const mine = own.get(member) ?? 0;
    if (mine > 0) share = Math.max(share, mine / total);
    isHeld &&= heldDown.has(member);
  }
  if (share > 0) return { exposure: 'active', share };
  return { exposure: isHeld ? 'none' : 'latent', share: 0 };
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, one) => total + one, 0);

type FindMember = (ipConfiguration: IdKey, address: string) => Member | undefined;

/** A backend, with what tells it from others and the member that it is. */
interface Placed {
  backend: BackendHealth;
  place: string;
  member: Member | undefined;
}

function placed(backend: BackendHealth, memberOf: FindMember): Placed {
  const key = idKey(backend.ipConfigurationId ?? '');
  return { backend, place: `${key} ${backend.address}`, member: memberOf(key, backend.address) };
}

/** Up to so many members a look through all of them is faster than a map. */
const FEW = 8;

function finder(members: readonly Member[]): FindMember {
  if (members.length <= FEW) {
    const having = (isIt: (ip: NicIp) => boolean) => members.find(({ ips }) => ips.some(isIt));
    return (id, address) =>
      (id === '' ? undefined : having(({ key }) => key === id)) ?? having(({ ip }) => ip.address === address);
  }
  const byIp = new Map<IdKey, Member>();
  const byAddress = new Map<string, Member>();
  for (const member of members) {
    for (const { key, ip } of member.ips) {
      byIp.set(key, member);
      if (ip.address !== undefined && !byAddress.has(ip.address)) byAddress.set(ip.address, member);
    }
  }
  return (id, address) => byIp.get(id) ?? byAddress.get(address);
}
