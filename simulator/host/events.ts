/** What the host process tells its parent, and what it is told. JSON over the IPC channel. */

export type TriggerKind = 'http' | 'queue' | 'timer' | 'eventGrid' | 'manual';

/** One finished run of a function. */
export interface Invocation {
  function: string;
  id: string;
  trigger: TriggerKind;
  ok: boolean;
  /** When it began, epoch milliseconds. */
  startedAt: number;
  ms: number;
  /** Message of what was thrown. */
  error?: string;
  /** Queue triggers: how often the message has been taken, this time included. */
  dequeueCount?: number;
  /** Queue messages that output bindings sent. */
  sent: number;
}

/** One line of log. `function` and `invocationId` are empty for the host itself and for `console`. */
export interface LogLine {
  time: string;
  function: string;
  invocationId: string;
  level: 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none';
  /** `user`: context.log; `system`: the library; `host`: this host; `console`: stdout and stderr of the process. */
  category: 'user' | 'system' | 'host' | 'console';
  message: string;
}

/** What a host process is started with. */
export interface StartMessage {
  kind: 'start';
  appFolder: string;
  settings: Record<string, string>;
  /** First port to try; 0 for any. */
  port: number;
  only: string[] | undefined;
  /** Seconds that a message is hidden while its function runs. */
  runningVisibilitySeconds: number;
  /** Folder where timers keep their status over restarts. */
  stateFolder: string | undefined;
}

export type ToHost =
  | StartMessage
  | { kind: 'run'; request: number; name: string; input: string | undefined }
  | { kind: 'drain' };

export type FromHost =
  | { kind: 'ready'; url: string; port: number; functions: FunctionSummary[]; loadMs: number }
  | { kind: 'failed'; message: string; nextStep: string }
  | { kind: 'drained' }
  | { kind: 'log'; line: LogLine }
  | { kind: 'began'; function: string; id: string }
  | { kind: 'invocation'; invocation: Invocation }
  | { kind: 'ran'; request: number; invocation?: Invocation; error?: string };

/** A function that the host runs, as Core Tools lists it. */
export interface FunctionSummary {
  name: string;
  trigger: Exclude<TriggerKind, 'manual'>;
  /** HTTP: the address; queue: the queue's name; timer: the schedule. */
  detail: string;
  methods?: string[];
}
