/** `ip link`, `ip addr` and `ip netconf`. */
import { isIPv4 } from 'node:net';
import { toNumber } from '../../ipv4.ts';
import { addAddress, deleteAddress, setLinkDown, setLinkUp } from '../addresses.ts';
import { type Address, findLink, type Link, type Machine, SCOPE } from '../machine.ts';
import { notModelled, readScope, scopeName, UsageError, type Words } from './words.ts';

const deviceOf = (machine: Machine, name: string): Link => {
  const link = findLink(machine, name);
  if (!link) throw new UsageError(`Cannot find device "${name}"`, 1);
  return link;
};

const shown = (machine: Machine, words: Words): Link[] => {
  words.take('dev');
  const name = words.done ? undefined : words.next();
  if (!words.done) throw notModelled(`show ... ${words.next()}`);
  if (name === undefined) return machine.links;
  const link = findLink(machine, name);
  if (!link) throw new UsageError(`Device "${name}" does not exist.`, 1);
  return [link];
};

export function linkCommand(machine: Machine, words: Words): string {
  if (words.done || words.take('show', 'list', 'ls', 'lst')) return shown(machine, words).map(linkText).join('');
  if (!words.take('set')) throw notModelled(`link ${words.next()}`);
  words.take('dev');
  const link = deviceOf(machine, words.next('a device'));
  while (!words.done) {
    if (words.take('up')) setLinkUp(machine, link);
    else if (words.take('down')) setLinkDown(machine, link);
    else throw notModelled(`link set ... ${words.next()}`);
  }
  return '';
}

function linkText({ index, name, mac, up, nic }: Link): string {
  const flags = [nic ? 'BROADCAST,MULTICAST' : 'LOOPBACK', ...(up ? ['UP', 'LOWER_UP'] : [])].join();
  const [mtu, kind, broadcast] = nic ? [1500, 'ether', 'ff:ff:ff:ff:ff:ff'] : [65536, 'loopback', '00:00:00:00:00:00'];
  const whenUp = nic ? 'UP' : 'UNKNOWN';
  const state = up ? whenUp : 'DOWN';
  return (
    `${index}: ${name}: <${flags}> mtu ${mtu} qdisc noqueue state ${state} mode DEFAULT group default qlen 1000\n` +
    `    link/${kind} ${mac} brd ${broadcast}\n`
  );
}

export function addressCommand(machine: Machine, words: Words, oneline: boolean): string {
  if (words.done || words.take('show', 'list', 'ls', 'lst')) {
    const links = shown(machine, words);
    return links.map((link) => (oneline ? '' : linkText(link)) + addressesText(machine, link, oneline)).join('');
  }
  if (words.take('add')) {
    const { link, ...address } = readAddress(machine, words);
    addAddress(machine, link, address);
    return '';
  }
  if (words.take('del', 'delete')) {
    const { link, address, prefixLength } = readAddress(machine, words);
    deleteAddress(machine, link, `${address}/${prefixLength}`);
    return '';
  }
  if (words.take('flush')) {
    words.take('dev');
    const link = deviceOf(machine, words.next('a device'));
    for (const it of machine.addresses.filter((it) => it.device === link.name && !it.secondary))
      deleteAddress(machine, link, `${it.address}/${it.prefixLength}`);
    return '';
  }
  throw notModelled(`address ${words.next()}`);
}

type Named = Pick<Address, 'address' | 'prefixLength' | 'noPrefixRoute' | 'scope'> & { link: Link };

function readAddress(machine: Machine, words: Words): Named {
  const text = words.next('the address');
  const [address = '', length = '32'] = text.split('/');
  if (!isIPv4(address) || !(Number(length) <= 32))
    throw new UsageError(`Error: any valid prefix is expected rather than "${text}".`, 1);
  let device: string | undefined;
  let noPrefixRoute = false;
  // A loopback address is for the machine alone.
  let scope: number = toNumber(address) >>> 24 === 127 ? SCOPE.host : SCOPE.universe;
  while (!words.done) {
    if (words.take('dev')) device = words.next('dev');
    else if (words.take('noprefixroute')) noPrefixRoute = true;
    else if (words.take('scope')) scope = readScope(words.next('scope'));
    else if (words.take('brd', 'broadcast')) words.next('brd');
    else throw notModelled(`address ... ${words.next()}`);
  }
  if (device === undefined) throw new UsageError('Not enough information: "dev" argument is required.', 1);
  return { address, prefixLength: Number(length), noPrefixRoute, scope, link: deviceOf(machine, device) };
}

function addressesText(machine: Machine, link: Link, oneline: boolean): string {
  return machine.addresses
    .filter((it) => it.device === link.name)
    .sort((a, b) => Number(a.secondary) - Number(b.secondary))
    .map((it) => {
      const scope = it.scope === SCOPE.universe ? 'global' : scopeName(it.scope);
      const flags = [...(it.secondary ? ['secondary'] : []), ...(it.noPrefixRoute ? ['noprefixroute'] : [])];
      const words = [`inet ${it.address}/${it.prefixLength} scope ${scope}`, ...flags, link.name].join(' ');
      return `${oneline ? `${link.index}: ${link.name}` : ''}    ${words}\n       valid_lft forever preferred_lft forever\n`;
    })
    .join('');
}

const RP_FILTER = ['off', 'strict', 'loose'];

/** `ip netconf show`: each device's own settings, then `all` and `default`. */
export function netconfCommand(machine: Machine, words: Words): string {
  if (!words.done && !words.take('show', 'list')) throw notModelled(`netconf ${words.next()}`);
  return [...machine.links.map((it) => it.name), 'all', 'default']
    .map((name) => {
      const filter = RP_FILTER[machine.rpFilter.get(name) ?? 0] ?? 'off';
      return `inet ${name} forwarding off rp_filter ${filter} mc_forwarding off proxy_neigh off ignore_routes_with_linkdown off \n`;
    })
    .join('');
}
