/**
 * Runs in a guest: connects at a steady pace on several streams, from one moment of the machine's monotonic clock to
 * another, and prints what came of each connect as JSON. The argument is a ClientOrder.
 */
import { connect } from '../../simulator/guests/kernel/connect.ts';

export interface ClientStream {
  address: string;
  port: number;
  source?: string;
}

export interface ClientOrder {
  streams: ClientStream[];
  everyMs: number;
  timeoutMs: number;
  /** Of {@link monotonicMs}. */
  beginMs: number;
  endMs: number;
}

/** A connect: when it began, milliseconds after `beginMs`, and the server's answer, or null when it failed. */
export type ClientConnect = [at: number, answer: string | null];

/** Milliseconds of a clock that is the same in every process of this machine and is never set. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/**
 * Each connect has a port of its own, below those that the kernel gives: a flow that failed stays in the load balancer's
 * table for minutes, and a later connect from its port would be taken for it.
 */
const FIRST_PORT = 2000;
const PORTS_PER_STREAM = 7000;

/** Resolves to the connects of each stream, in order. A moment that was missed is left out. */
async function run({ streams, everyMs, timeoutMs, beginMs, endMs }: ClientOrder): Promise<ClientConnect[][]> {
  const open: Promise<ClientConnect>[][] = streams.map(() => []);
  for (let turn = 0; ; turn += 1) {
    turn = Math.max(turn, Math.ceil((monotonicMs() - beginMs) / everyMs));
    const due = beginMs + turn * everyMs;
    if (due >= endMs) break;
    await new Promise((resolve) => setTimeout(resolve, due - monotonicMs()));
    for (const [index, stream] of streams.entries()) {
      const at = Math.max(0, Math.round(monotonicMs() - beginMs));
      const sourcePort = FIRST_PORT + index * PORTS_PER_STREAM + (turn % PORTS_PER_STREAM);
      open[index]?.push(
        connect({ ...stream, sourcePort, timeoutMs }).then(({ outcome, answer }) => [
          at,
          outcome === 'ok' ? (answer ?? null) : null,
        ]),
      );
    }
  }
  return Promise.all(open.map((stream) => Promise.all(stream)));
}

if (import.meta.main) process.stdout.write(JSON.stringify(await run(JSON.parse(process.argv[2] ?? ''))));
