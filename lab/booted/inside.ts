/**
 * The process that lives in a guest's network: its mirrored instances, something like ssh, and an application that
 * connects to the VIPs all the time.
 */
import { createServer } from 'node:net';
import { connect } from '../../simulator/guests/kernel/connect.ts';
import { openInstances } from '../../simulator/guests/kernel/listen.ts';
import { serve } from '../../simulator/guests/rpc.ts';
import { now } from './clock.ts';
import { backendPort, MANAGEMENT_PORT, PORT } from './ports.ts';

const EVERY_MS = 100;
const TIMEOUT_MS = 800;

/** One connect of the application. `peer`: the client as the server saw it. */
export interface Connect {
  at: number;
  vip: string;
  ok: boolean;
  peer?: string;
}

let connects: Connect[] = [];

/** Source ports in turn, out of the kernel's own range: one that is taken again soon meets what is left of its last connection. */
const FIRST_PORT = 10_000;
const PORTS = 5000;
let turn = 0;

async function connectOnce(vip: string, sourcePort: number): Promise<void> {
  const at = now();
  const { outcome, answer } = await connect({ address: vip, port: PORT, timeoutMs: TIMEOUT_MS, sourcePort });
  const peer = answer?.split(' ')[1]?.split(':')[0];
  // One that the server never answered in time was not there for the application.
  connects.push({ at, vip, ok: outcome === 'ok' && peer !== undefined, ...(peer !== undefined && { peer }) });
}

const inside = {
  /** Opens the ports, and connects to each VIP every 100 ms from now on. */
  async boot(vm: string, vips: string[]): Promise<void> {
    const listeners = vips.map((_, index) => ({ port: backendPort(index), primaryOnly: false }));
    await openInstances(vm, [{ mirror: 'm', address: '', primary: true, listeners, status: [] }]);
    await new Promise<void>((resolve, reject) => {
      const echo = createServer((socket) => {
        socket.on('error', () => socket.destroy());
        socket.pipe(socket);
      });
      echo.once('error', reject);
      echo.listen(MANAGEMENT_PORT, '0.0.0.0', resolve);
    });
    setInterval(() => {
      turn += 1;
      for (const vip of vips) void connectOnce(vip, FIRST_PORT + (turn % PORTS));
    }, EVERY_MS);
  },
  /** What was connected since the last call. */
  take(): Connect[] {
    const taken = connects;
    connects = [];
    return taken;
  },
};

export type Inside = typeof inside;

process.on('disconnect', () => process.exit());
serve(process, inside);
