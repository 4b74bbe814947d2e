/** A lab of guests that are network stacks of this machine's kernel. Nothing of it is on the machine itself. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { LabOptions, PowerLab } from '../lab.ts';
import { layoutOf } from '../layout.ts';
import { remote } from '../rpc.ts';
import { abortable } from '../run.ts';
import { kernelLabAvailable, namespaceFlags, systemPath } from './available.ts';
import type { FabricProcess } from './fabric-process.ts';

const HERE = import.meta.dirname;
/** A lab that does not end by itself within this is killed. */
const STOP_MS = 2000;

/** A lab whose cables can be reached: what happens to a NIC from outside its guest. */
export interface KernelLab extends PowerLab {
  /** Runs lines through `ip -batch` on the fabric's side; `v0`, `v1`, ... are its ends of the NICs, as in the layout. */
  fabric(lines: string[]): Promise<void>;
}

/**
 * Starts a lab with the estate's running VMs, and resolves when the probes see the estate's primaries. The lab ends with
 * `stop()` or with this process, whichever way that ends. Rejects when the machine lacks something (see
 * {@link kernelLabAvailable}) or the estate contradicts itself.
 */
export async function startKernelLab({ estate, log = () => {} }: LabOptions): Promise<KernelLab> {
  layoutOf(estate); // an estate that contradicts itself is told before anything starts
  const available = kernelLabAvailable();
  if (!available.ok)
    throw new Error(available.missing.map((it) => `The kernel lab needs ${it.what}: ${it.howTo}`).join('\n'));

  const begin = performance.now();
  const child = spawn(
    'unshare',
    [...namespaceFlags(), '/bin/bash', join(HERE, 'lab-init.sh'), process.execPath, join(HERE, 'fabric-process.ts')],
    {
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced', // keeps undefined
      // A session of its own: Ctrl-C reaches this process alone, and the lab ends with the pipe.
      detached: true,
      env: { ...process.env, NODE_OPTIONS: '', PATH: systemPath() },
    },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
      for (const line of text.split('\n')) if (line) log(line);
    });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const fabric = remote<FabricProcess>(
    child,
    () => new Error(`the kernel lab ended: ${said.trim() || 'it said nothing'}`),
  );

  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.stdin?.end();
    await ended;
    clearTimeout(timer);
  };
  try {
    await fabric.start(estate);
  } catch (error) {
    await stop();
    throw error;
  }
  log(`kernel lab: ${estate.vms.length} VMs up in ${Math.round(performance.now() - begin)} ms`);
  return {
    kind: 'kernel',
    runScript: (vm, script, timeoutSeconds, signal) =>
      abortable(
        signal,
        (name) => fabric.runScript(vm, script, timeoutSeconds, name),
        // A lab that ended meanwhile says so to the script's own call.
        (name) => void fabric.cancelScript(vm, name).catch(() => {}),
      ),
    exec: (...args) => fabric.exec(...args),
    connect: (...args) => fabric.connect(...args),
    setPrimary: (...args) => fabric.setPrimary(...args),
    setPower: (...args) => fabric.setPower(...args),
    health: (...args) => fabric.health(...args),
    fabric: async (lines) => void (await fabric.ip(lines)),
    counters: () => fabric.counters(),
    resetCounters: () => fabric.resetCounters(),
    lie: (...args) => fabric.lie(...args),
    reset: () => fabric.reset(),
    stop,
  };
}
