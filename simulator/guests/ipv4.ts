/**
 * IPv4 addresses as numbers, as far as the labs need them. By hand: routes are sorted and counted by number, which
 * ipaddr.js does not give, and its parser takes `10.1` for an address and reads `010.0.0.1` as 8.0.0.1.
 */
import { isIPv4 } from 'node:net';

/** An address as an unsigned 32-bit number. Throws on anything but four decimal bytes. */
export function toNumber(address: string): number {
  if (!isIPv4(address)) throw new Error(`address is ${JSON.stringify(address)}: expected IPv4, for example 10.0.1.10`);
  return address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

/** The dotted form of an unsigned 32-bit number. */
export const toAddress = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

export interface Prefix {
  base: number;
  length: number;
}

/** Reads `10.0.1.0/24`; an address alone is a prefix of 32. Bits beyond the length are dropped. */
export function parsePrefix(text: string): Prefix {
  const [address = '', lengthText] = text.split('/');
  const length = lengthText === undefined ? 32 : Number(lengthText);
  if (!Number.isInteger(length) || length < 0 || length > 32 || lengthText === '')
    throw new Error(`prefix is ${JSON.stringify(text)}: expected address/length, for example 10.0.1.0/24`);
  return prefixOf(address, length);
}

/** The prefix of the given length that an address lies in. */
export function prefixOf(address: string, length: number): Prefix {
  const size = 2 ** (32 - length);
  return { base: Math.floor(toNumber(address) / size) * size, length };
}

export const formatPrefix = (prefix: Prefix): string => `${toAddress(prefix.base)}/${prefix.length}`;

/** True when the prefix holds the address. */
export const holds = (prefix: Prefix, address: number): boolean =>
  address >= prefix.base && address < prefix.base + 2 ** (32 - prefix.length);

/** A subnet's gateway as Azure has it: the first host address. */
export const gatewayOf = (subnet: Prefix): string => toAddress(subnet.base + 1);
