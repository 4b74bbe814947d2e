/**
 * What Azure has in the way of each path's fix, from the lists of what stands around its members. Pure, and for an
 * assessment alone: the loop looks at none of it.
 *
 * What is asked of a path: do packets from its via address reach each member's backend addresses and ports, and does an
 * answer come back; does the load balancer's probe reach the member; can a command be run on its VM, and a NIC be added
 * where one is missing. Route tables are asked about the VIP as the client's destination, and about the via address as
 * the answer's. The gateway's address is nobody's destination: it is only asked for by ARP, which Azure answers itself.
 */
import type { IdKey } from '../model/ids.ts';
import { idKey, shortName } from '../model/ids.ts';
import { type Precondition, precondition } from '../model/preconditions.ts';
import type { Surroundings } from '../model/surroundings.ts';
import type { Rule, Topology } from '../model/topology.ts';
import { unfitAgent } from './agent.ts';
import { type Around, around } from './around.ts';
import { ipsBehind } from './ends.ts';
import { Flows } from './flows.ts';
import { indexTopology, type NicIp, type TopologyIndex } from './indexTopology.ts';
import type { Member } from './members.ts';
import { judgePacket, PROBE_SOURCE } from './securityRules.ts';
import type { Survey, SurveyedFrontend } from './survey.ts';
import { routeTaken } from './userRoutes.ts';
import type { Way } from './way.ts';

/** By path: VM and frontend. */
export type PreconditionsOf = (vm: IdKey, frontend: IdKey) => readonly Precondition[];

/** What stands in the way of each path. */
export function preconditionsOf(survey: Survey, topology: Topology, surroundings: Surroundings): PreconditionsOf {
  const known = around(surroundings);
  const index = indexTopology(topology);
  const found = new Map<string, Precondition[]>();
  for (const surveyed of survey.frontends) {
    for (const way of surveyed.ways) {
      const all = [
        ...inTheWay(way, surveyed, index, known),
        ...ofNics(way, viaOf(way, index)),
        ...ofVm(way, survey, index, surroundings, known),
      ];
      if (all.length > 0) found.set(keyOf(way.vmKey, way.frontendKey), all);
    }
  }
  return (vm, frontend) => found.get(keyOf(vm, frontend)) ?? [];
}

const keyOf = (vm: IdKey, frontend: IdKey): string => `${vm} ${frontend}`;

/** The ip configuration that carries a way's via address. */
function viaOf({ vmKey, via }: Way, index: TopologyIndex): NicIp | undefined {
  if (!via) return undefined;
  for (const on of index.nicsOfVm.get(vmKey) ?? []) {
    const ip =
      on.nic.mac?.toLowerCase() === via.mac
        ? on.nic.ipConfigurations.find(({ address }) => address === via.ip)
        : undefined;
    if (ip) return { key: idKey(ip.id), ip, on };
  }
  return undefined;
}

/** What ends packets of a way. */
function inTheWay(way: Way, surveyed: SurveyedFrontend, index: TopologyIndex, known: Around): Precondition[] {
  const flows = new Flows();
  probes(way, known, flows);
  const via = viaOf(way, index);
  if (!via) return flows.preconditions();
  for (const member of surveyed.members) connections(way, via, member, known, flows);
  return [...flows.preconditions(), ...routes(way, via, surveyed, known)];
}

/** The load balancer's probe of the member itself. */
function probes({ member, frontend }: Way, known: Around, flows: Flows): void {
  const probeOf = new Map(frontend.loadBalancer.probes.map((probe) => [idKey(probe.id), probe]));
  for (const rule of member.rules) {
    const probe = rule.probeId === undefined ? undefined : probeOf.get(idKey(rule.probeId));
    if (!probe || probe.port === 0) continue;
    for (const place of ipsBehind(member, rule)) {
      if (place.ip.address === undefined) continue;
      const packet = {
        direction: 'inbound',
        protocol: 'tcp',
        source: { address: PROBE_SOURCE },
        destination: endOf(place, place.ip.address),
        port: probe.port,
      } as const;
      for (const at of known.groupsOf(place)) flows.add(at, packet, judgePacket(at.group, packet));
    }
  }
}

/** Connections from the via address to a member's backend addresses and ports, as they leave and as they arrive. */
function connections({ frontend, port: proved }: Way, via: NicIp, member: Member, known: Around, flows: Flows): void {
  const source = endOf(via, via.ip.address ?? '');
  for (const rule of member.rules) {
    const asked = askedOf(rule, proved);
    if (!asked) continue;
    for (const place of ipsBehind(member, rule)) {
      if (place.ip.address === undefined) continue;
      const destination = endOf(place, place.ip.address);
      const { protocol } = asked;
      const arriving = { direction: 'inbound', protocol, source, destination, port: asked.backendPort } as const;
      for (const at of known.groupsOf(place)) flows.add(at, arriving, judgePacket(at.group, arriving));
      const leaving = { ...arriving, direction: 'outbound' } as const;
      const toVip = { ...leaving, destination: { address: frontend.vip }, port: asked.frontendPort } as const;
      for (const at of known.groupsOf(via)) flows.addEither(at, [leaving, toVip]);
    }
  }
}

