/** The host's HTTP server: Core Tools' port and paths, on loopback only. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf } from '../../shared/errors.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;

const LOOPBACK = '127.0.0.1';
const PORTS_TRIED = 50;

export interface HostServer {
  port: number;
  /** From now on requests are answered; until then with 503. */
  answerWith(answer: Answer): void;
  /** Takes no new connection and resolves when requests under way are answered. */
  close(): Promise<void>;
}

/** Listens on the given port or the next free one; 0 for any. */
export async function listen(firstPort: number): Promise<HostServer> {
  let answer: Answer = async (_request, response) => {
    response.writeHead(503).end('Function host is not running.');
  };
  let closing = false;
  const server = createServer((request, response) => {
    // A connection kept alive after the last answer would hold the server open.
    response.once('close', () => closing && server.closeIdleConnections());
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? LOOPBACK}`);
    answer(request, response, url).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(messageOf(error));
    });
  });
  const port = await listenFrom(server, firstPort);
  return {
    port,
    answerWith(next) {
      answer = next;
    },
    async close() {
      closing = true;
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await closed;
    },
  };
}

async function listenFrom(server: Server, first: number): Promise<number> {
  for (let offset = 0; ; offset++) {
    server.listen(first === 0 ? 0 : first + offset, LOOPBACK);
    try {
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    } catch (error) {
      const taken = ['EADDRINUSE', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (!taken || offset === PORTS_TRIED || first === 0) throw error;
    }
  }
}
