/** The backend address of a path and its via address: which NIC carries the host route, and why that one. */

import { compareText, isMac } from '../model/address.ts';
import { type Finding, finding } from '../model/findings.ts';
import type { NicAddress } from '../model/guest.ts';
import { idKey, sameId, shortName } from '../model/ids.ts';
import type { Path } from '../model/path.ts';
import { isTrueWord, type Scope } from '../model/scope.ts';
import type { IpConfiguration, Nic } from '../model/topology.ts';
import type { FrontendInPlay } from './frontends.ts';
import { byId, type NicIp, type NicPlace, type TopologyIndex } from './indexTopology.ts';
import type { Member, Membership } from './members.ts';
import { addressFindings, isOptedOut, tagValue } from './touchable.ts';

type ViaReason = NonNullable<Path['viaReason']>;

export interface Addresses {
  backend?: NicAddress;
  via?: NicAddress;
  viaReason?: ViaReason;
  /** Empty exactly when both addresses are there and may go into a plan. */
  findings: Finding[];
  /** Id of an opted-out NIC without which the path cannot be: then nothing is said or done about the path. */
  optedOut?: string;
}

/** Backend and via address of a member towards a frontend, or the findings that say why there is none. */
export function addressesOf(
  member: Member,
  frontend: FrontendInPlay,
  membership: Membership,
  index: TopologyIndex,
  scope: Scope,
): Addresses {
  const { vip } = frontend;
  const [own] = member.ips;
  const { nic: ownNic } = own.on;
  if (isOptedOut(ownNic.tags, scope)) return { findings: [], optedOut: ownNic.id };

  const nics = index.nicsOfVm.get(member.key) ?? [];
  const outside: Nic[] = [];
  for (const { key, nic } of nics) if (!membership.nicKeys.has(key)) outside.push(nic);
  const allowed = outside.filter((nic) => !isOptedOut(nic.tags, scope));
  if (allowed.length === 0 && outside[0]) return { findings: [], optedOut: outside[0].id };

  const backend = addressOn(ownNic, own.ip, 'BACKEND_NIC_NOT_READY', vip, scope);
  const chosen = chooseVia(allowed, own, scope);
  if (!chosen) {
    const found: Addresses = { findings: [...backend.findings, noVia(member, frontend, nics, index)] };
    if (backend.address) found.backend = backend.address;
    return found;
  }

  const via = addressOn(chosen.nic, firstIpv4(chosen.nic), 'SECONDARY_NIC_NOT_READY', vip, scope);
  const found: Addresses = {
    viaReason: chosen.reason,
    findings: [...backend.findings, ...via.findings, ...elsewhere(chosen.nic, frontend, index)],
  };
  if (backend.address) found.backend = backend.address;
  if (via.address) found.via = via.address;
  if (backend.address && via.address) found.findings.push(...clashes(vip, nics, backend.address, via.address));
  return found;
}

/**
 * Chooses among a VM's NICs outside the frontend's pools: the one tagged as secondary NIC; else one in the backend
 * address's own subnet; else the first by name. Among untagged ones those that have an address and a MAC go first;
 * between equals one that is in no other pool either, since connections bound to it are all that the fix costs.
 */
function chooseVia(nics: readonly Nic[], own: NicIp, scope: Scope): { nic: Nic; reason: ViaReason } | undefined {
  const { subnetId } = own.ip;
  const isNear = (ip: IpConfiguration) =>
    ip.subnetId !== undefined && subnetId !== undefined && (ip.subnetId === subnetId || sameId(ip.subnetId, subnetId));
  const fits = nics.map((nic) => ({
    nic,
    tagged: isTrueWord(tagValue(nic.tags, scope.viaTag)),
    ready: nic.mac !== undefined && firstIpv4(nic)?.address !== undefined,
    near: nic.ipConfigurations.some(isNear),
    free: nic.ipConfigurations.every((ip) => ip.poolIds.length === 0),
  }));
  const [best] = fits.sort(
    (a, b) =>
      Number(b.tagged) - Number(a.tagged) ||
      Number(b.ready) - Number(a.ready) ||
      Number(b.near) - Number(a.near) ||
      Number(b.free) - Number(a.free) ||
      byId(a.nic, b.nic),
  );
  if (!best) return undefined;
  const untagged = best.near ? 'subnet' : 'name';
  return { nic: best.nic, reason: best.tagged ? 'tag' : untagged };
}

