/** Addresses as Azure gives them: what may go into a guest plan and what may not. */
import { isIPv4 } from 'node:net';

const MAC = /^(?!00:00:00:00:00:00)[0-9a-f][02468ace](?::[0-9a-f]{2}){5}$/;

/** Azure's DNS, DHCP and health probes come from here; a host route for it would cut the VM agent off. */
const WIRE_SERVER = '168.63.129.16';

/**
 * True for a dotted quad in its one canonical form that a NIC or frontend can have: no 0/8, loopback, link-local
 * (instance metadata is there), multicast or reserved address, and not Azure's own 168.63.129.16.
 */
export function isHostAddress(text: string): boolean {
  if (!isIPv4(text) || text === WIRE_SERVER) return false;
  const first = Number(text.split('.', 1)[0]);
  return first > 0 && first < 224 && first !== 127 && !text.startsWith('169.254.');
}

/** True for a unicast MAC in lower case with colons. */
export const isMac = (text: string): boolean => MAC.test(text);

/** Orders addresses by their number; what is no address comes last, as text. */
export function compareAddresses(a: string, b: string): number {
  const x = numberOf(a);
  const y = numberOf(b);
  return x === y ? compareText(a, b) : x - y;
}

/** Orders text by code unit: the same on every machine, unlike localeCompare. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const numberOf = (text: string): number =>
  isIPv4(text) ? text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) : 2 ** 32;
