/** What this process says to its storage: requests and bytes, counted where Node speaks HTTP, under any SDK. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Requests that were answered, and all bytes of their connections in both directions, headers included. */
export interface Traffic {
  calls: number;
  bytes: number;
}

/** Counts from its making on; only requests to this host, `127.0.0.1:10002`. Of what is side by side, all is counted. */
class TrafficCount {
  readonly #host: string;
  readonly #sockets = new Map<Socket, number>();
  #calls = 0;

  constructor(url: string) {
    this.#host = new URL(url).host;
    // Node's built-in diagnostics channels of the http client (nodejs.org/api/diagnostics_channel.html).
    subscribe('http.client.request.created', this.#created);
    subscribe('http.client.response.finish', this.#answered);
  }

  readonly #isMine = (request: ClientRequest): boolean => request.getHeader('host') === this.#host;

  readonly #created = (message: unknown): void => {
    const { request } = message as { request: ClientRequest };
    request.once('socket', (socket) => {
      if (this.#isMine(request) && !this.#sockets.has(socket)) this.#sockets.set(socket, bytesOf(socket));
    });
  };

  readonly #answered = (message: unknown): void => {
    const { request } = message as { request: ClientRequest; response: IncomingMessage };
    if (this.#isMine(request)) this.#calls += 1;
  };

  /** What came together since its making. */
  total(): Traffic {
    let bytes = 0;
    for (const [socket, before] of this.#sockets) bytes += bytesOf(socket) - before;
    return { calls: this.#calls, bytes };
  }

  stop(): void {
    unsubscribe('http.client.request.created', this.#created);
    unsubscribe('http.client.response.finish', this.#answered);
  }
}

const bytesOf = (socket: Socket): number => socket.bytesRead + socket.bytesWritten;

/** What one piece of work says to the storage at this address. */
export async function trafficOf(url: string, work: () => Promise<unknown>): Promise<Traffic> {
  const count = new TrafficCount(url);
  try {
    await work();
    return count.total();
  } finally {
    count.stop();
  }
}
