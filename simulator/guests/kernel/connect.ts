/** One TCP connect with the answer of the server. */
import { createConnection } from 'node:net';
import type { LabConnect, LabConnectOutcome } from '../lab.ts';

const OUTCOMES: Record<string, LabConnectOutcome> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
};

export interface ConnectTarget {
  address: string;
  port: number;
  timeoutMs: number;
  source?: string;
  sourcePort?: number;
}

/**
 * Connects and reads one line. `ms` is the time until connected or failed. A server that says nothing until the time is
 * up was still connected to: `ok` without an answer.
 */
export function connect({ address, port, timeoutMs, source, sourcePort }: ConnectTarget): Promise<LabConnect> {
  return new Promise((resolve) => {
    const start = performance.now();
    const elapsed = () => Math.round((performance.now() - start) * 10) / 10;
    const socket = createConnection({
      host: address,
      port,
      ...(source !== undefined && { localAddress: source }),
      ...(sourcePort !== undefined && { localPort: sourcePort }),
    });
    let connected: Pick<LabConnect, 'ms' | 'local'> | undefined;
    let text = '';
    const finish = (outcome: LabConnectOutcome, answer?: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ outcome, ms: elapsed(), ...connected, ...(answer !== undefined && { answer }) });
    };
    const timer = setTimeout(() => finish(connected ? 'ok' : 'timeout'), timeoutMs);
    socket.on('connect', () => {
      connected = { ms: elapsed(), local: `${socket.localAddress}:${socket.localPort}` };
    });
    socket.on('data', (data) => {
      text += data.toString('utf8');
      const end = text.indexOf('\n');
      if (end >= 0) finish('ok', text.slice(0, end));
    });
    socket.on('end', () => finish('ok'));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(OUTCOMES[error.code ?? ''] ?? 'error'));
  });
}
