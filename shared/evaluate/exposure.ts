/** What rule health says of a frontend's members, and what that means for each member's own connections. */

import { compareText } from '../model/address.ts';
import type { Exposure } from '../model/findings.ts';
import { type IdKey, idKey, sameId } from '../model/ids.ts';
import type { BackendHealth, FrontendHealth, Rule } from '../model/topology.ts';
import { ipsBehind } from './ends.ts';
import { getsFlows, isEvidence, isHeldDown } from './healthy.ts';
import type { NicIp } from './indexTopology.ts';
import { distinct } from './lists.ts';
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
  const place = placer(members);
  const own = known ? health.backends.map(place) : [];
  const flows = frontend.served.map((rule): RuleFlows => {
    if (rule.probeId === undefined) return { rule, ...toAll(rule, members) };
    if (rule === frontend.healthRule) return { rule, ...(known ? toUp(own, members) : UNKNOWN) };
    const other = health?.others?.find(({ ruleId, at }) => sameId(ruleId, rule.id) && isFresh(at));
    return { rule, ...(other ? toUp(other.backends.map(place), members) : UNKNOWN) };
  });
  const seen = oncePerPlace(own.filter(({ backend }) => isEvidence(backend)));
  const unseen = oncePerPlace(own.filter(({ backend }) => getsFlows(backend) && !isEvidence(backend)));
  const primaries = distinct(seen.map(({ member }) => member));
  const healthy: Healthy = {
    known,
    at: health?.at ?? 0,
    count: seen.length,
    unseen: unseen.length,
    members: primaries.flatMap((member) => member ?? []).sort((a, b) => compareText(a.key, b.key)),
    exposureOf: (member) => exposureTo(member, flows),
  };
  const [primary] = primaries;
  if (primary && primaries.length === 1) healthy.primary = primary;
  return healthy;
}

/** A backend that is told twice counts once. */
const oncePerPlace = (told: Placed[]): Placed[] =>
  told.length < 2 ? told : [...new Map(told.map((one) => [one.place, one])).values()];

/** Who gets the connections of one rule; of members in their order. */
interface Flows {
  /** How many backends get some, members or not; 0 when that is not known. */
  total: number;
  /** How many of them are the member's. */
  own: readonly number[];
  /** True for a member of which a person holds every address down. */
  heldDown: readonly boolean[];
}

interface RuleFlows extends Flows {
  rule: Rule;
}

const UNKNOWN: Flows = { total: 0, own: [], heldDown: [] };

/** Of a rule without a probe: every address in its pools. */
function toAll(rule: Rule, members: readonly Member[]): Flows {
  const own = members.map((member) => (member.rules.includes(rule) ? ipsBehind(member, rule).length : 0));
  return { total: own.reduce((total, one) => total + one, 0), own, heldDown: [] };
}

/** Of a rule with a probe, by what its health says. */
function toUp(backends: Placed[], members: readonly Member[]): Flows {
  const up = oncePerPlace(backends.filter(({ backend }) => getsFlows(backend)));
  const own = members.map(() => 0);
  for (const { member } of up) if (member) own[member.at] = (own[member.at] ?? 0) + 1;
  const heldDown = members.map(() => false);
  // One address that nobody holds down is enough.
  for (const { member, backend } of backends) if (member && isHeldDown(backend)) heldDown[member.at] = true;
  for (const { member, backend } of backends) if (member && !isHeldDown(backend)) heldDown[member.at] = false;
  return { total: up.length, own, heldDown };
}

const LATENT = { exposure: 'latent', share: 0 } as const;
const NONE = { exposure: 'none', share: 0 } as const;

function exposureTo(member: Member, flows: readonly RuleFlows[]): { exposure: Exposure; share: number } {
  let share = 0;
  let isHeld = true;
  for (const { rule, total, own, heldDown } of flows) {
    if (!member.rules.includes(rule)) continue;
    const mine = own[member.at] ?? 0;
    if (mine > 0) share = Math.max(share, mine / total);
    isHeld &&= heldDown[member.at] === true;
  }
  if (share > 0) return { exposure: 'active', share };
  return isHeld ? NONE : LATENT;
}

/** A backend, with what tells it from others and the member that it is. */
interface Placed {
  backend: BackendHealth;
  /** Its ip configuration where both id and address are a member's; else what was said, as text. */
  place: NicIp | string;
  member: Member | undefined;
}

type Place = (backend: BackendHealth) => Placed;

/** Up to so many members a look through all of them is faster than a map. */
const FEW = 8;

function placer(members: readonly Member[]): Place {
  const find = members.length <= FEW ? lookThrough(members) : lookUp(members);
  return (backend) => {
    const { ipConfigurationId = '', address } = backend;
    const { member, ip } = find(ipConfigurationId, address);
    return { backend, member, place: ip?.ip.address === address ? ip : `${idKey(ipConfigurationId)} ${address}` };
  };
}

/** The member by the id of its ip configuration, which is then there too, else by address. */
type Find = (id: string, address: string) => { member?: Member; ip?: NicIp };

const NOBODY = {};

/** Mostly the address leads to the id that was said: then no other is compared. */
function lookThrough(members: readonly Member[]): Find {
  return (id, address) => {
    let at: Required<ReturnType<Find>> | undefined;
    for (const member of members) {
      for (const ip of member.ips) if (ip.ip.address === address) at ??= { member, ip };
    }
    if (id === '') return at ? { member: at.member } : NOBODY;
    if (at && sameId(at.ip.ip.id, id)) return at;
    for (const member of members) {
      for (const ip of member.ips) if (sameId(ip.ip.id, id)) return { member, ip };
    }
    return at ? { member: at.member } : NOBODY;
  };
}

function lookUp(members: readonly Member[]): Find {
  const byIp = new Map<IdKey, { member: Member; ip: NicIp }>();
  const byAddress = new Map<string, { member: Member }>();
  for (const member of members) {
    for (const here of member.ips) {
      const { id, address } = here.ip;
      byIp.set(idKey(id), { member, ip: here });
      if (address !== undefined && !byAddress.has(address)) byAddress.set(address, { member });
    }
  }
  return (id, address) => (id === '' ? undefined : byIp.get(idKey(id))) ?? byAddress.get(address) ?? NOBODY;
}
