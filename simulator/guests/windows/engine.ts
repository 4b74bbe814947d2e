/**
 * A PowerShell engine in a process of its own that runs scripts against modelled Windows machines. The engine is
 * System.Management.Automation from NuGet in a small host (engine/), built once with the .NET SDK into .cache/.
 */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../storage/temporary.ts';
import type { WindowsState } from './state.ts';

const SOURCES = fileURLToPath(new URL('./engine/', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../.cache/windows-engine/', import.meta.url));

export interface WindowsRun {
  /** -1 when a `killed` fault ended the script. */
  exitCode: number;
  stdout: string;
  stderr: string;
  /** Time that passed on the modelled clock. */
  ms: number;
  /** The machine afterwards; the one that was given is left as it was. */
  state: WindowsState;
}

/** What a script is made of, by PowerShell's own parser. `tokens` are kinds, a number's with its text; `nodes` kinds of the tree. */
export interface WindowsSyntax {
  errors: string[];
  tokens: { name: string; line: number }[];
  commands: { name: string; parameters: string[]; line: number }[];
  functions: string[];
  /** Keys of hashtable literals. */
  keys: string[];
  types: { name: string; line: number }[];
  members: { type?: string; name: string; line: number }[];
  nodes: { name: string; line: number }[];
}

export interface WindowsEngine {
  /** Runs a script from a file in a fresh session. Calls are done one after another. */
  runScript(state: WindowsState, script: string): Promise<WindowsRun>;
  syntax(script: string): Promise<WindowsSyntax>;
  /** Public members of types in .NET Framework 4.6.2, inherited ones too; null: no such type there. */
  framework(types: string[]): Promise<Record<string, string[] | null>>;
  stop(): Promise<void>;
}

/** Why there is no engine, whether it was to be built or only to be started. */
const NO_DOTNET = 'The PowerShell engine needs the .NET 10 SDK, and there is no program dotnet in the PATH.';

/**
 * Starts the engine; the first time in a checkout this builds it (10 to 20 s, with NuGet in reach). Resolves when it has
 * answered. Throws Error with the compiler's words when it cannot be built, with its last words when it cannot run, and
 * with what is missing when there is no dotnet. `env`: more variables, for scripts that go to the real network.
 */
export async function startWindowsEngine(env: Record<string, string> = {}): Promise<WindowsEngine> {
  const program = await engineAssembly();
  // .NET puts sockets of its own there too, which outlive a process that is killed.
  const folder = await temporaryFolder('engine');
  const child = spawn('dotnet', [program], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...quiet, PATH: process.env.PATH, TMPDIR: folder, ...env },
    // Ctrl+C in a terminal then reaches the parent alone; the engine ends with its standard input.
    detached: process.platform !== 'win32',
  });
  // `close` comes for a process that never started too, which has no `exit`.
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ask = conversation(child);
  const stop = async () => {
    child.stdin.end();
    await closed;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await ask({ op: 'framework', types: [] });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    runScript: async (state, script) => (await ask({ op: 'run', script, state })) as WindowsRun,
    syntax: async (script) => (await ask({ op: 'syntax', script })) as WindowsSyntax,
    framework: async (types) => (await ask({ op: 'framework', types })) as Record<string, string[] | null>,
    stop,
  };
}

/** Keeps escape codes and first-run notes out of what is read. */
const quiet = { ...process.env, NO_COLOR: '1', TERM: 'dumb', DOTNET_NOLOGO: '1', DOTNET_CLI_TELEMETRY_OPTOUT: '1' };

/** The engine's assembly, built where it is not yet: for a PowerShell that is to load it. */
export const engineAssembly = async (): Promise<string> => join(await built(), 'engine.dll');

/** Where the built engine is or will be: named by its sources' hash, so that a change of them builds it anew. */
function folderOfEngine(): string {
  const files = readdirSync(SOURCES).filter((name) => /\.(cs|csproj)$/.test(name));
  const hash = createHash('sha256');
  for (const name of files.sort()) hash.update(name).update(readFileSync(join(SOURCES, name)));
  return join(CACHE, hash.digest('hex').slice(0, 16));
}

/** False when the next start has to build the engine first. */
export const isEngineBuilt = (): boolean => existsSync(join(folderOfEngine(), 'engine.dll'));

/** The folder with the built engine. */
async function built(): Promise<string> {
  const folder = folderOfEngine();
  const isThere = () => existsSync(join(folder, 'engine.dll'));
  mkdirSync(CACHE, { recursive: true });
  while (!isThere()) {
    const release = taken(`${folder}.building`);
    if (!release) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      continue;
    }
    try {
      if (!isThere()) build(folder);
    } finally {
      release();
    }
  }
  return folder;
}

/**
 * One build at a time, of threads and of processes: on two cores four at once take minutes. Gives what lets go of it;
 * undefined while a living process holds it.
 */
function taken(file: string): (() => void) | undefined {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return () => rmSync(file, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  try {
    const holder = Number(readFileSync(file, 'utf8'));
    if (holder > 0) process.kill(holder, 0);
  } catch {
    // Killed amid its build.
    rmSync(file, { force: true });
  }
  return undefined;
}

function build(folder: string): void {
  const work = mkdtempSync(join(CACHE, 'build-'));
  const properties = [`-p:BaseIntermediateOutputPath=${join(work, 'obj')}/`, '-o', join(work, 'out')];
  const done = spawnSync('dotnet', ['build', SOURCES, '-c', 'Release', '-v', 'q', '-nologo', ...properties], {
    encoding: 'utf8',
    env: { ...quiet, PATH: process.env.PATH },
  });
  try {
    if (done.error) throw noProgram(done.error);
    if (done.status !== 0) throw new Error(`The PowerShell engine could not be built:\n${done.stdout}${done.stderr}`);
    renameSync(join(work, 'out'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const noProgram = (cause: Error): Error =>
  (cause as NodeJS.ErrnoException).code === 'ENOENT' ? new Error(NO_DOTNET, { cause }) : cause;

/** One question at a time, answers in order; a dead engine fails what waits with its last words. */
function conversation(child: ChildProcessByStdio<Writable, Readable, Readable>): (request: object) => Promise<unknown> {
  const waiting: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[] = [];
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-4000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Record<string, unknown>;
    const next = waiting.shift();
    if (typeof answer.failure === 'string') next?.reject(new Error(`The PowerShell engine failed: ${answer.failure}`));
    else next?.resolve(answer);
  });
  let ended: Error | undefined;
  const end = (why: Error) => {
    ended ??= why;
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  child.once('close', (code, signal) => end(new Error(`The PowerShell engine ended (${code ?? signal}): ${words}`)));
  child.once('error', (error) => end(noProgram(error)));
  // A question to an engine that is ending is answered by its end.
  child.stdin.on('error', () => {});
  return (request) =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended);
      waiting.push({ resolve, reject });
      child.stdin.write(`${JSON.stringify(request)}\n`);
    });
}
