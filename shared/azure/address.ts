/** Addresses as Azure writes them, made plain. Pure. */

/** A private address without its prefix length: `172.20.2.16/28` -> `172.20.2.16`. Undefined for none. */
export const plainAddress = (text: string | undefined): string | undefined => text?.split('/')[0]?.trim() || undefined;

/** A MAC in lower case with colons: `00-0D-3A-1B-C7-21` -> `00:0d:3a:1b:c7:21`. Undefined for none. */
export const plainMac = (text: string | undefined): string | undefined =>
  text?.trim().toLowerCase().replaceAll('-', ':') || undefined;

/** The IP version; IPv4 is what Azure leaves out. */
export const ipVersion = (text: string | undefined): 'IPv4' | 'IPv6' =>
  text?.toLowerCase() === 'ipv6' ? 'IPv6' : 'IPv4';
