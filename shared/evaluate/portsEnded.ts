/** Which ports of all a security group ends: for load-balancing rules that are for all of them (HA ports). Pure. */
import type { SecurityGroup } from '../model/surroundings.ts';
import { type FirstPacket, judgePacket } from './securityRules.ts';

const MOST_PORT = 65_535;

/** A packet to any port, and the group that it passes. */
export interface ToAnyPort extends Omit<FirstPacket, 'port'> {
  group: SecurityGroup;
}

/**
 * Spans of ports, as `1-1971`, at which a group ends a packet or may end it. Rules speak of spans: between two ports that
 * some rule begins or ends with, all are treated alike, so one of each is asked about.
 */
export function portsEnded({ group, ...packet }: ToAnyPort): string[] {
  const begins = [...new Set([1, ...group.rules.flatMap(({ destinationPorts }) => destinationPorts.flatMap(beginsIn))])]
    .filter((port) => port >= 1 && port <= MOST_PORT)
    .sort((a, b) => a - b);
  const spans: [number, number][] = [];
  for (const [i, first] of begins.entries()) {
    const last = (begins[i + 1] ?? MOST_PORT + 1) - 1;
    if (judgePacket(group, { ...packet, port: first }).outcome === 'passes') continue;
    const before = spans.at(-1);
    if (before && before[1] === first - 1) before[1] = last;
    else spans.push([first, last]);
  }
  return spans.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`));
}

/** Where what a rule says of ports begins, and where it has ended. */
function beginsIn(written: string): number[] {
  const [, first, last = first] = /^\s*(\d{1,5})\s*(?:-\s*(\d{1,5})\s*)?$/.exec(written) ?? [];
  return first === undefined ? [] : [Number(first), Number(last) + 1];
}
