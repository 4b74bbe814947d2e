/**
 * Whether a network security group ends a packet, as Azure goes through its rules. Pure.
 *
 * Sources: "Azure network security groups overview" (rules in the order of their priority, the first that matches
 * decides, the default rules last; stateful, so that no rule is asked about replies; behind a load balancer source and
 * source port are those of the machine that connects, destination and destination port those of the machine behind),
 * "Service tags" (what VirtualNetwork, AzureLoadBalancer and Internet stand for; all other tags are public addresses of
 * Azure's services) and "Azure Load Balancer health probes" (probes come from 168.63.129.16, which is AzureLoadBalancer).
 */
import { addressFault, addressNumber, isAddressIn } from '../model/address.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { SecurityGroup, SecurityRule } from '../model/surroundings.ts';

/** Where the load balancer's probes come from. */
export const PROBE_SOURCE = '168.63.129.16';

/** One end of a connection. */
export interface End {
  address: string;
  /** Application security groups that its ip configuration is in. */
  groups?: ReadonlySet<IdKey>;
}

/** The first packet of a connection; its source port may be any that a program gets. */
export interface FirstPacket {
  direction: 'inbound' | 'outbound';
  protocol: 'tcp' | 'udp';
  source: End;
  destination: End;
  port: number;
  /** The address space of the network in which it is judged, and of those peered with it; not there where not known. */
  ranges?: readonly string[] | undefined;
}

/** `unsure`: the rule may match, and then it would decide otherwise than those behind it. */
export type GroupVerdict =
  | { outcome: 'passes' }
  | { outcome: 'ended'; rule: SecurityRule }
  | { outcome: 'unsure'; rule: SecurityRule; why: string };

const PASSES: GroupVerdict = { outcome: 'passes' };

/** What a group makes of a packet. A group without a rule that matches (Azure's own are missing) tells nothing, and lets it pass here. */
export function judgePacket({ rules }: SecurityGroup, packet: FirstPacket): GroupVerdict {
  const open: { rule: SecurityRule; why: string }[] = [];
  for (const rule of rules) {
    const match = matchOf(rule, packet);
    if (match === 'no') continue;
    if (match !== 'yes') {
      open.push({ rule, why: match.maybe });
      continue;
    }
    const other = open.find(({ rule: { access } }) => access !== rule.access);
    if (other) return { outcome: 'unsure', ...other };
    return rule.access === 'deny' ? { outcome: 'ended', rule } : PASSES;
  }
  const [first] = open.filter(({ rule: { access } }) => access !== 'allow');
  return first ? { outcome: 'unsure', ...first } : PASSES;
}

type Match = 'yes' | 'no' | { maybe: string };

const NOT_READ: Match = { maybe: 'Not all of the rule could be read.' };

/** All parts have to match. */
function matchOf(rule: SecurityRule, { direction, protocol, source, destination, port, ranges }: FirstPacket): Match {
  const parts: Match[] = [
    wordMatch(rule.direction, direction),
    rule.protocol === '*' ? 'yes' : wordMatch(rule.protocol, protocol),
    portMatch(rule.destinationPorts, port),
    endMatch(rule.destinations, rule.destinationGroups, destination, ranges),
    endMatch(rule.sources, rule.sourceGroups, source, ranges),
    sourcePortMatch(rule.sourcePorts),
    rule.access === 'unknown' || rule.priority === 0 ? NOT_READ : 'yes',
  ];
  if (parts.includes('no')) return 'no';
  return parts.find((part) => part !== 'yes') ?? 'yes';
}

function wordMatch<T extends string>(said: T | 'unknown', asked: T): Match {
  if (said === 'unknown') return NOT_READ;
  return said === asked ? 'yes' : 'no';
}

/** One of several has to match. */
function anyOf(matches: readonly Match[]): Match {
  if (matches.length === 0) return NOT_READ;
  if (matches.includes('yes')) return 'yes';
  return matches.find((match) => match !== 'no') ?? 'no';
}

