/** A port on this machine by which the programs of modelled guests reach the model. See shim.sh for the other end. */
import { createServer, type Server, type Socket } from 'node:net';
import type { ProgramResult } from './program.ts';

export interface Call {
  program: string;
  argv: string[];
  input: string;
}

export interface Answerer {
  /** Runs a program to its end. */
  run(call: Call): ProgramResult;
  /** The connecting program: `tell` writes its line; resolves with what closes the connection when the program ends. */
  connect(call: Call, tell: (line: string) => void): Promise<() => void>;
}

export interface ProgramPort {
  port: number;
  close(): Promise<void>;
}

/** Opens the port. `answererOf` knows a guest by its key; a call with another key is cut off. */
export async function openProgramPort(answererOf: (key: string) => Answerer | undefined): Promise<ProgramPort> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy()); // the program was killed
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const call = readCall(text);
      if (!call) return;
      socket.pause();
      text = '';
      const answerer = answererOf(call.key);
      if (!answerer) return socket.destroy();
      if (call.program === 'connect') void answerConnect(socket, answerer, call);
      else answer(socket, answerer.run(call));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the program port has no number');
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Fields that end in NUL: key, program, number of words, the words, standard input. */
function readCall(text: string): (Call & { key: string }) | undefined {
  const fields = text.split('\0');
  const [key = '', program = '', count = ''] = fields;
  const words = Number(count);
  if (fields.length < 3 || fields.length < words + 5) return undefined;
  return { key, program, argv: fields.slice(3, 3 + words), input: fields[3 + words] ?? '' };
}

function answer(socket: Socket, { exitCode, stdout, stderr }: ProgramResult): void {
  socket.end([exitCode, stdout, stderr].map((field) => `${field}\0`).join(''));
}

async function answerConnect(socket: Socket, answerer: Answerer, call: Call): Promise<void> {
  const close = await answerer.connect(call, (line) => void socket.write(`${line}\n`));
  if (socket.destroyed) close();
  else socket.once('close', close).resume();
}
