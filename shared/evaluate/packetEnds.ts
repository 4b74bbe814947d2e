/** Where in Azure's network one connection ends for certain: for its trace. Pure. */
import type { Surroundings } from '../model/surroundings.ts';
import type { Rule } from '../model/topology.ts';
import { around } from './around.ts';
import type { NicIp, TopologyIndex } from './indexTopology.ts';
import type { Member } from './members.ts';
import { bentRoute, endOf, viaOf } from './places.ts';
import { type FirstPacket, judgePacket } from './securityRules.ts';
import type { Way } from './way.ts';

/** One connection: by which NIC it leaves, and where the load balancer sends it. */
export interface Connection {
  way: Way;
  isVia: boolean;
  target: Member;
  place: NicIp;
  rule: Rule | undefined;
}

/** The rule or route that ends it, and where on its way. */
export interface PacketEnd {
  at: 'leaving' | 'arriving' | 'answer';
  id: string;
}

export type PacketEnds = (connection: Connection) => PacketEnd | undefined;

/** Finds what ends a connection for certain; what may end it is no end here. */
export function packetEnds(index: TopologyIndex, surroundings: Surroundings): PacketEnds {
  const known = around(surroundings);
  return ({ way, isVia, place, rule }) => {
    const from = isVia ? viaOf(way, index) : way.member.ips[0];
    const [source, backend] = [from?.ip.address, place.ip.address];
    if (!from || source === undefined || backend === undefined) return undefined;

    const out = bentRoute(from, way.vip, known);
    if (out?.ends) return { at: 'leaving', id: out.route.id };
    const port = rule?.backendPort ?? way.port;
    if (port !== undefined) {
      const ends = { source: endOf(from, source), destination: endOf(place, backend) };
      const arriving: FirstPacket = {
        ...{ direction: 'inbound', protocol: 'tcp', ...ends, port },
        ranges: known.rangesOf(place),
      };
      const leaving: FirstPacket = { ...arriving, direction: 'outbound', ranges: known.rangesOf(from) };
      const toVip: FirstPacket = { ...leaving, destination: { address: way.vip }, port: way.port ?? port };
      for (const { group } of known.groupsOf(from)) {
        // Which of the two Azure looks at is not said: what ends both ends it.
        const [first, second] = [judgePacket(group, leaving), judgePacket(group, toVip)];
        if (first.outcome === 'ended' && second.outcome === 'ended') return { at: 'leaving', id: second.rule.id };
      }
      for (const { group } of known.groupsOf(place)) {
        const judged = judgePacket(group, arriving);
        if (judged.outcome === 'ended') return { at: 'arriving', id: judged.rule.id };
      }
    }
    const back = bentRoute(place, source, known);
    return back?.ends ? { at: 'answer', id: back.route.id } : undefined;
  };
}
