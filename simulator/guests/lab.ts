/**
 * What a lab of guests can do, whether its guests are network stacks of this machine's kernel or a model of them.
 * Names are those of the estate.
 */
import type { Estate } from '../estate/estate.ts';

export type LabConnectOutcome = 'ok' | 'timeout' | 'refused' | 'reset' | 'unreachable' | 'error';

export interface LabConnect {
  outcome: LabConnectOutcome;
  ms: number;
  /** The client's own address and port. */
  local?: string;
  /** What the server said: which VM and mirror answered, and the peer it saw, `vm/mirror 10.0.1.11:40000`. */
  answer?: string;
}

export interface ScriptResult {
  /** Undefined when the time-out ended it. */
  exitCode?: number;
  timedOut: boolean;
  stdout: string;
  stderr: string;
}

/** Packets and flows that the load balancer saw for one VIP since the last reset. */
export interface VipCounters {
  vip: string;
  /** Flows translated (nat chain). */
  flows: number;
  /** Packets of translated flows (filter chain, `ct status dnat`), towards the backend and back. */
  packetsTo: number;
  packetsFrom: number;
}

/** A backend's state by the load balancer's own probes, as rule health shows it. */
export interface LabBackend {
  address: string;
  /** `vm/nic/ip` of a NIC-based member. */
  member?: string;
  up: boolean;
  reason:
    | 'Up_Probe_Success'
    | 'Down_Probe_HttpStatusCodeError'
    | 'Down_Probe_TcpConnectError'
    | 'Down_Probe_HttpEndpointUnreachable'
    | 'Up_Admin'
    | 'Down_Admin'
    | 'Up_Probe_AllDownIsUp';
}

/** Faults of the lab itself, for negative controls: what a broken world would do. */
export interface LabLies {
  /** The load balancer translates nothing. */
  noTranslation?: boolean;
  /** Rule health says this member (`vm/nic/ip`) is up and all others down, whatever the probes see. */
  probeSays?: string;
}

export interface GuestLab {
  readonly kind: 'kernel' | 'model';
  /**
   * Runs a script as the Run Command handler does: own folder, `/bin/bash -c <path>`, root, direct child killed on
   * time-out, and at once when `signal` aborts (the command was deleted or replaced); the result is then not looked at.
   */
  runScript(vm: string, script: string, timeoutSeconds: number, signal?: AbortSignal): Promise<ScriptResult>;
  /** Runs a program inside the guest, as a person at its console would. */
  exec(vm: string, argv: string[]): Promise<ScriptResult>;
  /** One TCP connect from inside the guest, with an answer read from the server. */
  connect(
    vm: string,
    target: { address: string; port: number; timeoutMs: number; source?: string },
  ): Promise<LabConnect>;
  /** Makes a member primary and the others backup, at once; undefined: nobody. */
  setPrimary(mirror: string, vm: string | undefined): Promise<void>;
  /** The backends of a rule by the probes. */
  health(loadBalancer: string, rule: string): Promise<LabBackend[]>;
  counters(): Promise<VipCounters[]>;
  resetCounters(): Promise<void>;
  lie(lies: LabLies): Promise<void>;
  /** Takes every guest back to how it booted (addresses, routes, rules, files), power and primaries as in the estate, no lies, counters at 0. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** A lab whose VMs can be turned off and on. */
export interface PowerLab extends GuestLab {
  /**
   * Turns a VM on or off. Off: its addresses are dead, its instances gone, and no mirror has its primary there any more.
   * On: it boots afresh as at first, with backup instances; resolves when it is up.
   */
  setPower(vm: string, power: 'on' | 'off'): Promise<void>;
}

export interface LabOptions {
  estate: Estate;
  /** One line per noteworthy thing. */
  log?: (text: string) => void;
}
