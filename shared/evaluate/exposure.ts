/** What rule health says of a frontend's members, and what that means for each member's own connections. */

import { compareText } from '../model/address.ts';
import type { Exposure } from '../model/findings.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { BackendHealth, FrontendHealth } from '../model/topology.ts';
import { isEvidence } from './healthy.ts';
import type { Member } from './members.ts';

/** Health older than this (two hourly sweeps missed) says nothing of now, milliseconds. */
export const HEALTH_STALE_MS = 2 * 3600_000;

/** Who is healthy behind one frontend. */
export interface Healthy {
  /** False when health was never read, or too long ago. */
  known: boolean;
  at: number;
  /** How many backends are up with evidence, members or not. */
  count: number;
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
 * A member is `active` while it is among the healthy backends, with its share of them; `none` while a person holds
 * all its addresses down (admin state), since no failover makes it a backend then; else `latent`, also with the VM
 * stopped or nothing known.
 */
export function readHealth(health: FrontendHealth | undefined, members: readonly Member[], now: number): Healthy {
  const known = health?.state === 'known' && now - health.at <= HEALTH_STALE_MS;
  const memberOf = finder(members);
  const told = new Map<Member, Told>();
  const counted = new Set<string>();
  const upMembers: Member[] = [];
  for (const backend of known ? health.backends : []) {
    const member = memberOf(backend);
    const own = member && (told.get(member) ?? { up: 0, isHeldDown: true });
    if (member && own) told.set(member, own);
    if (own && !isHeldDown(backend)) own.isHeldDown = false;
    if (!isEvidence(backend)) continue;
    // A backend that is told twice counts once.
    const place = placeOf(backend);
    if (counted.has(place)) continue;
    counted.add(place);
    if (own) own.up += 1;
    if (member && own?.up === 1) upMembers.push(member);
  }
  const count = counted.size;
  const [first] = upMembers.sort((a, b) => compareText(a.key, b.key));
  const healthy: Healthy = {
    known,
    at: health?.at ?? 0,
    count,
    members: upMembers,
    exposureOf: (member) => {
      const own = told.get(member);
      if (own && own.up > 0) return { exposure: 'active', share: own.up / count };
      return { exposure: own?.isHeldDown ? 'none' : 'latent', share: 0 };
    },
  };
  if (first && told.get(first)?.up === count) healthy.primary = first;
  return healthy;
}

/** What is told of a member: how many of its backends are up with evidence, and whether a person holds all of them down. */
interface Told {
  up: number;
  isHeldDown: boolean;
}

const isHeldDown = (backend: BackendHealth): boolean => !backend.up && /^down_admin$/i.test(backend.reason);

const placeOf = ({ ipConfigurationId, address }: BackendHealth) => `${idKey(ipConfigurationId ?? '')} ${address}`;

function finder(members: readonly Member[]): (backend: BackendHealth) => Member | undefined {
  const byIp = new Map<IdKey, Member>();
  const byAddress = new Map<string, Member>();
  for (const member of members) {
    for (const { key, ip } of member.ips) {
      byIp.set(key, member);
      if (ip.address !== undefined && !byAddress.has(ip.address)) byAddress.set(ip.address, member);
    }
  }
  return ({ ipConfigurationId, address }) =>
    (ipConfigurationId === undefined ? undefined : byIp.get(idKey(ipConfigurationId))) ?? byAddress.get(address);
}
