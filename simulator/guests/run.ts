/**
 * Scripts as the Run Command handler for Linux runs them (Azure/run-command-handler-linux): a folder per run, BOM and
 * CRLF removed, `/bin/bash -c <path>` with output into files, and on time-out the direct child alone is killed.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chownSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { ScriptResult } from './lab.ts';

/** The handler refuses a longer script. */
const MAX_SCRIPT_BYTES = 256 * 1024;

/** Where administrators' programs are first, as for root. */
export const ROOT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface RunnerOptions {
  /** Where the handler keeps its runs: `/var/lib/waagent/run-command-handler/download`. */
  folder: string;
  /** Where the output of programs is kept while they run. */
  scratch: string;
  /** What the VM agent's service gives to its children: PATH, no HOME, no locale. */
  environment: Record<string, string>;
  /** Whom to run as; the runner's own user when undefined. */
  user?: { uid: number; gid: number } | undefined;
}

/** Runs scripts and programs for one guest. */
export class Runner {
  readonly #options: RunnerOptions;
  /** How to end each script that runs, by the caller's name for it. */
  readonly #running = new Map<string, () => void>();
  #runs = 0;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Runs a script, under a name for `cancelScript`. Rejects one that the handler would refuse. */
  async runScript(script: string, timeoutSeconds: number, name: string): Promise<ScriptResult> {
    const text = script.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_SCRIPT_BYTES)
      throw new Error(`script is ${bytes} bytes: the handler takes at most ${MAX_SCRIPT_BYTES}`);
    const { environment, user } = this.#options;
    const folder = join(this.#options.folder, String(this.#runs++));
    mkdirSync(this.#options.folder, { recursive: true });
    mkdirSync(folder, { mode: 0o700 });
    const path = join(folder, 'script.sh');
    writeFileSync(path, text, { mode: 0o500 });
    if (user) for (const it of [folder, path]) chownSync(it, user.uid, user.gid);
    try {
      return await run(['/bin/bash', '-c', path], folder, {
        cwd: folder,
        environment,
        user,
        timeoutMs: timeoutSeconds * 1000,
        started: (kill) => this.#running.set(name, kill),
      });
    } finally {
      this.#running.delete(name);
    }
  }

  /** Kills a script's direct child. One that ended already is nobody's loss. */
  cancelScript(name: string): void {
    this.#running.get(name)?.();
  }

  /** Runs a program. One that is not there ends with 127, as in a shell. */
  async runProgram(argv: string[]): Promise<ScriptResult> {
    const folder = mkdtempSync(join(this.#options.scratch, 'exec-'));
    try {
      return await run(argv, folder, { ...this.#options, cwd: '/' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

/** Runs a script under a name of its own that `cancel` gets when the signal aborts; one aborted before never runs. */
export async function abortable(
  signal: AbortSignal | undefined,
  start: (name: string) => Promise<ScriptResult>,
  cancel: (name: string) => void,
): Promise<ScriptResult> {
  if (signal?.aborted) return { timedOut: false, stdout: '', stderr: '' };
  const name = randomUUID();
  const onAbort = () => cancel(name);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await start(name);
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

interface RunOptions {
  cwd: string;
  environment: Record<string, string>;
  user?: { uid: number; gid: number } | undefined;
  timeoutMs?: number;
  started?: (kill: () => void) => void;
}

/** Output goes into files, so that a surviving grandchild that holds them keeps nobody waiting. */
function run(
  argv: string[],
  folder: string,
  { cwd, environment, user, timeoutMs, started }: RunOptions,
): Promise<ScriptResult> {
  const [program = '', ...args] = argv;
  const files = [join(folder, 'stdout'), join(folder, 'stderr')] as const;
  const [out, err] = [openSync(files[0], 'w', 0o600), openSync(files[1], 'w', 0o600)];
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env: environment, ...user, stdio: ['ignore', out, err] });
    closeSync(out);
    closeSync(err);
    started?.(() => child.kill('SIGKILL'));
    let timedOut = false;
    const onTimeout = () => {
      timedOut = true;
      child.kill('SIGKILL');
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(onTimeout, timeoutMs);
    const finish = (exitCode: number | undefined, extra = '') => {
      clearTimeout(timer);
      const [stdout, stderr] = [readFileSync(files[0], 'utf8'), readFileSync(files[1], 'utf8') + extra];
      resolve({ timedOut, stdout, stderr, ...(exitCode !== undefined && !timedOut && { exitCode }) });
    };
    child.on('error', (error) => finish(127, `${error.message}\n`));
    // A child that a signal ended counts as a shell would count it.
    child.on('exit', (code, signal) => finish(code ?? 128 + signalNumber(signal)));
  });
}

const signalNumber = (signal: NodeJS.Signals | null): number => (signal ? (constants.signals[signal] ?? 0) : 0);