function endMatch(texts: readonly string[], groups: readonly string[], end: End, ranges: FirstPacket['ranges']): Match {
  const byGroup = groups.map((id): Match => (end.groups?.has(idKey(id)) ? 'yes' : 'no'));
  return anyOf([...texts.map((text) => textMatch(text.trim(), end.address, ranges)), ...byGroup]);
}

/** An address, a network, a range or a tag. */
function textMatch(text: string, address: string, ranges: FirstPacket['ranges']): Match {
  const lower = text.toLowerCase();
  if (lower === '*' || lower === 'any' || lower === '0.0.0.0/0') return 'yes';
  // Of IPv6 only: what is asked about is IPv4.
  if (lower.includes(':')) return 'no';
  if (/^[a-z]/.test(lower)) return tagMatch(lower, text, address, ranges);
  const [from = '', to] = lower.split('-').map((part) => part.trim());
  const [base = '', length] = from.split('/');
  if (addressNumber(base) === NO_ADDRESS) return NOT_READ;
  if (to !== undefined) {
    if (addressNumber(to) === NO_ADDRESS) return NOT_READ;
    const number = addressNumber(address);
    return number >= addressNumber(base) && number <= addressNumber(to) ? 'yes' : 'no';
  }
  if (length === undefined) return base === address ? 'yes' : 'no';
  if (!/^\d{1,2}$/.test(length) || Number(length) > 32) return NOT_READ;
  return isAddressIn(address, `${base}/${length}`) ? 'yes' : 'no';
}

const NO_ADDRESS = addressNumber('');

function tagMatch(tag: string, written: string, address: string, ranges: FirstPacket['ranges']): Match {
  const isProbe = address === PROBE_SOURCE;
  if (tag === 'azureloadbalancer') return isProbe ? 'yes' : 'no';
  if (tag === 'internet') return 'no';
  if (tag === 'virtualnetwork') {
    if (isProbe)
      return { maybe: 'The tag VirtualNetwork also stands for the host’s address, and so perhaps for probes.' };
    if (!ranges || ranges.some((range) => isAddressIn(address, range))) return 'yes';
    return {
      maybe: `Whether the tag VirtualNetwork stands for ${address} cannot be told: it is in no range of the network or of one that is peered with it, and the tag also stands for ranges behind gateways and in routes.`,
    };
  }
  const isPublic = !isProbe && addressFault(address) === 'public';
  return isPublic ? { maybe: `It is not told here whether the service tag ${written} stands for ${address}.` } : 'no';
}

/** A span of ports as written: `80`, `80-90`, `*`; undefined for anything else. */
function span(text: string): [number, number] | undefined {
  if (text.trim() === '*') return [0, 65_535];
  const [, from, to = from] = /^\s*(\d{1,5})\s*(?:-\s*(\d{1,5})\s*)?$/.exec(text) ?? [];
  return from === undefined ? undefined : [Number(from), Number(to)];
}

const portMatch = (texts: readonly string[], port: number): Match =>
  anyOf(
    texts.map((text) => {
      const ports = span(text);
      if (!ports) return NOT_READ;
      return port >= ports[0] && port <= ports[1] ? 'yes' : 'no';
    }),
  );

/** Programs get their source port from this span at most: Linux from 32768 on, Windows from 49152 on, and either may be set lower. */
const SOURCE_PORTS: [number, number] = [1024, 65_535];

function sourcePortMatch(texts: readonly string[]): Match {
  const spans = texts.map(span);
  if (spans.length === 0 || spans.some((one) => one === undefined)) return NOT_READ;
  const [first, last] = SOURCE_PORTS;
  let next = first;
  let touched = false;
  for (const [from, to] of (spans as [number, number][]).sort((a, b) => a[0] - b[0])) {
    if (to >= first && from <= last) touched = true;
    if (from <= next) next = Math.max(next, to + 1);
  }
  if (next > last) return 'yes';
  return touched ? { maybe: 'It is about some source ports alone, and a program may get others.' } : 'no';
}
