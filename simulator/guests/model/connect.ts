/** TCP connects between modelled guests, in the time that real ones take. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabConnect, LabConnectOutcome } from '../lab.ts';
import { type Errno, KernelError } from './errno.ts';
import type { Handshake, ModelNetwork } from './network.ts';
import { isLocal, UNBOUND } from './route.ts';
import { type Connection, type End, endText, type ModelGuest, nextInode } from './sockets.ts';

const OUTCOMES: Partial<Record<Errno, LabConnectOutcome>> = { ENETUNREACH: 'unreachable', EHOSTUNREACH: 'unreachable' };

/** When Linux sends SYN again: after 1 s, and after twice as long each time. */
const FIRST_RETRY_MS = 1000;

export interface ModelTarget extends End {
  timeoutMs: number;
  source?: string;
}

export interface Opened extends LabConnect {
  /** The client's end; undefined when it never got one. */
  end?: End;
  close(): void;
}

/** Connects, and keeps the connection open until `close()`. */
export async function openConnect(network: ModelNetwork, client: ModelGuest, target: ModelTarget): Promise<Opened> {
  const begin = performance.now();
  const end = (outcome: LabConnectOutcome): Opened => ({
    outcome,
    ms: round(performance.now() - begin),
    close: () => {},
  });
  const peer = { address: target.address, port: target.port };
  const local = { address: '', port: client.clientPort() };
  try {
    if (target.source !== undefined && !isLocal(client.machine, target.source)) throw new KernelError('EADDRNOTAVAIL');
    local.address = network.sourceOf(client, target.source ?? UNBOUND, peer.address);
  } catch (error) {
    if (error instanceof KernelError) return end(OUTCOMES[error.errno] ?? 'error');
    throw error;
  }
  let hello = network.handshake(client, local, peer);
  for (let wait = FIRST_RETRY_MS; hello.outcome === 'lost'; wait *= 2) {
    const left = target.timeoutMs - (performance.now() - begin);
    await sleep(Math.max(0, Math.min(wait, left)));
    if (left <= wait) return end('timeout');
    hello = network.handshake(client, local, peer);
  }
  if (hello.outcome === 'refused') return end('refused');
  return { ...end('ok'), ...establish(network, client, local, peer, hello) };
}

function establish(
  network: ModelNetwork,
  client: ModelGuest,
  local: End,
  peer: End,
  hello: Handshake & { outcome: 'connected' },
): Pick<Opened, 'local' | 'answer' | 'end' | 'close'> {
  network.converse(client, local, peer, hello);
  const { server, serverEnd, clientSeen } = hello;
  const here: Connection = { local, peer, inode: nextInode() };
  const there: Connection = { local: serverEnd, peer: clientSeen, inode: nextInode() };
  client.connections.add(here);
  server.connections.add(there);
  const listener = server.instances.listener(serverEnd);
  return {
    local: endText(local),
    end: local,
    ...(listener !== undefined &&
      listener !== 'web' && { answer: `${server.machine.vm}/${listener.mirror} ${endText(clientSeen)}` }),
    close() {
      if (!client.connections.delete(here)) return;
      server.connections.delete(there);
      network.converse(client, local, peer, hello);
    },
  };
}

const round = (ms: number): number => Math.round(ms * 10) / 10;
