/** What of a member a proof covers: an address and a port, and no more. */
import type { Proof } from '../model/path.ts';
import type { Rule } from '../model/topology.ts';
import type { NicIp } from './indexTopology.ts';
import type { Member } from './members.ts';

/** No more of them are named; the rest is counted. */
const MOST_NAMED = 16;

/** A member's ip configurations that a rule leads to. */
export const ipsBehind = ({ ips, ipsOfRule }: Member, rule: Rule): readonly NicIp[] =>
  ipsOfRule === undefined ? ips : (ipsOfRule.get(rule) ?? []);

/**
 * The own addresses and ports that the frontend's rules lead to and that no connect was seen to come back to:
 * `10.0.1.15:57772`, `10.0.1.15:514/udp`, `10.0.1.15:*` for the other ports of a rule for all of them. The guest's kernel
 * answers for each address that its reply leaves by the wire; whether a server is there, and a firewall lets it pass, only a
 * connect can tell.
 */
export function notProved(member: Member, { kind, seen = [] }: Proof): string[] {
  const ends = new Set<string>();
  for (const rule of member.rules) {
    for (const { ip } of ipsBehind(member, rule)) {
      if (ip.address === undefined) continue;
      const isSeen = rule.protocol === 'tcp' && kind === 'self' && seen.some((end) => isAt(end, ip.address, rule));
      if (!isSeen) ends.add(endText(ip.address, rule));
    }
  }
  const all = [...ends];
  return all.length <= MOST_NAMED ? all : [...all.slice(0, MOST_NAMED), `${all.length - MOST_NAMED} more`];
}

const isAt = (end: { ip: string; port: number }, address: string | undefined, { backendPort }: Rule): boolean =>
  end.ip === address && end.port === backendPort;

function endText(address: string, { protocol, backendPort }: Rule): string {
  if (protocol === 'all') return `${address}:*`;
  return `${address}:${backendPort}${protocol === 'udp' ? '/udp' : ''}`;
}
