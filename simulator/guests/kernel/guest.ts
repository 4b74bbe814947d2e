/** A guest seen from the fabric: its namespaces, and the process that lives in them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { LayoutGuest } from '../layout.ts';
import { remote } from '../rpc.ts';
import type { GuestProcess } from './guest-process.ts';

const HERE = import.meta.dirname;
/** The checkout: the guest's process is loaded from it. */
const PROGRAMS = dirname(dirname(dirname(HERE)));

export interface Guest {
  readonly process: GuestProcess;
  /** Ends every process of the guest. */
  kill(): Promise<void>;
}

/** Starts a guest's processes in its network namespace, which must be there with its NICs. */
export async function startGuest(guest: LayoutGuest): Promise<Guest> {
  const namespaces = ['--mount', '--pid', '--uts', '--fork', '--kill-child', '--mount-proc'];
  const program = [process.execPath, join(HERE, 'guest-process.ts')];
  const child = spawn(
    'ip',
    ['netns', 'exec', guest.vm, 'unshare', ...namespaces, '/bin/bash', join(HERE, 'guest-init.sh'), ...program],
    {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced', // keeps undefined
      env: {
        ...process.env,
        GUEST_NAME: guest.vm,
        GUEST_DEVICES: guest.nics.map((nic) => nic.device).join(' '),
        GUEST_RP_FILTER: String(guest.rpFilter),
        GUEST_PROGRAMS: PROGRAMS,
      },
    },
  );
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  const api = remote<GuestProcess>(
    child,
    () => new Error(`guest ${guest.vm} ended: ${said.trim() || 'it said nothing'}`),
  );
  await api.boot(guest.vm, guest.instances);
  return { process: api, kill: () => kill(child) };
}

const kill = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    // This is unshare: --kill-child takes the guest's first process along, and the kernel all others.
    child.kill('SIGKILL');
  });
