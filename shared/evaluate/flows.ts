/** What security rules end, put together: one line per rule and place, whatever the number of ports and members. */
import { idKey } from '../model/ids.ts';
import { type Precondition, precondition } from '../model/preconditions.ts';
import type { SecurityRule } from '../model/surroundings.ts';
import type { GroupPlace } from './around.ts';
import { portsEnded } from './portsEnded.ts';
import { type FirstPacket, type GroupVerdict, judgePacket, PROBE_SOURCE } from './securityRules.ts';

/** No more flows are named; the rest is counted. */
const MOST_NAMED = 6;

const EITHER =
  'Azure does not say whether the address of the VIP or that of the machine behind it counts where a connection leaves, and the group lets one of them pass.';

interface Told {
  code: 'SECURITY_RULE_ENDS' | 'SECURITY_RULE_ENDS_PROBE' | 'SECURITY_RULE_UNSURE';
  rule: SecurityRule;
  where: string;
  direction: FirstPacket['direction'];
  why: string;
  flows: Set<string>;
  protocols: Set<string>;
  from: Set<string>;
  to: Set<string>;
  ports: Set<string>;
}

/** Of a group that ends some of all ports. */
interface ToldOfAll extends Pick<Told, 'where' | 'direction' | 'from' | 'to' | 'ports'> {
  id: string;
}

const NOTHING = (): Pick<Told, 'from' | 'to' | 'ports'> => ({ from: new Set(), to: new Set(), ports: new Set() });

export class Flows {
  readonly #told = new Map<string, Told>();
  readonly #all = new Map<string, ToldOfAll>();

  /** Takes note of what a group makes of a packet. */
  add({ where }: GroupPlace, packet: FirstPacket, verdict: GroupVerdict): void {
    if (verdict.outcome === 'passes') return;
    const isProbe = packet.source.address === PROBE_SOURCE;
    const ends = isProbe ? 'SECURITY_RULE_ENDS_PROBE' : 'SECURITY_RULE_ENDS';
    const code = verdict.outcome === 'ended' ? ends : 'SECURITY_RULE_UNSURE';
    const why = verdict.outcome === 'unsure' ? verdict.why : '';
    const { rule } = verdict;
    const { direction } = packet;
    const key = [code, where, direction, isProbe, why, idKey(rule.id)].join(' ');
    const told = this.#told.get(key) ?? {
      ...{ code, rule, where, direction, why },
      ...{ flows: new Set(), protocols: new Set(), from: new Set(), to: new Set(), ports: new Set() },
    };
    this.#told.set(key, told);
    const [from, to, port] = [packet.source.address, packet.destination.address, String(packet.port)];
    told.flows.add(`${from} to ${to}:${port}${packet.protocol === 'udp' ? '/udp' : ''}`);
    told.protocols.add(packet.protocol.toUpperCase());
    told.from.add(isProbe ? 'AzureLoadBalancer' : from);
    told.to.add(to);
    told.ports.add(port);
  }

  /**
   * A packet to a VIP as it leaves: Azure's documents say that what counts is the machine behind, and not whether that
   * holds where the packet leaves too. What ends it either way ends it; what ends it one way may end it.
   */
  addEither(at: GroupPlace, packets: readonly [FirstPacket, FirstPacket]): void {
    const judged = packets.map((packet) => ({ packet, verdict: judgePacket(at.group, packet) }));
    const ended = judged.filter(({ verdict: { outcome } }) => outcome === 'ended');
    const [stopped = judged.find(({ verdict: { outcome } }) => outcome === 'unsure')] = ended;
    if (!stopped) return;
    const { packet, verdict } = stopped;
    const isSure = ended.length === judged.length || verdict.outcome !== 'ended';
    this.add(at, packet, isSure ? verdict : { outcome: 'unsure', rule: verdict.rule, why: EITHER });
  }

  /** Takes note of the ports that a group ends, of a load-balancing rule for all of them. */
  addAllPorts({ group, where }: GroupPlace, packets: readonly Omit<FirstPacket, 'port'>[]): void {
    for (const packet of packets) {
      const ports = portsEnded({ ...packet, group });
      if (ports.length === 0) continue;
      const { direction, protocol, source, destination } = packet;
      const key = [where, direction, idKey(group.id)].join(' ');
      const told = this.#all.get(key) ?? { id: group.id, where, direction, ...NOTHING() };
      this.#all.set(key, told);
      told.from.add(source.address);
      told.to.add(destination.address);
      told.ports.add(`${protocol.toUpperCase()} ${listed(new Set(ports))}`);
    }
  }

  preconditions(): Precondition[] {
    return [...this.#ofRules(), ...this.#ofAllPorts()];
  }

  #ofAllPorts(): Precondition[] {
    return [...this.#all.values()].map(({ id, where, direction, from, to, ports }) =>
      precondition('HA_PORTS_ENDED', id, {
        where,
        direction,
        from: listed(from),
        to: listed(to),
        ports: [...ports].join('; '),
      }),
    );
  }

  #ofRules(): Precondition[] {
    return [...this.#told.values()].map((told) =>
      precondition(told.code, told.rule.id, {
        where: told.where,
        direction: told.direction,
        flows: listed(told.flows),
        why: told.why,
        priority: String(told.rule.priority),
        protocol: [...told.protocols].join(' and '),
        from: listed(told.from),
        to: listed(told.to),
        ports: listed(told.ports),
      }),
    );
  }
}

function listed(texts: ReadonlySet<string>): string {
  const all = [...texts];
  const more = all.length - MOST_NAMED;
  return more <= 0 ? all.join(', ') : `${all.slice(0, MOST_NAMED).join(', ')} and ${more} more`;
}
