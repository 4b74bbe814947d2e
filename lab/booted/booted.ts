/**
 * The booted part of the lab: guests with a real systemd and a real network manager, by debootstrap and systemd-nspawn,
 * on a fabric with an ILB in nftables. All of it is in namespaces of one child process and ends with this process.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { hasProgram, namespaceFlags, systemPath } from '../../simulator/guests/kernel/available.ts';
import { remote } from '../../simulator/guests/rpc.ts';
import type { LabCase } from '../case.ts';
import { clearGroups, labOf } from './cgroups.ts';
import type { Entry } from './guests.ts';
import { bootedImage } from './image.ts';
import type { LabProcess } from './process.ts';

const PROGRAMS: Record<string, string> = {
  debootstrap: 'debootstrap',
  'systemd-nspawn': 'systemd-nspawn',
  iproute2: 'ip',
  nftables: 'nft',
  'util-linux': 'unshare',
  apt: 'apt-get',
};

/** What this machine lacks for booted guests; empty when they can run. */
export function bootedNeeds(): string[] {
  if (process.platform !== 'linux') return ['Linux'];
  const lacking = Object.entries(PROGRAMS).filter(([, program]) => !hasProgram(program));
  if (process.getuid?.() !== 0) return ['root', ...lacking.map(([need]) => need)];
  const mayNest = spawnSync('unshare', [...namespaceFlags(), 'true'], { env: { PATH: systemPath() } }).status === 0;
  return [...lacking.map(([need]) => need), ...(mayNest ? [] : ['the right to make namespaces'])];
}

/** The list of the lab's own guests and cases. */
const LIST = import.meta.resolve('./guests.ts');

/**
 * Every case of a list, those of one guest in the order in which they should be run. Starts nothing. `list`: the address
 * of a module that exports `GUESTS`.
 */
export async function bootedCases(list = LIST): Promise<LabCase[]> {
  const { GUESTS }: { GUESTS: Entry[] } = await import(list);
  return GUESTS.flatMap(({ spec, cases }) =>
    cases.map(({ name }) => ({
      name,
      manager: spec.manager,
      async run() {
        const { case: _, manager: __, ...outcome } = await (await started(list)).tryCase(spec.name, name);
        return outcome;
      },
    })),
  );
}

const OWN_LAB = labOf(process.pid, threadId);

let running: { child: ChildProcess; ended: Promise<void>; lab: Promise<LabProcess> } | undefined;

/** The lab's process, started at the first case with its list. The first time on a machine the image is made before it. */
async function started(list: string): Promise<LabProcess> {
  if (!running) {
    const image = bootedImage();
    clearGroups(OWN_LAB);
    const program = [process.execPath, join(import.meta.dirname, 'process.ts'), list];
    const child = spawn(
      'unshare',
      [...namespaceFlags(), '/bin/bash', join(import.meta.dirname, 'init.sh'), ...program],
      {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        serialization: 'advanced', // keeps undefined
        // A session of its own: Ctrl-C reaches this process alone, and the lab ends with the channel.
        detached: true,
        env: { ...process.env, NODE_OPTIONS: '', PATH: systemPath() },
      },
    );
    const api = remote<LabProcess>(child, () => new Error('the booted lab ended'));
    const lab = image.then((folder) => api.start(OWN_LAB, folder)).then(() => api);
    running = { child, lab, ended: new Promise((resolve) => child.once('exit', () => resolve())) };
  }
  return running.lab;
}

/** Ends every guest, and the lab. Nothing of it stays but the image. */
export async function stopBooted(): Promise<void> {
  if (!running) return;
  const { child, ended } = running;
  running = undefined;
  // This is unshare: --kill-child takes the lab's first process along, and the kernel all others.
  child.kill('SIGKILL');
  await ended;
  clearGroups(OWN_LAB);
}
