/** Which NIC carries the host route, and why that one. */
import { sameId } from '../model/ids.ts';
import type { Path } from '../model/path.ts';
import { isTrueWord, type Scope } from '../model/scope.ts';
import type { IpConfiguration, Nic } from '../model/topology.ts';
import { byId, type TopologyIndex } from './indexTopology.ts';
import type { Member } from './members.ts';
import { tagValue } from './touchable.ts';

type ViaReason = NonNullable<Path['viaReason']>;

export interface ChosenVia {
  nic: Nic;
  reason: ViaReason;
  /** True when another NIC would have done as well as far as anybody said: only a name decided. */
  guessed: boolean;
}

/**
 * Chooses among a VM's NICs outside the frontend's pools: the one tagged as secondary NIC; else one in the subnet of an own
 * address in the pools; else the first by name. Among untagged ones those in the VIP's virtual network go first, since
 * no other can reach it, then those that have an address and a MAC; between equals one that is in no other pool either,
 * since connections bound to it are all that the fix costs.
 */
export function chooseVia(
  nics: readonly Nic[],
  member: Member,
  vipSubnetId: string | undefined,
  index: TopologyIndex,
  scope: Scope,
): ChosenVia | undefined {
  const isNear = ({ subnetId }: IpConfiguration) =>
    subnetId !== undefined && member.ips.some(({ ip }) => ip.subnetId !== undefined && sameId(ip.subnetId, subnetId));
  const [only] = nics;
  if (only && nics.length === 1) return { nic: only, reason: reasonOf(only, isNear, scope), guessed: false };

  const network = index.networkOf(vipSubnetId);
  const fits = nics.map((nic) => ({
    nic,
    tagged: isTrueWord(tagValue(nic.tags, scope.viaTag)),
    home: network !== undefined && index.networkOf(firstIpv4(nic)?.subnetId) === network,
    ready: nic.mac !== undefined && firstIpv4(nic)?.address !== undefined,
    near: nic.ipConfigurations.some(isNear),
    free: nic.ipConfigurations.every((ip) => ip.poolIds.length === 0),
  }));
  const [best, ...others] = fits.sort(
    (a, b) =>
      Number(b.tagged) - Number(a.tagged) ||
      Number(b.home) - Number(a.home) ||
      Number(b.ready) - Number(a.ready) ||
      Number(b.near) - Number(a.near) ||
      Number(b.free) - Number(a.free) ||
      byId(a.nic, b.nic),
  );
  if (!best) return undefined;
  const reason = reasonOf(best.nic, isNear, scope);
  return { nic: best.nic, reason, guessed: reason === 'name' && others.some(({ home }) => home === best.home) };
}

function reasonOf(nic: Nic, isNear: (ip: IpConfiguration) => boolean, scope: Scope): ViaReason {
  if (isTrueWord(tagValue(nic.tags, scope.viaTag))) return 'tag';
  return nic.ipConfigurations.some(isNear) ? 'subnet' : 'name';
}

/** A NIC's primary IPv4 configuration, else the first by id that has an address. */
export function firstIpv4(nic: Nic): IpConfiguration | undefined {
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
