/**
 * Where a connect got lost: the report's firewall entries (wire.ts) -> places, each with the command that a person can
 * paste. Pure. Only names that pass a strict pattern and the plan's addresses are put into a command. Addresses alone are
 * enough: both ends are this VM's own, or its VIP's, and Azure lets nobody else send from them; so no port is opened.
 */
import type {
  FirewallPlace,
  LostConnect,
  LostPacket,
  NicAddress,
  PathReport,
  PlannedFrontend,
} from '../model/guest.ts';
import { PACKET_LETTERS } from './wire.ts';

const NAME = '[A-Za-z][A-Za-z0-9_.-]{0,31}';
const DEVICE = '[A-Za-z0-9][A-Za-z0-9_.-]{0,14}|-';
const PLACE = new RegExp(
  [
    `nft:(ip|inet|netdev):(${NAME}):(${NAME})`,
    '(iptables|iptables-legacy):(filter|mangle|raw|security|nat):(PREROUTING|INPUT|OUTPUT|POSTROUTING)',
    'firewalld(?::(zone|policy):([A-Za-z0-9][A-Za-z0-9-]{0,19}))?',
  ]
    .map((one) => `^${one}$`)
    .join('|'),
);
const HANDED = /^dnat:(\d{1,3}(?:\.\d{1,3}){3})$/;
const ENTRY = new RegExp(
  `^([oipq])(\\d?);(${DEVICE});(${DEVICE});([A-Za-z0-9:_.-]{1,120});(\\d{1,2}(?:[.-]\\d{1,2}){0,63})$`,
);

/** One packet: how it passes the VM, and between which addresses. */
interface Flow {
  way: 'in' | 'out';
  device: string;
  from: string;
  to: string;
}

/** Places that one path is told of at the most, those of its reply included. */
const MOST_PLACES = 8;

/** What the places of all paths may take as JSON, each path an equal share: room for one at least, and mostly for all. */
const PLACES_CHARACTERS = 100_000;

/**
 * Adds the report's entries to the paths they name, each place once. Returns the first that is no entry or names a path
 * that the report does not have, and whether there were more places than a path is told of.
 */
export function addLost(
  entries: readonly string[],
  paths: ReadonlyMap<number, PathReport>,
  frontends: readonly PlannedFrontend[],
): { wrong: string | undefined; isCut: boolean } {
  const room = new Map([...paths.keys()].map((index) => [index, PLACES_CHARACTERS / frontends.length]));
  const adding: Adding = { paths, frontends, room, isCut: false };
  // A request comes before its reply, so the first entry of a path says what was lost.
  const wrong = entries.toSorted().find((entry) => !add(entry, adding));
  return { wrong, isCut: adding.isCut };
}

interface Adding {
  paths: ReadonlyMap<number, PathReport>;
  frontends: readonly PlannedFrontend[];
  /** Characters left to each path. */
  room: Map<number, number>;
  isCut: boolean;
}

function add(entry: string, adding: Adding): boolean {
  const [, letter = '', number = '', backendDevice = '', viaDevice = '', place = '', list = ''] =
    ENTRY.exec(entry) ?? [];
  const indexes = indexesIn(list);
  const unread = /^unread:(nft|iptables)$/.exec(place)?.[1];
  const handedTo = HANDED.exec(place)?.[1];
  const isKnown = place === 'none' || unread !== undefined || handedTo !== undefined || PLACE.test(place);
  if (indexes.size === 0 || !isKnown) return false;
  const packet = PACKET_LETTERS[letter as keyof typeof PACKET_LETTERS];
  for (const index of indexes) {
    const path = adding.paths.get(index);
    const frontend = adding.frontends[index];
    const backend = frontend?.backends[Number(number)];
    if (!path || !frontend || !backend) return false;
    path.lost ??= { packet, places: [], replyPlaces: [], unread: [] };
    const { lost } = path;
    if (unread !== undefined && !lost.unread.includes(unread)) lost.unread.push(unread);
    if (handedTo !== undefined) lost.handedTo = handedTo;
    if (!PLACE.test(place) || (packet !== lost.packet && lost.packet !== 'request-in')) continue;
    const found = compose(place, flowOf(packet, { frontend, backend, backendDevice, viaDevice }));
    addPlace(index, lost, packet === lost.packet ? lost.places : lost.replyPlaces, found, adding);
  }
  return true;
}

