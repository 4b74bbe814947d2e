/** The containers of a VM in which its instances run, as its tag says: what is answered from there is steered too. */
import { isAddressIn, isContainerNetwork } from '../model/address.ts';
import { type Finding, finding } from '../model/findings.ts';
import type { GuestPlan } from '../model/guest.ts';
import { defined } from '../model/optional.ts';
import type { Path } from '../model/path.ts';
import type { Scope } from '../model/scope.ts';
import type { Vm } from '../model/topology.ts';
import { tagValue } from './touchable.ts';

/** What of a way the containers of its VM are about. */
interface ContainerWay extends Pick<Path, 'backends' | 'findings'> {
  via: Path['via'] | undefined;
  /** The network of the containers in which the VM’s instances run. */
  containers: string | undefined;
}

/**
 * The network that a VM's tag names, and why it cannot be served; undefined without the tag. `own` gives addresses that
 * must not be in it.
 */
export function containersOf(
  vm: Vm | undefined,
  own: () => readonly (string | undefined)[],
  scope: Scope,
): { containers: string; findings: Finding[] } | undefined {
  const tagged = vm && tagValue(vm.tags, scope.containerTag);
  if (tagged === undefined) return undefined;
  const value = tagged.trim();
  const refused = (why: string) => ({
    containers: value,
    findings: [finding('CONTAINER_TAG_WRONG', { tag: scope.containerTag, value, why })],
  });
  if (vm?.os === 'windows') return refused('containers with published ports are served on Linux alone');
  if (!isContainerNetwork(value)) return refused('expected a private network of /12 to /30 such as 172.17.0.0/16');
  const inside = own().find((address) => address !== undefined && isAddressIn(address, value));
  return inside === undefined
    ? { containers: value, findings: [] }
    : refused(`${inside} is in it, an address of the VM or of its frontend`);
}

/**
 * Says of ways that share a via address and not one NIC in the pools that they cannot be served: a container's answer to
 * that address goes one way, and the request may have come in by the other NIC.
 */
export function refuseSeveralNics(ways: readonly ContainerWay[], scope: Scope): void {
  if (ways.every((way) => way.containers === undefined)) return;
  for (const [via, sharing] of Map.groupBy(ways, (way) => way.via?.ip)) {
    const [{ containers: value } = {}] = sharing;
    if (
      via === undefined ||
      value === undefined ||
      new Set(sharing.flatMap((way) => way.backends.map(({ mac }) => mac))).size < 2
    )
      continue;
    const why = `connects from ${via} come in by several NICs in the pools`;
    const refused = finding('CONTAINER_TAG_WRONG', { tag: scope.containerTag, value, why });
    for (const way of sharing) way.findings = [...way.findings, refused];
  }
}

/** The part of a plan that names them. */
export const containersIn = (ways: readonly ContainerWay[]): Pick<GuestPlan, 'containers'> =>
  defined({ containers: ways.find((way) => way.containers !== undefined)?.containers });
