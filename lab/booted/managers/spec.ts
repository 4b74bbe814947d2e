/** What the lab's guests are: the addresses each has, and the files that set up its network manager. */
import type { Manager } from '../../case.ts';

export interface Nic {
  ip: string;
  mac: string;
}

/** The addresses of one guest, in a subnet of its own on the lab's fabric. */
export interface Addresses {
  backend: Nic;
  via: Nic;
  /** The subnet's first host, as on Azure. */
  gateway: string;
  vips: [string, string];
}

export interface GuestSpec {
  /** Of its network namespace and its folder. */
  name: string;
  manager: Manager;
  dhcp: boolean;
  /** Path in the guest -> text. Interfaces are matched by the number that ends their names, so that they can be renamed. */
  files(addresses: Addresses): Record<string, string>;
  /** Units to enable at boot. */
  units: string[];
  /** How the manager is told to start anew, for cases that need it in its place. */
  restart: string;
}

/** The addresses of the guest with that number. */
export function addressesOf(number: number): Addresses {
  const nic = (host: number, index: number): Nic => ({
    ip: `10.2.${number}.${host}`,
    mac: `00:0d:3a:00:${number.toString(16).padStart(2, '0')}:0${index}`,
  });
  return {
    backend: nic(4, 0),
    via: nic(5, 1),
    gateway: `10.2.${number}.1`,
    vips: [`10.2.${number}.100`, `10.2.${number}.101`],
  };
}

/** Lines of a configuration file. */
export const lines = (...list: string[]): string => `${list.join('\n')}\n`;
