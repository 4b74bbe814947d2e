/**
 * A Functions host on this machine: runs the built app (a folder with host.json and package.json's `main`) in a Node
 * process of its own, by the library's real invocation model, with HTTP, queue, timer and Event Grid triggers.
 *
 * What differs from the real host:
 * - Keys: none is asked for, whatever authLevel says (as Core Tools); no Easy Auth, no CORS.
 * - Bindings: http, queue, timer and Event Grid triggers, http and queue outputs; a function with any other binding or
 *   with a retry policy stops the start with its name. Connections are connection strings, not identities.
 * - Load failures: an app that does not load fails the start; the real host starts with no functions.
 * - Timers: times are UTC; a timer's lock over several hosts is missing: two hosts of one app run it twice; its
 *   status is a file, and only where a folder for it is given. TimeSpan schedules are refused.
 * - Queues: the visibility of running messages (10 minutes) can be shortened for tests; the pace that host.json sets
 *   is obeyed, scaling out is not done: start one host per function (`only`) to have it as Flex scales.
 * - HTTP: route templates without defaults and mixed segments, constraints int, long, guid, alpha and bool; no proxy
 *   streaming; chunks of a response are sent when all are there.
 * - functionTimeout, singleton and dynamic concurrency settings of host.json are not obeyed. Logging goes to the
 *   parent as it is; nothing is sampled.
 * - On a stop or SIGTERM the host takes nothing new and waits for running functions without a limit of its own; the
 *   caller sets it. The real one has 60 minutes when Flex scales in and 10 when the platform is updated
 *   (functions-timeout-duration.md). Its drain by POST /admin/host/drain is missing here; real hosts with a queue
 *   extension older than azure-sdk-for-net#50426 do not delete the messages of functions that end well after it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { GuardError } from '../../shared/errors.ts';
import type { FromHost, FunctionSummary, Invocation, LogLine, StartMessage, ToHost } from './events.ts';

/** Core Tools' port. */
const PORT = 7071;
const START_LIMIT_MS = 180_000;
const STOP_LIMIT_MS = 30_000;
/** What a child needs of this process' environment; the rest is the app settings alone. */
const INHERITED = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TEMP',
  'TMP',
  'SYSTEMROOT',
  'LANG',
  'NODE_COMPILE_CACHE',
  'NODE_V8_COVERAGE',
];

export interface HostOptions {
  /** The built app: host.json, package.json with `main`. */
  appFolder: string;
  /** App settings, the app's environment. */
  settings: Record<string, string>;
  /** First port to try; taken ones are passed over. 0: any. Default 7071. */
  port?: number;
  /** Names of the functions to run; the others stay asleep. Default: all. */
  only?: string[];
  /** PEM file of a certificate authority that the app trusts besides the usual ones. */
  extraCaFile?: string;
  /** Seconds that a queue message is hidden at a time while its function runs. Default 600, as the real host. */
  runningVisibilitySeconds?: number;
  /** Folder where timers keep their status, so that a missed time is made up for after a restart. */
  stateFolder?: string;
  onLog?: (line: LogLine) => void;
  onInvocation?: (invocation: Invocation) => void;
  /** A function begins. */
  onBegin?: (name: string, invocationId: string) => void;
}

export interface Host {
  url: string;
  port: number;
  pid: number;
  /** Names of the functions that run here. */
  functions: string[];
  summaries: FunctionSummary[];
  /** Milliseconds that the app took to load. */
  loadMs: number;
  /** Finished runs, oldest first; the last 20,000 at least. */
  invocations: Invocation[];
  /** Log lines, oldest first; the last 20,000 at least. */
  logs: LogLine[];
  /** Runs a function now and waits for its end, as POST /admin/functions/NAME does without waiting. */
  runFunction(name: string, input?: string): Promise<Invocation>;
  /** Lets running functions finish, then ends the process; kills it after the limit (default 30 s). */
  stop(limitMs?: number): Promise<void>;
  /** Ends the process as a crash does. */
  kill(): Promise<void>;
  /** Resolves to true when the process ended by itself, false when stop or kill ended it. */
  ended: Promise<boolean>;
}

const MOST_KEPT = 20_000;

