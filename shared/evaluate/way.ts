/** A way: what Azure's lists alone say of one member towards one frontend, before health and the guest are heard. */
import { type Finding, finding, findingVerdict } from '../model/findings.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { ListedFinding, Path } from '../model/path.ts';
import type { Scope } from '../model/scope.ts';
import type { Vm } from '../model/topology.ts';
import { containersOf } from './containers.ts';
import type { FrontendInPlay } from './frontends.ts';
import type { TopologyIndex } from './indexTopology.ts';
import { joined } from './lists.ts';
import type { Member } from './members.ts';
import { type PortChoice, provePort } from './provePort.ts';
import { isOptedOut, tagValue } from './touchable.ts';
import { addressTeller } from './viaAddress.ts';

/** One member's way towards one frontend. */
export interface Way extends Pick<Path, 'vmKey' | 'frontendKey' | 'vip' | 'backends' | 'findings'> {
  member: Member;
  frontend: FrontendInPlay;
  via: Path['via'] | undefined;
  viaReason: Path['viaReason'] | undefined;
  port: number | undefined;
  /** The network of the containers in which the VM’s instances run. */
  containers: string | undefined;
}

/** Tells a member's way towards a frontend, or why there is none: a VM, NIC or load balancer that is not to be touched. */
export function wayTeller(index: TopologyIndex, scope: Scope, isInScope: (vm: IdKey) => boolean) {
  const addressesOf = addressTeller(index, scope);
  return (member: Member, frontend: FrontendInPlay, port: PortChoice): Way | ListedFinding => {
    const { vmId } = member;
    const { vm } = member.place;
    if (!isInScope(member.key)) return { id: vmId, finding: finding('OUT_OF_SCOPE', { id: vmId }) };
    if (vm && isOptedOut(vm.tags, scope)) return { id: vmId, finding: finding('OPTED_OUT', { id: vmId }) };

    const { optedOut, findings, backends, via, viaReason } = addressesOf(member, frontend);
    if (optedOut !== undefined) return { id: vmId, finding: finding('OPTED_OUT', { id: optedOut }) };

    const inContainers = containersOf(vm, () => [frontend.vip, via?.ip, ...backends.map(({ ip }) => ip)], scope);
    // Most members have all rules of the frontend, and so its port.
    const hasAll = member.rules.length === frontend.rules.length;
    const choice = hasAll
      ? port
      : provePort(member.rules, frontend, tagValue(frontend.loadBalancer.tags, scope.portTag));
    return {
      vmKey: member.key,
      frontendKey: frontend.key,
      vip: frontend.vip,
      member,
      frontend,
      backends,
      via,
      viaReason,
      port: 'port' in choice ? choice.port : undefined,
      containers: inContainers?.containers,
      findings: joined(
        frontend.findings,
        vmFindings(vm, vmId, frontend.vip, index),
        findings,
        inContainers?.findings ?? [],
        portFindings(choice, frontend, scope),
      ),
    };
  };
}

/** True for a way. */
export const isWay = (item: Way | ListedFinding): item is Way => 'member' in item;

/** True when nothing that Azure's lists show keeps a person's help waiting: the path can be repaired and proved. */
export const isProvable = (way: Way): boolean => way.findings.every((item) => findingVerdict(item.code) !== 'blocked');

function portFindings(choice: PortChoice, { vip, loadBalancer }: FrontendInPlay, scope: Scope): Finding[] {
  if ('port' in choice) return [];
  if (choice.missing === 'UDP_ONLY') return [finding('UDP_ONLY', { vip })];
  return [finding('NO_SAFE_PORT', { vip, tag: scope.portTag, loadBalancer: loadBalancer.id })];
}

/** What the VM itself says. */
function vmFindings(vm: Vm | undefined, vmId: string, vip: string, { nics }: TopologyIndex): Finding[] {
  if (!vm) return [finding('DANGLING_REFERENCE', { vip, id: vmId })];
  const findings: Finding[] = [];
  // A flexible scale set's VMs and NICs are in the lists like any other's; a uniform one's NICs are not.
  if (vm.scaleSetId !== undefined && vm.nicIds.some((id) => !nics.has(idKey(id)))) {
    findings.push(finding('SCALE_SET_INSTANCE', { id: idKey(vm.scaleSetId) }));
  }
  if (vm.os === 'unknown') findings.push(finding('UNSUPPORTED_OS'));
  if (vm.power !== 'running') {
    findings.push(
      finding('VM_NOT_RUNNING', { power: vm.power === 'unknown' ? 'in no power state that Azure tells' : vm.power }),
    );
  }
  return findings;
}
