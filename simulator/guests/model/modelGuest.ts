/** A modelled guest with its programs: what ip, ss, sysctl and the connecting program answer there. */
import { randomUUID } from 'node:crypto';
import { chownSync, copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootLines } from '../boot.ts';
import type { LabConnect, ScriptResult } from '../lab.ts';
import type { Layout, LayoutGuest } from '../layout.ts';
import { ROOT_PATH, Runner } from '../run.ts';
import { type ModelTarget, openConnect } from './connect.ts';
import { fitScript, OWN_FOLDERS } from './fit.ts';
import { ip } from './ip/ip.ts';
import { newMachine } from './machine.ts';
import type { ModelNetwork } from './network.ts';
import type { ProgramResult } from './program.ts';
import type { Answerer, Call } from './programs.ts';
import { ModelGuest, ModelInstances } from './sockets.ts';
import { ss } from './ss.ts';
import { sysctl } from './sysctl.ts';
import type { User } from './user.ts';

const PROGRAMS = ['ip', 'ss', 'sysctl', 'connect'];
/** The letters of guard.sh's connecting program. */
const LETTERS: Record<LabConnect['outcome'], string> = {
  ok: 'o',
  timeout: 't',
  refused: 'f',
  reset: 'r',
  unreachable: 'u',
  error: 'e',
};

export interface GuestOptions {
  /** Where the guest gets a folder for its files. */
  folder: string;
  /** Where its programs reach the model. */
  port: number;
  /** Whom its programs run as. */
  user: User | undefined;
}

/** A guest that runs, and the programs in it. */
export class RunningGuest implements Answerer {
  readonly guest: ModelGuest;
  /** By which its programs are known, and its processes found. */
  readonly key = randomUUID();
  readonly #network: ModelNetwork;
  readonly #runner: Runner;
  readonly #folder: string;

  constructor(layoutGuest: LayoutGuest, layout: Layout, network: ModelNetwork, options: GuestOptions) {
    this.guest = new ModelGuest(newMachine(layoutGuest), new ModelInstances(layoutGuest.instances));
    this.#network = network;
    this.#folder = join(options.folder, layoutGuest.vm);
    const booted = ip(this.guest.machine, ['-batch', '-'], bootLines(layoutGuest, layout).join('\n'));
    if (booted.exitCode !== 0) throw new Error(`guest ${layoutGuest.vm} does not boot: ${booted.stderr.trim()}`);
    for (const it of OWN_FOLDERS) makeFolder(join(this.#folder, it), options.user);
    // Where administrators' programs are first, whatever PATH a script sets.
    const bin = join(this.#folder, '/usr/local/sbin');
    // A copy: the checkout may be where another user cannot read.
    for (const name of PROGRAMS) copyFileSync(join(import.meta.dirname, 'shim.sh'), join(bin, name));
    this.#runner = new Runner({
      folder: join(this.#folder, 'handler'),
      scratch: this.#folder,
      environment: {
        PATH: `${bin}:${ROOT_PATH}`,
        HAIRPIN_MODEL: `${options.port} ${this.key}`,
        HAIRPIN_EUID: '0',
      },
      user: options.user,
    });
  }

  runScript(script: string, timeoutSeconds: number, name: string): Promise<ScriptResult> {
    return this.#runner.runScript(fitScript(script, this.#folder), timeoutSeconds, name);
  }

  cancelScript(name: string): void {
    this.#runner.cancelScript(name);
  }

  /** The model's own programs answer at once; every other one runs on this machine with the guest's programs first. */
  async exec([program = '', ...argv]: string[]): Promise<ScriptResult> {
    if (PROGRAMS.includes(program) && program !== 'connect')
      return { timedOut: false, ...this.run({ program, argv, input: '' }) };
    return this.#runner.runProgram([program, ...argv].map((word) => fitScript(word, this.#folder)));
  }

  run({ program, argv, input }: Call): ProgramResult {
    if (program === 'ip') return ip(this.guest.machine, argv, input);
    return program === 'ss' ? ss(this.guest, argv) : sysctl(this.guest.machine, argv);
  }

  async connect({ argv }: Call, tell: (line: string) => void): Promise<() => void> {
    const [address = '', port = '', seconds = ''] = argv;
    const opened = await openConnect(this.#network, this.guest, {
      address,
      port: Number(port),
      timeoutMs: Number(seconds) * 1000,
    });
    tell(`${LETTERS[opened.outcome]} ${Math.round(opened.ms)}${opened.local === undefined ? '' : ` ${opened.local}`}`);
    return opened.close;
  }

  /** One connect for the lab's user, who reads the answer and goes. */
  async tryConnect(target: ModelTarget): Promise<LabConnect> {
    const { close, end: _, ...result } = await openConnect(this.#network, this.guest, target);
    // Somebody who was connected and hears nothing waits for as long as he would.
    if (result.outcome === 'ok' && result.answer === undefined)
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, target.timeoutMs - result.ms)));
    close();
    return result;
  }
}

/** Ends every process that runs in guests with these keys, which it has in its environment. */
export function killProcesses(keys: string[]): void {
  for (const pid of readdirSync('/proc').filter((it) => /^\d+$/.test(it))) {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
      if (keys.some((key) => environment.includes(key))) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // ended meanwhile, or another user's
    }
  }
}

function makeFolder(path: string, user: User | undefined): void {
  mkdirSync(path, { recursive: true });
  if (user) chownSync(path, user.uid, user.gid);
}
