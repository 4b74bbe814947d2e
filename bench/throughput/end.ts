/**
 * One end of a measurement in a guest. `server PORT`: takes what a connection sends and answers each message of `ping`
 * connections. `client PORT SECONDS ROUNDS NAME=ADDRESS...`: so many rounds; in each first one bulk connection to every
 * address, then many with small messages to and fro, then connects one after another. Short turns right after one another,
 * in one order and then in the other: what the machine does besides, and what changes slowly, meets all ways alike. Prints
 * figures as one line of JSON.
 */
import { connect, createServer, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

/** By the name of each way, of each round. */
export type Figures = Record<string, ThroughputFigures[]>;

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
const CONNECTS = 100;

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

/** One round over all ways. */
async function round(ways: readonly [string, string][], port: number, seconds: number): Promise<Figures> {
  const all = async (measure: (address: string) => Promise<number>): Promise<Map<string, number>> => {
    const values = new Map<string, number>();
    for (const [name, address] of ways) values.set(name, await measure(address));
    return values;
  };
  const gigabits = await all((address) => bulk(address, port, seconds));
  const messages = await all((address) => pings(address, port, seconds));
  const times = await all((address) => connects(address, port));
  const of = (values: Map<string, number>, name: string) => values.get(name) ?? Number.NaN;
  return Object.fromEntries(
    ways.map(([name]) => [
      name,
      [{ gigabitPerSecond: of(gigabits, name), messagesPerSecond: of(messages, name), connectMs: of(times, name) }],
    ]),
  );
}

const [role, ...rest] = process.argv.slice(2);
if (role === 'server') serve(Number(rest[0]));
else {
  const [port, seconds, rounds] = rest.map(Number) as [number, number, number];
  const ways = rest.slice(3).map((word) => word.split('=') as [string, string]);
  const figures: Figures = Object.fromEntries(ways.map(([name]) => [name, []]));
  // The first one warms all up, and is thrown away.
  for (let i = -1; i < rounds; i += 1) {
    const one = await round(i % 2 === 0 ? ways : ways.toReversed(), port, seconds);
    if (i >= 0) for (const [name, values] of Object.entries(one)) figures[name]?.push(...values);
  }
  console.log(JSON.stringify(figures));
  process.exit(0);
}
