/**
 * Scripts as the Run Command handler for Linux runs them (Azure/run-command-handler-linux): a folder per run, BOM and
 * CRLF removed, `/bin/bash -c <path>` with output into files, and on time-out the direct child alone is killed.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { ScriptResult } from '../lab.ts';

/** Where the handler keeps its runs. */
const HANDLER = '/var/lib/waagent/run-command-handler/download';
/** The handler refuses a longer script. */
const MAX_SCRIPT_BYTES = 256 * 1024;
/** What the VM agent's service gives to its children: no HOME, no locale. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

let runs = 0;
/** How to end each script that runs, by the caller's name for it. */
const running = new Map<string, () => void>();

/** Kills a script's direct child. One that ended already is nobody's loss. */
export const cancelScript = (name: string): void => running.get(name)?.();

/** Runs a script in this guest, under a name for {@link cancelScript}. Rejects one that the handler would refuse. */
export async function runScript(script: string, timeoutSeconds: number, name: string): Promise<ScriptResult> {
  const text = script.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_SCRIPT_BYTES)
    throw new Error(`script is ${bytes} bytes: the handler takes at most ${MAX_SCRIPT_BYTES}`);
  const folder = join(HANDLER, String(runs++));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'script.sh');
  writeFileSync(path, text, { mode: 0o500 });
  try {
    return await run(['/bin/bash', '-c', path], folder, {
      timeoutMs: timeoutSeconds * 1000,
      started: (kill) => running.set(name, kill),
    });
  } finally {
    running.delete(name);
  }
}

/** Runs a program in this guest. One that is not there ends with 127, as in a shell. */
export async function runProgram(argv: string[]): Promise<ScriptResult> {
  const folder = mkdtempSync('/run/exec-');
  try {
    return await run(argv, folder, { cwd: '/' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface RunOptions {
  timeoutMs?: number;
  cwd?: string;
  started?: (kill: () => void) => void;
}

/** Output goes into files, so that a surviving grandchild that holds them keeps nobody waiting. */
function run(argv: string[], folder: string, { timeoutMs, cwd = folder, started }: RunOptions): Promise<ScriptResult> {
  const [program = '', ...args] = argv;
  const files = [join(folder, 'stdout'), join(folder, 'stderr')] as const;
  const [out, err] = [openSync(files[0], 'w', 0o600), openSync(files[1], 'w', 0o600)];
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env: ENVIRONMENT, stdio: ['ignore', out, err] });
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
