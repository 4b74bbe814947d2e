/** A modelled guest's TCP sockets: what its instances listen on, and the connections that are open. */
import type { Instance } from '../instances.ts';
import type { Machine } from './machine.ts';

export interface End {
  address: string;
  port: number;
}

export interface Connection {
  local: End;
  peer: End;
  inode: number;
}

export const endText = ({ address, port }: End): string => `${address}:${port}`;

let inodes = 100_000;
/** A number as the kernel gives to sockets: never twice. */
export const nextInode = (): number => ++inodes;

/** The mirrored instances of one guest, with who is primary now. */
export class ModelInstances {
  readonly #list: Instance[];
  readonly #primary: Set<string>;

  constructor(list: Instance[]) {
    this.#list = list;
    this.#primary = new Set(list.filter((it) => it.primary).map((it) => it.mirror));
  }

  has(mirror: string): boolean {
    return this.#list.some((it) => it.mirror === mirror);
  }

  setPrimary(mirror: string, primary: boolean): void {
    if (primary) this.#primary.add(mirror);
    else this.#primary.delete(mirror);
  }

  /** Who answers a connect: a mirror's superserver, the status pages' web server, or nobody. */
  listener(at: End): { mirror: string } | 'web' | undefined {
    const here = (it: { port: number; address?: string }) =>
      it.port === at.port && (it.address ?? at.address) === at.address;
    const found = this.#list.find((instance) =>
      instance.listeners.some((it) => here(it) && (!it.primaryOnly || this.#primary.has(instance.mirror))),
    );
    if (found) return { mirror: found.mirror };
    return this.#list.some((instance) => instance.status.some((it) => it.port === at.port)) ? 'web' : undefined;
  }

  /** HTTP status of a mirror's page; undefined when nothing listens there. */
  status(at: End, path: string): 200 | 503 | 404 | undefined {
    if (this.listener(at) !== 'web') return undefined;
    const page = this.#list.find((instance) =>
      instance.status.some(
        (it) => it.port === at.port && it.path === path && (it.address ?? at.address) === at.address,
      ),
    );
    if (!page) return 404;
    return this.#primary.has(page.mirror) ? 200 : 503;
  }

  /** Everything listened on, for `ss`. */
  listening(): End[] {
    const open = this.#list.flatMap((it) => [
      ...it.listeners.filter((listener) => !listener.primaryOnly || this.#primary.has(it.mirror)),
      ...it.status.map(({ port }): { port: number; address?: string } => ({ port })),
    ]);
    return open
      .map(({ address = '0.0.0.0', port }) => ({ address, port }))
      .filter((it, i, all) => all.findIndex((other) => endText(other) === endText(it)) === i);
  }
}

/** Linux's default `ip_local_port_range`. */
const CLIENT_PORTS = { first: 32_768, last: 60_999 };

/** A running modelled guest. */
export class ModelGuest {
  readonly machine: Machine;
  readonly instances: ModelInstances;
  readonly connections = new Set<Connection>();
  #port = CLIENT_PORTS.first + Math.floor(Math.random() * (CLIENT_PORTS.last - CLIENT_PORTS.first));

  constructor(machine: Machine, instances: ModelInstances) {
    this.machine = machine;
    this.instances = instances;
  }

  /**
   * A port of the range that Linux gives to clients, free towards everybody. From a random one onwards, as Linux goes
   * (__inet_hash_connect, net/ipv4/inet_hashtables.c): a port that comes back at once would meet its own old flow in
   * the load balancer, which leads to the primary of then.
   */
  clientPort(): number {
    for (;;) {
      this.#port = this.#port < CLIENT_PORTS.last ? this.#port + 1 : CLIENT_PORTS.first;
      if (![...this.connections].some((it) => it.local.port === this.#port)) return this.#port;
    }
  }
}
