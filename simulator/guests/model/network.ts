/** Packets between modelled guests: out of one machine's routing, through the fabric, into another's. */
import { type LayoutNic, PROBE_SOURCE, type ProbeTarget } from '../layout.ts';
import type { ProbeResult } from '../probes.ts';
import { KernelError } from './errno.ts';
import type { ModelFabric, Packet } from './fabric.ts';
import { findLink } from './machine.ts';
import { acceptsInput, routeConnect, routeOutput } from './route.ts';
import type { End, ModelGuest } from './sockets.ts';

/** Where a packet ended, and what it looked like there. */
interface Arrival {
  guest: ModelGuest;
  packet: Packet;
}

export type Handshake =
  | { outcome: 'connected'; server: ModelGuest; serverEnd: End; clientSeen: End }
  | { outcome: 'refused' }
  | { outcome: 'lost' };

export class ModelNetwork {
  readonly #fabric: ModelFabric;
  readonly #guests: Map<string, ModelGuest>;

  constructor(fabric: ModelFabric, guests: Map<string, ModelGuest>) {
    this.#fabric = fabric;
    this.#guests = guests;
  }

  /** The source of a connect. Throws KernelError when there is no way. */
  sourceOf(client: ModelGuest, source: string, destination: string): string {
    return routeConnect(client.machine, source, destination).source;
  }

  /** SYN there and SYN-ACK or reset back. `lost` when either does not arrive where it should. */
  handshake(client: ModelGuest, local: End, peer: End): Handshake {
    const syn = packetOf(local, peer);
    const there = this.#send(client, syn);
    if (there === undefined || there === 'probe') return { outcome: 'lost' };
    const { guest: server, packet } = there;
    const serverEnd = { address: packet.destination, port: packet.destinationPort };
    const clientSeen = { address: packet.source, port: packet.sourcePort };
    const back = this.#send(server, packetOf(serverEnd, clientSeen));
    // An answer from another address than the one that was asked meets no socket.
    if (back === undefined || back === 'probe' || back.guest !== client) return { outcome: 'lost' };
    if (!samePacket(back.packet, packetOf(peer, local))) return { outcome: 'lost' };
    if (server.instances.listener(serverEnd) === undefined) return { outcome: 'refused' };
    return { outcome: 'connected', server, serverEnd, clientSeen };
  }

  /** The rest of a short conversation, packet by packet, for the fabric's counters. */
  converse(client: ModelGuest, local: End, peer: End, hello: Handshake & { outcome: 'connected' }): void {
    const there = () => this.#send(client, packetOf(local, peer));
    const back = () => this.#send(hello.server, packetOf(hello.serverEnd, hello.clientSeen));
    there(); // the handshake's acknowledgement
    back(); // the line
    there();
  }

  /** One probe of the load balancer. */
  probe({ protocol, address, port, path }: ProbeTarget): ProbeResult {
    const failed = protocol === 'Http' ? 'Down_Probe_HttpEndpointUnreachable' : 'Down_Probe_TcpConnectError';
    const from = { address: PROBE_SOURCE, port: 40000 };
    const there = this.#cross('probe', packetOf(from, { address, port }));
    if (there === undefined || there === 'probe') return failed;
    if (this.#send(there.guest, packetOf({ address, port }, from)) !== 'probe') return failed;
    if (protocol === 'Tcp') return there.guest.instances.listener({ address, port }) ? 'Up_Probe_Success' : failed;
    const status = there.guest.instances.status({ address, port }, path);
    if (status === undefined) return failed;
    return status === 200 ? 'Up_Probe_Success' : 'Down_Probe_HttpStatusCodeError';
  }

  /** Out of a guest, and through the fabric unless it stays inside. */
  #send(guest: ModelGuest, packet: Packet): Arrival | 'probe' | undefined {
    try {
      const { route, local } = routeOutput(guest.machine, packet.source, packet.destination);
      if (local) return { guest, packet };
      const nic = findLink(guest.machine, route.device ?? '')?.nic;
      return nic && this.#cross(nic, packet);
    } catch (error) {
      if (error instanceof KernelError) return undefined;
      throw error;
    }
  }

  /** Through the fabric and into the machine whose NIC it reaches. */
  #cross(from: LayoutNic | 'probe', packet: Packet): Arrival | 'probe' | undefined {
    const passed = this.#fabric.pass(from, packet);
    if (passed === undefined || passed.to === 'probe') return passed && 'probe';
    for (const guest of this.#guests.values()) {
      const link = guest.machine.links.find((it) => it.nic === passed.to);
      if (!link) continue;
      const { source, destination } = passed.packet;
      const taken = link.up && acceptsInput(guest.machine, link.name, source, destination);
      return taken ? { guest, packet: passed.packet } : undefined;
    }
    return undefined; // its VM is off
  }
}

const packetOf = (from: End, to: End): Packet => ({
  source: from.address,
  sourcePort: from.port,
  destination: to.address,
  destinationPort: to.port,
});

const samePacket = (a: Packet, b: Packet): boolean =>
  a.source === b.source &&
  a.sourcePort === b.sourcePort &&
  a.destination === b.destination &&
  a.destinationPort === b.destinationPort;
