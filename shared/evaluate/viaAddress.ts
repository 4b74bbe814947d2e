/** The backend addresses of a path and its via address. */

import { compareText, isMac } from '../model/address.ts';
import { type Finding, finding } from '../model/findings.ts';
import { MAX_BACKENDS, type NicAddress } from '../model/guest.ts';
import { idKey, shortName } from '../model/ids.ts';
import type { Path } from '../model/path.ts';
import type { Scope } from '../model/scope.ts';
import type { IpConfiguration, Nic } from '../model/topology.ts';
import { chooseVia, firstIpv4 } from './chooseVia.ts';
import type { FrontendInPlay } from './frontends.ts';
import type { NicIp, NicPlace, TopologyIndex, VmPlace } from './indexTopology.ts';
import { joined } from './lists.ts';
import type { Member } from './members.ts';
import { addressFindings, isOptedOut } from './touchable.ts';

type ViaReason = NonNullable<Path['viaReason']>;

export interface Addresses {
  /** The member's own addresses in the frontend's pools that may go into a plan. */
  backends: NicAddress[];
  via: NicAddress | undefined;
  viaReason: ViaReason | undefined;
  /** None of them blocks exactly when all addresses are there and may go into a plan. */
  findings: readonly Finding[];
  /** Id of an opted-out NIC without which the path cannot be: then nothing is said or done about the path. */
  optedOut?: string;
}

const optedOutBy = ({ id }: Nic): Addresses => ({
  backends: [],
  via: undefined,
  viaReason: undefined,
  findings: [],
  optedOut: id,
});

/** Addresses of a VM to which nothing is to be said, and what they depend on besides the VIP. */
interface Told {
  ip: NicIp;
  subnetId: string | undefined;
  addresses: Addresses;
}

/**
 * Tells a member's addresses towards a frontend: its backend addresses and its via address, or the findings that say why
 * there are none. Most members have the same towards each of their frontends: these are found once per VM.
 */
export function addressTeller(index: TopologyIndex, scope: Scope) {
  const told = new Map<VmPlace, Told>();
  return (member: Member, frontend: FrontendInPlay): Addresses => {
    const { place, ips } = member;
    const { vip } = frontend;
    const { subnetId } = frontend.frontend;
    const last = told.get(place);
    const isSame = last?.ip === ips[0] && ips.length === 1 && last.subnetId === subnetId;
    if (isSame && !hasAddress(place.nics, vip)) return last.addresses;
    const addresses = addressesOf(member, frontend, index, scope);
    const isPlain = ips.length === 1 && addresses.findings.length === 0 && addresses.optedOut === undefined;
    if (isPlain) told.set(place, { ip: ips[0], subnetId, addresses });
    return addresses;
  };
}

function addressesOf(member: Member, frontend: FrontendInPlay, index: TopologyIndex, scope: Scope): Addresses {
  const { vip } = frontend;
  const closed = member.ips.find(({ on }) => isOptedOut(on.nic.tags, scope));
  if (closed) return optedOutBy(closed.on.nic);

  const nics = member.place.nics;
  const outside: Nic[] = [];
  for (const place of nics) if (!member.ips.some(({ on }) => on === place)) outside.push(place.nic);
  const allowed = outside.filter((nic) => !isOptedOut(nic.tags, scope));
  if (allowed.length === 0 && outside[0]) return optedOutBy(outside[0]);

  const { backends, findings } = backendsOf(member, vip, scope);
  const chosen = chooseVia(allowed, member, frontend.frontend.subnetId, index, scope);
  if (!chosen) {
    const missing = noVia(member, frontend, nics, index);
    return { backends, via: undefined, viaReason: undefined, findings: [...findings, missing] };
  }
  const { nic, reason, guessed } = chosen;
  const { address: via, findings: ofVia } = addressOn(nic, firstIpv4(nic), 'SECONDARY_NIC_NOT_READY', vip, scope);
  return {
    backends,
    via,
    viaReason: reason,
    findings: joined(
      findings,
      ofVia,
      elsewhere(nic, frontend, index),
      guessed ? [finding('SECONDARY_NIC_GUESSED', { vip, nic: shortName(nic.id), tag: scope.viaTag })] : [],
      via ? clashes(vip, nics, backends, via) : [],
    ),
  };
}

/** The member's own addresses in the pools: the load balancer translates to each of them. */
function backendsOf({ ips }: Member, vip: string, scope: Scope): Pick<Addresses, 'backends' | 'findings'> {
  if (ips.length === 1) {
    const { address, findings } = addressOn(ips[0].on.nic, ips[0].ip, 'BACKEND_NIC_NOT_READY', vip, scope);
    return { backends: address ? [address] : [], findings };
  }
  const checked = ips.map(({ on, ip }) => addressOn(on.nic, ip, 'BACKEND_NIC_NOT_READY', vip, scope));
  const found = checked.flatMap(({ findings }) => findings);
  // Several addresses of one NIC lack the same thing.
  const findings = found.length > 1 ? [...new Map(found.map((one) => [JSON.stringify(one), one])).values()] : found;
  if (ips.length > MAX_BACKENDS) {
    findings.push(finding('TOO_MANY_ADDRESSES', { vip, count: String(ips.length), most: String(MAX_BACKENDS) }));
  }
  return { backends: checked.flatMap(({ address }) => address ?? []), findings };
}

interface Checked {
  address: NicAddress | undefined;
  findings: readonly Finding[];
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
    return { address: undefined, findings: [finding(notReady, { vip, nic: shortName(nic.id) })] };
  }
  const address = { ip: ip.address, mac: nic.mac.toLowerCase() };
  const wrongMac = isMac(address.mac) ? [] : [finding('ADDRESS_INVALID', { value: nic.mac })];
  const findings = joined(addressFindings(address.ip, scope), wrongMac);
  return { address: findings.length > 0 ? undefined : address, findings };
}

/** Why a VM has no NIC to choose from. One that Azure names and does not list may be the very NIC that is missed. */
function noVia(member: Member, { vip }: FrontendInPlay, nics: readonly NicPlace[], index: TopologyIndex): Finding {
  const named = member.place.vm?.nicIds ?? [];
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
 * What Azure never shows of one VM and a guest could not carry: a VIP that is an address of the VM itself, a backend
 * address twice, and backend and via address that are one address or one NIC.
 */
function clashes(vip: string, nics: readonly NicPlace[], backends: readonly NicAddress[], via: NicAddress): Finding[] {
  const values: string[] = [];
  if (hasAddress(nics, vip)) values.push(vip);
  backends.forEach(({ ip, mac }, place) => {
    if (ip === via.ip || backends.findIndex((other) => other.ip === ip) < place) values.push(ip);
    if (mac === via.mac) values.push(mac);
  });
  return values.length === 0 ? [] : [...new Set(values)].map((value) => finding('ADDRESS_INVALID', { value }));
}

const hasAddress = (nics: readonly NicPlace[], address: string): boolean =>
  nics.some(({ nic }) => nic.ipConfigurations.some((ip) => ip.address === address));