function addPlace(
  index: number,
  { places, replyPlaces }: LostConnect,
  list: FirewallPlace[],
  found: FirewallPlace,
  adding: Adding,
): void {
  if (list.some(({ where, rule }) => where === found.where && rule === found.rule)) return;
  const left = (adding.room.get(index) ?? 0) - JSON.stringify(found).length;
  if (places.length + replyPlaces.length >= MOST_PLACES || left < 0) {
    adding.isCut = true;
    return;
  }
  adding.room.set(index, left);
  list.push(found);
}

/** `0.3-5` -> 0, 3, 4, 5; empty when it is none. */
function indexesIn(list: string): Set<number> {
  const indexes = new Set<number>();
  for (const part of list === '' ? [] : list.split('.')) {
    const [first = 0, last = first] = part.split('-').map(Number);
    for (let index = first; index <= last; index += 1) indexes.add(index);
  }
  return indexes;
}

interface Ends {
  frontend: PlannedFrontend;
  backend: NicAddress;
  backendDevice: string;
  viaDevice: string;
}

function flowOf(packet: LostPacket, { frontend, backend, backendDevice, viaDevice }: Ends): Flow {
  const { vip, via } = frontend;
  switch (packet) {
    case 'request-out':
      return { way: 'out', device: viaDevice, from: via.ip, to: vip };
    case 'request-in':
      return { way: 'in', device: backendDevice, from: via.ip, to: backend.ip };
    case 'reply-out':
      return { way: 'out', device: backendDevice, from: backend.ip, to: via.ip };
    case 'reply-in':
      return { way: 'in', device: viaDevice, from: vip, to: via.ip };
  }
}

/** How a command names the interface that a packet comes by or leaves by. */
const SIDES = { in: { nft: 'iifname', iptables: '-i' }, out: { nft: 'oifname', iptables: '-o' } } as const;

/** The words for a place and the command for a packet there. */
function compose(place: string, { way, device, from, to }: Flow): FirewallPlace {
  const [, family = '', table = '', chain, tool, oldTable = '', oldChain = '', kind, owner = ''] =
    PLACE.exec(place) ?? [];
  if (chain !== undefined) {
    // A chain of family netdev belongs to its device.
    const at = device === '-' || family === 'netdev' ? '' : `${SIDES[way].nft} "${device}" `;
    return {
      where: `nftables (table ${family} ${table}, chain ${chain})`,
      rule: `nft insert rule ${family} ${table} ${chain} ${at}ip saddr ${from} ip daddr ${to} accept`,
    };
  }
  if (tool !== undefined) {
    const at = device === '-' ? '' : ` ${SIDES[way].iptables} ${device}`;
    return {
      where: `${tool} (table ${oldTable}, chain ${oldChain})`,
      rule: `${tool}${oldTable === 'filter' ? '' : ` -t ${oldTable}`} -I ${oldChain}${at} -s ${from} -d ${to} -j ACCEPT`,
    };
  }
  const at = kind === undefined ? '' : ` --${kind}=${owner}`;
  // Before all other rich rules (firewalld.richlanguage(5), priority). Into what runs and into what is kept, without a
  // reload, which would lose what others put into the running configuration alone.
  const rule = `--add-rich-rule='rule priority="-32768" family="ipv4" source address="${from}" destination address="${to}" accept'`;
  return {
    where: kind === undefined ? 'firewalld' : `firewalld (${kind} ${owner})`,
    rule: `firewall-cmd${at} ${rule} && firewall-cmd --permanent${at} ${rule}`,
  };
}
