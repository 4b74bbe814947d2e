/** Starts `npm start` as a user does, and sees what of it is on the machine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../simulator/until.ts';

const ROOT = join(import.meta.dirname, '../..');
const NOBODY = 65_534;
/** Long enough for a whole story on a machine that has far more to do than it can. */
const SAY_MS = 1_000_000;
/** Everything is gone at once; only what stays takes this long. */
const GONE_MS = 120_000;
/** Runs what follows as an ordinary user without any right of root. */
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--inh-caps=-all'];

export interface StartOptions {
  /** `nobody`: an ordinary user; needs root. Default: who runs the tests. */
  user?: 'nobody';
  /** Its TMPDIR; default a new one of its own. */
  temporary?: string;
  /** Put before the command, for a machine that lacks something. */
  prefix?: string[];
}

export interface Started {
  child: ChildProcess;
  temporary: string;
  stdout: string;
  stderr: string;
  /** Resolves to the first line on stdout or stderr that fits, said already or later. */
  line(fits: RegExp): Promise<string>;
  /** Ctrl-C in a terminal: SIGINT to the whole process group. */
  ctrlC(): void;
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
}

/** A folder for temporary files, `nobody`'s own where wanted; the caller removes it. */
export function temporaryOf(user?: 'nobody'): string {
  const folder = mkdtempSync(join(tmpdir(), 'npm-start-'));
  chmodSync(folder, 0o711); // as /tmp is: others may pass through
  if (user) chownSync(folder, NOBODY, NOBODY);
  return folder;
}

/** `npm start -- ...args` in a process group of its own. */
export const npmStart = (args: string[], options: StartOptions = {}): Started =>
  start(['npm', 'start', '--', ...args], options);

/** The program itself, without npm around it. */
export const nodeStart = (args: string[], options: StartOptions = {}): Started =>
  start([process.execPath, 'simulator/main.ts', ...args], options);

function start(command: string[], { user, prefix = [], temporary = temporaryOf(user) }: StartOptions): Started {
  const [program = '', ...args] = [...(user ? AS_NOBODY : []), ...prefix, ...command];
  const child = spawn(program, args, {
    cwd: ROOT,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary, HOME: temporary, npm_config_update_notifier: 'false' },
  });
  const listeners = new Set<() => void>();
  const started: Started = {
    child,
    temporary,
    stdout: '',
    stderr: '',
    line(fits) {
      const found = (): string | undefined =>
        `${started.stdout}${started.stderr}`.split('\n').find((it) => fits.test(it));
      return new Promise((resolve, reject) => {
        const settle = (end?: Error): void => {
          const said = found();
          if (said === undefined && !end) return;
          clearTimeout(timer);
          listeners.delete(settle);
          if (said !== undefined) resolve(said);
          else reject(end);
        };
        const all = (): string => `${started.stdout}\n${started.stderr}`;
        const timer = setTimeout(() => settle(new Error(`did not say ${fits} within ${SAY_MS} ms:\n${all()}`)), SAY_MS);
        listeners.add(settle);
        void started.ended.then((code) => settle(new Error(`ended with ${code} and did not say ${fits}:\n${all()}`)));
        settle();
      });
    },
    ctrlC: () => void process.kill(-(child.pid ?? 0), 'SIGINT'),
    ended: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? signal ?? -1));
    }),
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      started[name] += text;
      for (const listener of listeners) listener();
    });
  }
  return started;
}

/** Ends whatever is left and removes the temporary files: for teardown. */
export async function endOf(started: Started): Promise<void> {
  try {
    process.kill(-(started.child.pid ?? 0), 'SIGKILL');
  } catch {
    // gone already
  }
  rmSync(started.temporary, { recursive: true, force: true });
}

const KINDS = ['mnt', 'net', 'pid', 'user'] as const;

/** One process as /proc shows it. */
interface Proc {
  pid: number;
  parent: number;
  /** When it began, in clock ticks: tells it from a later one of the same id. */
  since: number;
  /** Ended, and its parent has not asked after it yet. */
  zombie: boolean;
}

function processes(): Proc[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const zombie = fields[0] === 'Z' || fields[0] === 'X';
      return [{ pid: Number(name), parent: Number(fields[1]), since: Number(fields[19]), zombie }];
    } catch {
      return []; // ended while we looked
    }
  });
}

function namespacesOf(pid: number): string[] {
  return KINDS.flatMap((kind) => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/${kind}`)];
    } catch {
      return []; // ended while we looked, or a kernel thread
    }
  });
}

/** Everything that a process and its descendants are on the machine now. */
export interface Footprint {
  processes: Proc[];
  /** Namespaces other than this process' own. */
  namespaces: Set<string>;
  /** In the environment of every process of it. */
  mark: string;
}

export function footprint({ child, temporary }: Pick<Started, 'child' | 'temporary'>): Footprint {
  const all = processes();
  const found = all.filter((it) => it.pid === child.pid);
  for (const it of found) found.push(...all.filter((other) => other.parent === it.pid));
  const own = new Set(namespacesOf(process.pid));
  const namespaces = found.flatMap((it) => namespacesOf(it.pid)).filter((it) => !own.has(it));
  return { processes: found, namespaces: new Set(namespaces), mark: `TMPDIR=${temporary}` };
}

/**
 * What of a footprint is still there: living processes, others with its mark, and whatever was in its namespaces then
 * (the kernel gives the numbers of namespaces that are gone to new ones).
 */
export function leftOf({ processes: known, namespaces, mark }: Footprint): string[] {
  const latest = Math.max(...known.map((it) => it.since));
  const left = processes().filter((it) => {
    if (it.zombie) return false;
    if (known.some((other) => other.pid === it.pid && other.since === it.since)) return true;
    if (read(`/proc/${it.pid}/environ`).split('\0').includes(mark)) return true;
    return it.since <= latest && namespacesOf(it.pid).some((name) => namespaces.has(name));
  });
  return left.map((it) => `${it.pid} ${read(`/proc/${it.pid}/cmdline`).replaceAll('\0', ' ').trim()}`);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // ended while we looked
  }
}

/** Milliseconds until nothing of a footprint is left; rejects with what stays. */
export async function goneAfter(print: Footprint): Promise<number> {
  const began = performance.now();
  const gone = () => leftOf(print).length === 0;
  await until(() => `the end of what is left:\n${leftOf(print).join('\n')}`, gone, GONE_MS);
  return Math.round(performance.now() - began);
}
