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
import type { LoadBalancer, Probe, Rule } from '../model/topology.ts';
import { unfitAgent } from './agent.ts';
import { type Around, around } from './around.ts';
import { ipsBehind } from './ends.ts';
import { Flows } from './flows.ts';
import type { NicIp, TopologyIndex } from './indexTopology.ts';
import type { Member } from './members.ts';
import { bentRoute, endOf, viaOf } from './places.ts';
import { judgePacket, PROBE_SOURCE } from './securityRules.ts';
import type { Survey, SurveyedFrontend } from './survey.ts';
import type { Way } from './way.ts';

/** By path: VM and frontend. */
export type PreconditionsOf = (vm: IdKey, frontend: IdKey) => readonly Precondition[];

/** What stands in the way of each path. */
export function preconditionsOf(survey: Survey, index: TopologyIndex, surroundings: Surroundings): PreconditionsOf {
  const known = around(surroundings);
  const probeOf = probeFinder();
  const found = new Map<string, Precondition[]>();
  for (const surveyed of survey.frontends) {
    for (const way of surveyed.ways) {
      const via = viaOf(way, index);
      const all = [
        ...inTheWay(way, via, surveyed, known, probeOf),
        ...ofNics(way, via),
        ...ofVm(way, survey, index, surroundings, known),
      ];
      if (all.length > 0) found.set(keyOf(way.vmKey, way.frontendKey), all);
    }
  }
  return (vm, frontend) => found.get(keyOf(vm, frontend)) ?? [];
}

const keyOf = (vm: IdKey, frontend: IdKey): string => `${vm} ${frontend}`;

/** What ends packets of a way. */
function inTheWay(
  way: Way,
  via: NicIp | undefined,
  surveyed: SurveyedFrontend,
  known: Around,
  probeOf: ProbeOf,
): Precondition[] {
  const flows = new Flows();
  probes(way, known, probeOf, flows);
  if (!via) return flows.preconditions();
  for (const member of surveyed.members) connections(way, via, member, known, flows);
  return [...flows.preconditions(), ...routes(way, via, surveyed, known)];
}

type ProbeOf = (loadBalancer: LoadBalancer, rule: Rule) => Probe | undefined;

/** The probe of a rule; a load balancer may have hundreds, so they are put in order once. */
function probeFinder(): ProbeOf {
  const known = new Map<LoadBalancer, ReadonlyMap<IdKey, Probe>>();
  return (loadBalancer, { probeId }) => {
    if (probeId === undefined) return undefined;
    const probes = known.get(loadBalancer) ?? new Map(loadBalancer.probes.map((probe) => [idKey(probe.id), probe]));
    known.set(loadBalancer, probes);
    return probes.get(idKey(probeId));
  };
}

/** The load balancer's probe of the member itself. */
function probes({ member, frontend }: Way, known: Around, probeOf: ProbeOf, flows: Flows): void {
  for (const rule of member.rules) {
    for (const place of ipsBehind(member, rule)) {
      const groups = known.groupsOf(place);
      if (place.ip.address === undefined || groups.length === 0) continue;
      const probe = probeOf(frontend.loadBalancer, rule);
      if (!probe || probe.port === 0) continue;
      const packet = {
        direction: 'inbound',
        protocol: 'tcp',
        source: { address: PROBE_SOURCE },
        destination: endOf(place, place.ip.address),
        port: probe.port,
      } as const;
      for (const at of groups) flows.add(at, packet, judgePacket(at.group, packet));
    }
  }
}

/** Connections from the via address to a member's backend addresses and ports, as they leave and as they arrive. */
function connections({ frontend, port: proved }: Way, via: NicIp, member: Member, known: Around, flows: Flows): void {
  const source = endOf(via, via.ip.address ?? '');
  const leavingBy = known.groupsOf(via);
  const leavingIn = known.rangesOf(via);
  for (const rule of member.rules) {
    const asked = askedOf(rule, proved);
    for (const place of ipsBehind(member, rule)) {
      const arrivingBy = known.groupsOf(place);
      if (place.ip.address === undefined || leavingBy.length + arrivingBy.length === 0) continue;
      const destination = endOf(place, place.ip.address);
      const ranges = known.rangesOf(place);
      if (rule.protocol === 'all') {
        for (const protocol of ['tcp', 'udp'] as const) {
          const arriving = { direction: 'inbound', protocol, source, destination, ranges } as const;
          const leaving = { ...arriving, direction: 'outbound', ranges: leavingIn } as const;
          for (const at of arrivingBy) flows.addAllPorts(at, [arriving]);
          for (const at of leavingBy)
            flows.addAllPorts(at, [leaving, { ...leaving, destination: { address: frontend.vip } }]);
        }
      }
      if (!asked) continue;
      const { protocol } = asked;
      const arriving = {
        direction: 'inbound',
        protocol,
        source,
        destination,
        port: asked.backendPort,
        ranges,
      } as const;
      for (const at of arrivingBy) flows.add(at, arriving, judgePacket(at.group, arriving));
      const leaving = { ...arriving, direction: 'outbound', ranges: leavingIn } as const;
      const toVip = { ...leaving, destination: { address: frontend.vip }, port: asked.frontendPort } as const;
      for (const at of leavingBy) flows.addEither(at, [leaving, toVip]);
    }
  }
}

/** What of a rule is asked about port by port: of one for all ports, the port that is proved. */
function askedOf(
  { protocol, frontendPort, backendPort }: Rule,
  proved: number | undefined,
): { protocol: 'tcp' | 'udp'; frontendPort: number; backendPort: number } | undefined {
  if (protocol === 'tcp' || protocol === 'udp') return { protocol, frontendPort, backendPort };
  return proved === undefined ? undefined : { protocol: 'tcp', frontendPort: proved, backendPort: proved };
}

/** Route tables at the secondary NIC, for the VIP, and at each backend address, for the answer. */
function routes({ vip }: Way, via: NicIp, { members }: SurveyedFrontend, known: Around): Precondition[] {
  const found = new Map<string, Precondition>();
  const ask = (place: NicIp, to: string, what: string): void => {
    const bent = bentRoute(place, to, known);
    if (!bent) return;
    const { route, ends } = bent;
    const where = `the ${what} ${shortName(place.on.nic.id)}`;
    const hop = route.hopAddress === undefined ? HOPS[route.hop] : `${HOPS[route.hop]} ${route.hopAddress}`;
    const code = ends ? 'ROUTE_ENDS' : 'ROUTE_BENDS';
    found.set(`${code} ${where} ${idKey(route.id)}`, precondition(code, route.id, { where, to, hop }));
  };
  ask(via, vip, 'secondary NIC');
  for (const member of members) {
    for (const place of member.ips) ask(place, via.ip.address ?? '', 'NIC');
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
    const nics = index.nicsOf(vmKey).length;
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
