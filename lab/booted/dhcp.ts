/** The fabric's DHCP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Place } from './fabric.ts';
import { lines } from './managers/spec.ts';

/** Short, so that renewals and an end come within a case. */
export const LEASE_SECONDS = 12;

/** Serves addresses to a guest's NICs, by ISC's server out of the image. */
export class Dhcp {
  readonly #place: Place;
  readonly #root: string;
  #child: ChildProcess | undefined;
  #said = '';

  constructor(place: Place, root: string) {
    this.#place = place;
    this.#root = root;
  }

  /** Starts it anew, on those of the guest's NICs that are there. */
  async restart(): Promise<void> {
    this.stop();
    const root = this.#root;
    const { name, addresses, layout } = this.#place;
    const { gateway, backend, via } = addresses;
    const folder = join(root, 'var/lib/lab-dhcp');
    await mkdir(folder, { recursive: true });
    const host = ({ ip: address, mac }: typeof via, more = '') =>
      `host h${address.replaceAll('.', '-')} { hardware ethernet ${mac}; fixed-address ${address}; ${more} }`;
    await writeFile(
      join(folder, 'conf'),
      lines(
        `authoritative; default-lease-time ${LEASE_SECONDS}; max-lease-time ${LEASE_SECONDS};`,
        `subnet ${gateway.replace(/1$/, '0')} netmask 255.255.255.0 { }`,
        // Azure names a gateway to the first NIC alone.
        host(backend, `option routers ${gateway};`),
        host(via),
      ),
    );
    await writeFile(join(folder, 'leases'), '');
    const files = ['-cf', '/var/lib/lab-dhcp/conf', '-lf', '/var/lib/lab-dhcp/leases', '--no-pid'];
    const links = layout.nics.map((nic) => nic.link).filter((link) => existsSync(`/proc/sys/net/ipv4/conf/${link}`));
    const child = spawn('chroot', [root, 'dhcpd', '-4', '-f', '-d', ...files, ...links], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
    child.on('error', (error) => {
      this.#said += `${name}: ${error.message}`;
    });
    this.#child = child;
  }

  /** How often an address was given out or renewed. */
  given(address: string): number {
    return this.#said.split(`DHCPACK on ${address} `).length - 1;
  }

  said(): string {
    return this.#said.slice(-1500);
  }

  /** Stands still, so that leases run out. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}