/** What of a rule is asked about: of one for all ports, the port that is proved. */
function askedOf(
  { protocol, frontendPort, backendPort }: Rule,
  proved: number | undefined,
): { protocol: 'tcp' | 'udp'; frontendPort: number; backendPort: number } | undefined {
  if (protocol === 'tcp' || protocol === 'udp') return { protocol, frontendPort, backendPort };
  return proved === undefined ? undefined : { protocol: 'tcp', frontendPort: proved, backendPort: proved };
}

const endOf = ({ ip }: NicIp, address: string): { address: string; groups: ReadonlySet<IdKey> } => ({
  address,
  groups: new Set((ip.applicationGroupIds ?? []).map(idKey)),
});

/** Route tables at the secondary NIC, for the VIP, and at each backend address, for the answer. */
function routes({ vip }: Way, via: NicIp, { members }: SurveyedFrontend, known: Around): Precondition[] {
  const found = new Map<string, Precondition>();
  const ask = (place: NicIp, to: string, where: string): void => {
    const at = known.routesOf(place);
    const route = at && routeTaken(at.table, at.prefixes, to);
    if (!route || route.hop === 'vnetlocal') return;
    const isElsewhere = route.hop === 'virtualappliance' || route.hop === 'unknown';
    const hop = route.hopAddress === undefined ? HOPS[route.hop] : `${HOPS[route.hop]} ${route.hopAddress}`;
    const code = isElsewhere ? 'ROUTE_BENDS' : 'ROUTE_ENDS';
    found.set(`${code} ${where} ${idKey(route.id)}`, precondition(code, route.id, { where, to, hop }));
  };
  ask(via, vip, `the secondary NIC ${shortName(via.on.nic.id)}`);
  for (const member of members) {
    for (const place of member.ips) ask(place, via.ip.address ?? '', `the NIC ${shortName(place.on.nic.id)}`);
  }
  return [...found.values()];
}

/** As Azure's portal writes them. */
const HOPS = {
  vnetlocal: 'Virtual network',
  virtualnetworkgateway: 'Virtual network gateway',
  internet: 'Internet',
  virtualappliance: 'Virtual appliance',
  none: 'None',
  unknown: 'a word that is not known here',
} as const;

/** NICs of the path with IP forwarding on. */
function ofNics({ member }: Way, via: NicIp | undefined): Precondition[] {
  const nics = new Map([...member.ips, ...(via ? [via] : [])].map(({ on }) => [on.key, on.nic]));
  return [...nics.values()].flatMap((nic) => (nic.ipForwarding ? [precondition('IP_FORWARDING', nic.id)] : []));
}

/** What forbids commands on the VM, or the NIC that it lacks. */
function ofVm(
  { vmKey, member: { vmId }, findings, frontend }: Way,
  { vms }: Survey,
  index: TopologyIndex,
  { agents }: Surroundings,
  known: Around,
): Precondition[] {
  const found = locksOf(vmKey, idKey(frontend.loadBalancer.id), known);
  const vm = vms.get(vmKey);
  if (!vm) return found;
  if (vm.extensionsForbidden) found.push(precondition('EXTENSIONS_FORBIDDEN', vmId));
  const agent = vm.power === 'running' ? agents.get(vmKey) : undefined;
  const unfit = agent && vm.os !== 'unknown' ? unfitAgent(vm.os, agent) : undefined;
  const isReady = agent !== undefined && unfit?.code !== 'AGENT_NOT_READY';
  if (vm.madeWithoutAgent && !isReady) found.push(precondition('AGENT_NOT_INSTALLED', vmId));
  else if (unfit?.code === 'AGENT_NOT_READY' || unfit?.code === 'AGENT_TOO_OLD')
    found.push(precondition(unfit.code, vmId, unfit.params));
  if (findings.some(({ code }) => code === 'NO_SECONDARY_NIC')) {
    const size = known.sizeOf(vm);
    const nics = index.nicsOfVm.get(vmKey)?.length ?? 0;
    if (size && nics >= size.nics)
      found.push(precondition('SIZE_TAKES_NO_NIC', vmId, { size: size.name, count: String(nics) }));
  }
  return found;
}

function locksOf(vm: IdKey, loadBalancer: IdKey, known: Around): Precondition[] {
  const locks = known.locksOn(vm);
  const readOnly = locks.filter(({ level }) => level === 'readonly');
  const kept = readOnly.length > 0 ? [] : locks.filter(({ level }) => level === 'cannotdelete');
  const health = known.locksOn(loadBalancer).filter(({ level }) => level === 'readonly');
  return [
    ...readOnly.map(({ id, scope }) => precondition('LOCK_FORBIDS_COMMANDS', id, { scope })),
    ...kept.map(({ id, scope }) => precondition('LOCK_KEEPS_COMMANDS', id, { scope })),
    ...health.map(({ id, scope }) => precondition('LOCK_FORBIDS_HEALTH', id, { scope })),
  ];
}
