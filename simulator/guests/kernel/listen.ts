/** Mirrored instances as listeners: superserver ports that say who answered, and status pages for the probes. */
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import type { Instance, Listener } from '../instances.ts';

export interface Instances {
  setPrimary(mirror: string, primary: boolean): Promise<void>;
}

/** Opens all listeners of a VM. Rejects when a port is taken. */
export async function openInstances(vm: string, list: Instance[]): Promise<Instances> {
  const running = new Map(list.map((it) => [it.mirror, { primary: it.primary, gates: [] as Gate[] }]));
  for (const instance of list) {
    const greet = (socket: Socket) => {
      // Kept open until the client closes: a bare connect costs an instance nothing.
      socket.on('error', () => socket.destroy());
      socket.resume();
      socket.write(`${vm}/${instance.mirror} ${socket.remoteAddress}:${socket.remotePort}\n`);
    };
    for (const listener of instance.listeners) {
      const gate = new Gate(listener, greet);
      if (!listener.primaryOnly || instance.primary) await gate.open();
      if (listener.primaryOnly) running.get(instance.mirror)?.gates.push(gate);
    }
  }
  await openStatusPages(list, (mirror) => running.get(mirror)?.primary ?? false);
  return {
    async setPrimary(mirror, primary) {
      const instance = running.get(mirror);
      if (!instance) throw new Error(`mirror is ${JSON.stringify(mirror)}: ${vm} has no such instance`);
      instance.primary = primary;
      for (const gate of instance.gates) await (primary ? gate.open() : gate.close());
    },
  };
}

/** A port that opens and closes. Closing it leaves its connections alone. */
class Gate {
  readonly #listener: Listener;
  readonly #greet: (socket: Socket) => void;
  #server: Server | undefined;

  constructor(listener: Listener, greet: (socket: Socket) => void) {
    this.#listener = listener;
    this.#greet = greet;
  }

  async open(): Promise<void> {
    if (this.#server) return;
    this.#server = createServer(this.#greet);
    await listening(this.#server, this.#listener.port, this.#listener.address);
  }

  async close(): Promise<void> {
    this.#server?.close();
    this.#server = undefined;
  }
}

/** One HTTP server per port, a page per mirror. */
async function openStatusPages(list: Instance[], isPrimary: (mirror: string) => boolean): Promise<void> {
  const pages = list.flatMap((instance) => instance.status.map((page) => ({ ...page, mirror: instance.mirror })));
  for (const port of new Set(pages.map((page) => page.port))) {
    const onRequest: RequestListener = (request, response) => {
      const path = request.url?.split('?')[0];
      const page = pages.find(
        (it) =>
          it.port === port &&
          it.path === path &&
          (it.address ?? request.socket.localAddress) === request.socket.localAddress,
      );
      const answer = (status: number, text: string): void => {
        response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(text);
      };
      if (!page) answer(404, 'Not Found');
      else if (isPrimary(page.mirror)) answer(200, 'SUCCESS');
      else answer(503, 'FAILED');
    };
    await listening(createHttpServer(onRequest), port);
  }
}

const listening = (server: Server, port: number, address = '0.0.0.0'): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, 511, resolve);
  });
