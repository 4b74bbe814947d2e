/**
 * Azure's side of the model: NICs on one virtual network, a guard against foreign sources, and load balancers that
 * translate the destination of a flow and nothing else. What the kernel lab does in nftables, in plain code.
 */
import { findRule, healthyBackends, ruleHealth } from '../health.ts';
import type { LabBackend, LabLies, VipCounters } from '../lab.ts';
import type { Layout, LayoutNic, LayoutRule } from '../layout.ts';
import { PROBE_SOURCE } from '../layout.ts';
import type { BackendState } from '../probes.ts';

export interface Packet {
  source: string;
  sourcePort: number;
  destination: string;
  destinationPort: number;
}

/** A flow that was translated: which VIP it asked for, and who answers. */
interface Translation {
  vip: string;
  vipPort: number;
  backend: string;
  backendPort: number;
}

const forwardKey = (it: Packet): string => `${it.source}:${it.sourcePort}>${it.destination}:${it.destinationPort}`;

export class ModelFabric {
  readonly #layout: Layout;
  readonly #stateOf: (probe: string) => BackendState | undefined;
  readonly #nicOf = new Map<string, LayoutNic>();
  readonly #flows = new Map<string, { translation: Translation; reply: boolean }>();
  #counters = new Map<string, VipCounters>();
  lies: LabLies = {};

  constructor(layout: Layout, stateOf: (probe: string) => BackendState | undefined) {
    this.#layout = layout;
    this.#stateOf = stateOf;
    for (const nic of layout.guests.flatMap((guest) => guest.nics))
      for (const address of nic.addresses) this.#nicOf.set(address, nic);
    this.resetCounters();
  }

  /**
   * Takes a packet from a NIC; the packet as it leaves and the NIC that gets it, `probe` for the load balancer's own
   * probes, or undefined when it is dropped.
   */
  pass(from: LayoutNic | 'probe', packet: Packet): { to: LayoutNic | 'probe'; packet: Packet } | undefined {
    if (from !== 'probe' && !from.ipForwarding && !from.addresses.includes(packet.source)) return undefined;
    if (packet.destination === PROBE_SOURCE) return { to: 'probe', packet };
    const translated = this.#translate(packet);
    const to = this.#nicOf.get(translated.destination);
    return to && { to, packet: translated };
  }

  health(loadBalancer: string, rule: string): LabBackend[] {
    return ruleHealth(findRule(this.#layout, loadBalancer, rule), this.#stateOf, this.lies);
  }

  counters(): VipCounters[] {
    return this.#layout.vips.map((vip) => ({ ...this.#counter(vip) }));
  }

  resetCounters(): void {
    this.#counters = new Map(this.#layout.vips.map((vip) => [vip, { vip, flows: 0, packetsTo: 0, packetsFrom: 0 }]));
  }

  /** Forgets every flow, as a new connection table would. */
  forget(): void {
    this.#flows.clear();
  }

  #counter(vip: string): VipCounters {
    const found = this.#counters.get(vip);
    if (!found) throw new Error(`no counter for ${vip}`);
    return found;
  }

  #translate(packet: Packet): Packet {
    const flow = this.#flows.get(forwardKey(packet)) ?? this.#newFlow(packet);
    if (!flow) return packet;
    const { vip, vipPort, backend, backendPort } = flow.translation;
    if (flow.reply) {
      this.#counter(vip).packetsFrom++;
      return { ...packet, source: vip, sourcePort: vipPort };
    }
    this.#counter(vip).packetsTo++;
    return { ...packet, destination: backend, destinationPort: backendPort };
  }

  #newFlow(packet: Packet): { translation: Translation; reply: boolean } | undefined {
    const rule = this.lies.noTranslation ? undefined : this.#ruleFor(packet);
    const healthy = rule ? healthyBackends(rule, this.#stateOf) : [];
    const backend = healthy[hash(forwardKey(packet)) % healthy.length];
    if (!rule || backend === undefined) return undefined;
    const backendPort = rule.frontendPort === 0 ? packet.destinationPort : rule.backendPort;
    const translation = { vip: rule.vip, vipPort: packet.destinationPort, backend, backendPort };
    this.#counter(rule.vip).flows++;
    const flow = { translation, reply: false };
    if (!this.#nicOf.has(backend)) return flow; // dropped, so not remembered
    this.#flows.set(forwardKey(packet), flow);
    const back = {
      source: backend,
      sourcePort: backendPort,
      destination: packet.source,
      destinationPort: packet.sourcePort,
    };
    this.#flows.set(forwardKey(back), { translation, reply: true });
    return flow;
  }

  /** A rule for one port before one for all ports. */
  #ruleFor({ destination, destinationPort }: Packet): LayoutRule | undefined {
    const rules = this.#layout.rules.filter((it) => it.vip === destination && it.protocol !== 'Udp' && !it.floatingIp);
    return rules.find((it) => it.frontendPort === destinationPort) ?? rules.find((it) => it.frontendPort === 0);
  }
}

/** FNV-1a: spreads five-tuples over the healthy members. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return value;
}
