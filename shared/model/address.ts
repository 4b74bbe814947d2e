/** IPv4 addresses and MACs: what may be in a guest plan, and their order. The one place that knows their patterns. */

const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
/** A dotted quad in its one canonical form. A pattern of our own: what passes is written into scripts that run as root. */
const IPV4 = new RegExp(String.raw`^${OCTET}(?:\.${OCTET}){3}$`);
const MAC = /^(?!00:00:00:00:00:00)[0-9a-f][02468ace](?::[0-9a-f]{2}){5}$/;

/** 168.63.129.16: Azure's DNS, DHCP and health probes come from here; a host route for it would cut the VM agent off. */
const WIRE_SERVER = 0xa83f8110;
/** The first half of 169.254.0.0/16. */
const LINK_LOCAL = 0xa9fe;

/**
 * True for a dotted quad in its one canonical form that a NIC or frontend can have: no 0/8, loopback, link-local
 * (instance metadata is there), multicast or reserved address, and not Azure's own 168.63.129.16.
 */
export function isHostAddress(text: string): boolean {
  return isHostNumber(addressNumber(text));
}

function isHostNumber(number: number): boolean {
  const first = Math.floor(number / 2 ** 24);
  const isLinkLocal = Math.floor(number / 2 ** 16) === LINK_LOCAL;
  return first > 0 && first < 224 && first !== 127 && !isLinkLocal && number !== WIRE_SERVER;
}

/** Private addresses (RFC 1918). */
const PRIVATE = [
  { base: 0x0a000000, length: 8 },
  { base: 0xac100000, length: 12 },
  { base: 0xc0a80000, length: 16 },
];

/** Addresses that a virtual network may have without being asked: the private ones, and the shared ones (RFC 6598). */
const USUAL = [...PRIVATE, { base: 0x64400000, length: 10 }];

/**
 * Why an address is never a VIP or an address of a NIC in a plan: it is `none` that a machine can have, or a `public` one
 * that is in none of `networks`, the virtual networks' own public space. Undefined for one that may be. What is asked
 * here is asked by guard.sh and guard.ps1 too.
 */
export function addressFault(text: string, networks: readonly string[] = []): 'none' | 'public' | undefined {
  const number = addressNumber(text);
  if (!isHostNumber(number)) return 'none';
  const isOwn = USUAL.some((usual) => isIn(number, usual)) || networks.some((network) => isAddressIn(text, network));
  return isOwn ? undefined : 'public';
}

/** True for an address that may be in a plan. */
export const isPlanAddress = (text: string, networks?: readonly string[]): boolean =>
  addressFault(text, networks) === undefined;

/** More than these are no virtual networks' address spaces; each is written into every script. */
export const MOST_NETWORKS = 16;

/** True for a network that a virtual network can have: /8 to /29, in its one canonical form, and of host addresses. */
export function isNetwork(text: string): boolean {
  const [base = '', length = '', ...rest] = text.split('/');
  if (rest.length > 0 || !isHostAddress(base) || !/^(?:[89]|1[0-9]|2[0-9])$/.test(length)) return false;
  return addressNumber(base) % 2 ** (32 - Number(length)) === 0;
}

/**
 * True for a network that containers can have: private, /12 to /30, in its one canonical form (172.17.0.0/16; no bit
 * set behind the length).
 */
export function isContainerNetwork(text: string): boolean {
  const [base = '', length = '', ...rest] = text.split('/');
  if (rest.length > 0 || !IPV4.test(base) || !/^(?:1[2-9]|2[0-9]|30)$/.test(length)) return false;
  const isClean = addressNumber(base) % 2 ** (32 - Number(length)) === 0;
  return isClean && PRIVATE.some((own) => Number(length) >= own.length && isIn(addressNumber(base), own));
}

/** True when an address is in a network, both in their canonical form. */
export function isAddressIn(address: string, network: string): boolean {
  const [base = '', length = ''] = network.split('/');
  return isIn(addressNumber(address), { base: addressNumber(base), length: Number(length) });
}

const isIn = (address: number, { base, length }: { base: number; length: number }): boolean =>
  Math.floor(address / 2 ** (32 - length)) === Math.floor(base / 2 ** (32 - length));

/** True for a unicast MAC in lower case with colons. */
export const isMac = (text: string): boolean => MAC.test(text);

/** Orders addresses by their number; what is no address comes last, as text. */
export function compareAddresses(a: string, b: string): number {
  const x = addressNumber(a);
  const y = addressNumber(b);
  return x === y ? compareText(a, b) : x - y;
}

/** Orders text by code unit: the same on every machine, unlike localeCompare. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** An IPv4 address as a number, to order many by; what is none comes after all of them. */
export function addressNumber(text: string): number {
  if (!IPV4.test(text)) return 2 ** 32;
  let sum = 0;
  let part = 0;
  // Digit by digit: every address of an estate is read in each pass.
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      sum = sum * 256 + part;
      part = 0;
    } else {
      part = part * 10 + code - ZERO;
    }
  }
  return sum * 256 + part;
}

const DOT = 0x2e;
const ZERO = 0x30;