/** A NIC's primary IPv4 configuration, else the first by id that has an address. */
function firstIpv4(nic: Nic): IpConfiguration | undefined {
  const [only, ...others] = nic.ipConfigurations;
  if (others.length === 0) return only?.version === 'IPv4' ? only : undefined;
  return nic.ipConfigurations
    .filter((ip) => ip.version === 'IPv4')
    .sort(
      (a, b) =>
        Number(b.address !== undefined) - Number(a.address !== undefined) ||
        Number(b.primary) - Number(a.primary) ||
        byId(a, b),
    )[0];
}

interface Checked {
  address?: NicAddress;
  findings: Finding[];
}

/** Address and MAC of a NIC when both are there and well formed. */
function addressOn(
  nic: Nic,
  ip: IpConfiguration | undefined,
  notReady: 'BACKEND_NIC_NOT_READY' | 'SECONDARY_NIC_NOT_READY',
  vip: string,
  scope: Scope,
): Checked {
  if (nic.mac === undefined || ip?.address === undefined) {
    return { findings: [finding(notReady, { vip, nic: shortName(nic.id) })] };
  }
  const address = { ip: ip.address, mac: nic.mac.toLowerCase() };
  const findings = addressFindings(address.ip, scope);
  if (!isMac(address.mac)) findings.push(finding('ADDRESS_INVALID', { value: nic.mac }));
  return findings.length > 0 ? { findings } : { address, findings };
}

/** Why a VM has no NIC to choose from. One that Azure names and does not list may be the very NIC that is missed. */
function noVia(member: Member, { vip }: FrontendInPlay, nics: readonly NicPlace[], index: TopologyIndex): Finding {
  const named = index.vms.get(member.key)?.nicIds ?? [];
  const unlisted = named.toSorted(compareText).find((id) => !index.nics.has(idKey(id)));
  if (unlisted !== undefined) return finding('DANGLING_REFERENCE', { vip, id: unlisted });
  const other = nics.find(({ key }) => key !== member.ips[0].on.key)?.nic;
  return other
    ? finding('SECONDARY_NIC_IN_POOL', { vip, nic: shortName(other.id) })
    : finding('NO_SECONDARY_NIC', { vip });
}

/** A NIC in another virtual network than the VIP cannot reach it. Said only where both networks are known. */
function elsewhere(nic: Nic, { vip, frontend }: FrontendInPlay, { networkOf }: TopologyIndex): Finding[] {
  const here = networkOf(firstIpv4(nic)?.subnetId);
  const there = networkOf(frontend.subnetId);
  const same = here === undefined || there === undefined || here === there;
  return same ? [] : [finding('SECONDARY_NIC_OTHER_NETWORK', { vip, nic: shortName(nic.id) })];
}

/**
 * What Azure never shows of one VM and a guest could not carry: a VIP that is an address of the VM itself, and
 * backend and via address that are one address or one NIC.
 */
function clashes(vip: string, nics: readonly NicPlace[], backend: NicAddress, via: NicAddress): Finding[] {
  const values: string[] = [];
  if (nics.some(({ nic }) => nic.ipConfigurations.some((ip) => ip.address === vip))) values.push(vip);
  if (backend.ip === via.ip) values.push(via.ip);
  if (backend.mac === via.mac) values.push(via.mac);
  return values.map((value) => finding('ADDRESS_INVALID', { value }));
}
