/**
 * One end of a measurement in a guest. `server PORT`: takes what a connection sends and answers each message of `ping`
 * connections. `client ADDRESS PORT SECONDS`: one bulk connection, then many with small messages to and fro, then
 * connects one after another; prints figures as one line of JSON.
 */
import { connect, createServer, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

export interface ThroughputFigures {
  /** Of one bulk connection. */
  gigabitPerSecond: number;
  /** Median time until a connection stood, milliseconds. */
  connectMs: number;
  /** Small messages that went to and fro in a second, on all connections together. */
  messagesPerSecond: number;
}

const BULK = 'B';
const PING = 'P';
const CHUNK = Buffer.alloc(256 * 1024, BULK);
const MESSAGE = Buffer.alloc(64, PING);
const PING_CONNECTIONS = 16;
const CONNECTS = 200;

function serve(port: number): void {
  createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    let kind: string | undefined;
    let received = 0;
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      kind ??= String.fromCharCode(chunk[0] ?? 0);
      received += chunk.length;
      if (kind === PING) socket.write(chunk);
    });
    // The sender wants to know what came, not what it handed to its own kernel.
    socket.on('end', () => socket.end(kind === BULK ? String(received) : ''));
  }).listen(port, '0.0.0.0', () => process.stdout.write('listening\n'));
}

const opened = (address: string, port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: address, port, noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });

async function bulk(address: string, port: number, seconds: number): Promise<number> {
  const socket = await opened(address, port);
  const began = performance.now();
  while (performance.now() - began < seconds * 1000) {
    if (!socket.write(CHUNK)) await new Promise((resolve) => socket.once('drain', resolve));
  }
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.end();
  await ended;
  return (Number(answer) * 8) / 1e6 / (performance.now() - began);
}

async function pings(address: string, port: number, seconds: number): Promise<number> {
  const sockets = await Promise.all(Array.from({ length: PING_CONNECTIONS }, () => opened(address, port)));
  let messages = 0;
  const began = performance.now();
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.on('data', () => {
            messages += 1;
            if (performance.now() - began < seconds * 1000) socket.write(MESSAGE);
            else resolve();
          });
          socket.write(MESSAGE);
        }),
    ),
  );
  const took = performance.now() - began;
  for (const socket of sockets) socket.destroy();
  return messages / (took / 1000);
}

async function connects(address: string, port: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < CONNECTS; i += 1) {
    const began = performance.now();
    const socket = await opened(address, port);
    times.push(performance.now() - began);
    socket.destroy();
  }
  return times.sort((a, b) => a - b)[CONNECTS >> 1] ?? Number.NaN;
}

const [role, ...rest] = process.argv.slice(2);
if (role === 'server') serve(Number(rest[0]));
else {
  const [address = '', port, seconds] = rest;
  const figures: ThroughputFigures = {
    gigabitPerSecond: await bulk(address, Number(port), Number(seconds)),
    messagesPerSecond: await pings(address, Number(port), Number(seconds)),
    connectMs: await connects(address, Number(port)),
  };
  console.log(JSON.stringify(figures));
  process.exit(0);
}