/** Starts a host and waits until its functions listen. Throws what kept the app from loading. */
export async function startHost(options: HostOptions): Promise<Host> {
  const child = spawnHost(options);
  const logs: LogLine[] = [];
  const invocations: Invocation[] = [];
  const waiting = new Map<number, { resolve(invocation: Invocation): void; reject(error: Error): void }>();
  const ready = Promise.withResolvers<Extract<FromHost, { kind: 'ready' }>>();
  let asked = 0;
  let ending = false;

  const log = (line: LogLine): void => {
    keep(logs, line);
    options.onLog?.(line);
  };
  forwardConsole(child, log);
  child.on('message', (message: FromHost) => {
    if (message.kind === 'ready') ready.resolve(message);
    else if (message.kind === 'failed') ready.reject(new GuardError('STATE_FAILED', message.message, message.nextStep));
    else if (message.kind === 'log') log(message.line);
    else if (message.kind === 'began') options.onBegin?.(message.function, message.id);
    else if (message.kind === 'invocation') {
      keep(invocations, message.invocation);
      options.onInvocation?.(message.invocation);
    } else if (message.kind === 'ran') {
      const asker = waiting.get(message.request);
      waiting.delete(message.request);
      if (message.invocation) asker?.resolve(message.invocation);
      else asker?.reject(new GuardError('NOT_FOUND', message.error ?? '', 'Look at the names of the functions.'));
    }
  });
  const gone = (): GuardError => new GuardError('STATE_FAILED', 'The Functions host has ended.', 'Look at its log.');
  const ended = new Promise<boolean>((done) => {
    child.once('exit', () => {
      const error = gone();
      ready.reject(error);
      for (const { reject } of waiting.values()) reject(error);
      done(!ending);
    });
  });
  const limit = setTimeout(() => ready.reject(gone()), START_LIMIT_MS);
  const { url, port, functions, loadMs } = await ready.promise
    .catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    })
    .finally(() => clearTimeout(limit));

  const end = async (): Promise<void> => {
    await ended;
  };
  return {
    url,
    port,
    pid: child.pid ?? 0,
    functions: functions.map(({ name }) => name),
    summaries: functions,
    loadMs,
    invocations,
    logs,
    ended,
    runFunction(name, input) {
      if (child.exitCode !== null || child.signalCode !== null) return Promise.reject(gone());
      const request = ++asked;
      const answer = new Promise<Invocation>((accept, reject) => waiting.set(request, { resolve: accept, reject }));
      send(child, { kind: 'run', request, name, input });
      return answer;
    },
    async stop(limitMs = STOP_LIMIT_MS) {
      ending = true;
      const slow = setTimeout(() => child.kill('SIGKILL'), limitMs);
      if (child.connected) send(child, { kind: 'drain' });
      await end();
      clearTimeout(slow);
    },
    async kill() {
      ending = true;
      child.kill('SIGKILL');
      await end();
    },
  };
}

/** Adds to a list that stays bounded however long the host runs. */
function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > 2 * MOST_KEPT) list.splice(0, MOST_KEPT);
}

function spawnHost(options: HostOptions): ChildProcess {
  const inherited = Object.fromEntries(
    INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
  const child = fork(fileURLToPath(new URL('child.ts', import.meta.url)), [], {
    execArgv: [],
    // Ctrl+C in a terminal then reaches the parent alone, which ends its children in order.
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...inherited,
      TZ: 'UTC',
      AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
      ...(options.extraCaFile && { NODE_EXTRA_CA_CERTS: options.extraCaFile }),
      ...options.settings,
    },
  });
  const start: StartMessage = {
    kind: 'start',
    appFolder: resolve(options.appFolder),
    settings: options.settings,
    port: options.port ?? PORT,
    only: options.only,
    runningVisibilitySeconds: options.runningVisibilitySeconds ?? 600,
    stateFolder: options.stateFolder,
  };
  send(child, start);
  return child;
}

/** A send to a process that just ended is no error here: its 'exit' tells. */
function send(child: ChildProcess, message: ToHost): void {
  child.send(message, () => undefined);
}

function forwardConsole(child: ChildProcess, log: (line: LogLine) => void): void {
  for (const [stream, level] of [
    [child.stdout, 'information'],
    [child.stderr, 'error'],
  ] as const) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (message) => {
      log({ time: new Date().toISOString(), function: '', invocationId: '', level, category: 'console', message });
    });
  }
}
