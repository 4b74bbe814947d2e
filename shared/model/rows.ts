/** The rows that are the program's truth. Times are epoch milliseconds. Long: the rows are read side by side. */
import type { CommandFailureCode } from './commandFailures.ts';
import type { Exposure, Finding, Verdict } from './findings.ts';
import type { ConnectOutcome, Drift, GuestCommand, GuestMode, GuestOs, GuestPlan, PlannedFrontend } from './guest.ts';
import type { GuestLook, Proof } from './path.ts';
import type { CommandSlot } from './ports.ts';
import type { Signal } from './signal.ts';
import type { BackendHealth } from './topology.ts';

/** `accepted`: nothing looked at yet. `running`: its VMs are known. `settled`, `failed`: ended. */
export type RunState = 'accepted' | 'running' | 'settled' | 'failed';

/** A failover's announcement against the probes. */
export interface Confirmation {
  state: 'pending' | 'confirmed' | 'refused';
  vmId: string;
  frontendIds: string[];
  /** Asked no longer than this. */
  until: number;
  at?: number;
}

/** VMs by how they ended, for a run that has. */
export interface RunCounts extends Record<OutcomeResult, number> {
  vms: number;
  /** Commands that its VMs were given. One that serves several runs counts for each. */
  commands: number;
  /** VMs whose guest was looked at for it. */
  looked: number;
  /** VMs that are compliant by an earlier look. */
  believed: number;
}

/** A person wants a run to end. */
export interface Cancel {
  /** A name, or that it was a function key. */
  by: string;
  at: number;
  /** The log has it. */
  told?: true;
}

export interface RunRow extends Signal {
  state: RunState;
  counts: RunCounts;
  /** VMs in its scope that were compliant by a fresh look and got no outcome. */
  fresh: number;
  /** When the latest signal that joined it was accepted. */
  latestAt?: number;
  /** Nobody was asked or sent anything for it yet: later signals about the same may join it though its VMs are known. */
  gathers?: true;
  /** The run that it joined: that one does the work for both. */
  joined?: string;
  /** The subscription whose loop found that the run is about VMs of this one too. */
  handedBy?: string;
  confirmation?: Confirmation;
  cancel?: Cancel;
  /** Why it could not go on so far, or failed. */
  reason?: { code: string; text: string; at: number };
  /** When its VMs became known: what it may take counts from then. */
  startedAt?: number;
  settledAt?: number;
}

/** A request with an `Idempotency-Key`: which run it made, so that the same request again is answered with the same. */
export interface RequestRow {
  /** sha256 of the key, by which it is found. */
  keyHash: string;
  runId: string;
  /** Of what was asked for: another request under the same key has another one. */
  fingerprint: string;
  /** When it was accepted. */
  at: number;
}

/** How a VM ended in a run. */
export const OUTCOME_RESULTS = [
  'compliant',
  'repaired',
  'repairable',
  'blocked',
  'unknown',
  'failed',
  'removed',
  'superseded',
  'planned',
  'cancelled',
] as const;

export type OutcomeResult = (typeof OUTCOME_RESULTS)[number];

/** One path as a run left it. */
export interface OutcomePath {
  frontendId: string;
  vip: string;
  exposure: Exposure;
  verdict: Verdict;
  proof: Proof;
  /** What is set and not proved, see Path. */
  notProved?: string[];
  findings: Finding[];
  before?: { drift: Drift[]; outcome: ConnectOutcome; ms: number };
  after?: { drift: Drift[]; outcome: ConnectOutcome; ms: number };
}

/** One VM in a run. */
export interface OutcomeRow {
  runId: string;
  vmId: string;
  state: 'waiting' | 'commanded' | 'settled';
  /** The command it waits for or that settled it. */
  seq?: number;
  /** Commands that it was given; none when not there. */
  commands?: number;
  result?: OutcomeResult;
  /** Findings on the VM that are on no path. */
  findings: Finding[];
  paths: OutcomePath[];
  changed: number;
  /** The guest was looked at for it: a command brought a report. */
  looked?: true;
  warnings: string[];
  /** Why it waits, for people: a code such as `MEMBER_BUSY`. */
  waitingFor?: string;
  /** Not before this, while it waits for something that takes its time. */
  notBefore?: number;
  /** What a dry run would have sent. */
  planned?: { os: GuestOs } & Pick<GuestCommand, 'plan' | 'networks' | 'limits'>;
  settledAt?: number;
}

/** What Azure answered to a PUT or DELETE that it did not accept. */
export interface CommandRefusal {
  code: CommandFailureCode;
  status: number;
  /** Azure’s own code. */
  azureCode?: string;
  action: string;
  /** In Azure’s words. */
  text: string;
  at: number;
  /** Not tried again before this. */
  notBefore: number;
}

/**
 * `intended`: written before anything is asked of Azure. `sent`: written before the PUT.
 * `cancelling`: written before the DELETE; the VM stays taken until Azure shows the end.
 */
export type CommandPhase = 'intended' | 'sent' | 'cancelling';

export interface CommandRow {
  seq: number;
  mode: GuestMode;
  slot: CommandSlot;
  phase: CommandPhase;
  runIds: string[];
  plan: GuestPlan;
  planHash: string;
  /** Ids of the plan's frontends, in its order. */
  frontendIds?: (string | null)[];
  /** VIPs of all frontends that the VM is a member of, planned or not: their other members wait. */
  vips: string[];
  /**
   * Ids of those frontends that loops of other subscriptions work on too, and of subscriptions that may hold some;
   * absent where there are none.
   */
  shared?: string[];
  /** Those of the VIPs that had a healthy backend when it was sent, as far as was known. */
  healthyVips?: string[];
  intendedAt: number;
  sentAt?: number;
  /** Past this it counts as failed and is cancelled. */
  deadline: number;
  /** When it was first asked to be deleted, and how often so far. */
  cancelled?: { at: number; times: number };
  /** Its run was cancelled by a person, before its time was up. */
  stopped?: true;
  /** It could not be sent so far: for how long that was seen, milliseconds, and when last. */
  heldUp?: { ms: number; at: number };
  /** Azure has shown it: the deadline counts from then. */
  shown?: true;
  /** startTime that Azure showed before the PUT: a view with the same one is the previous execution. */
  priorStart?: string;
  refusal?: CommandRefusal;
}

/**
 * True for a command that takes one of the places under the ceiling: one that outlasted its deadline is cancelled, and does
 * not. One whose run was cancelled goes on in the guest until it is stopped: it does, until its deadline.
 */
export const hasPlace = ({ phase, stopped, deadline }: Readonly<CommandRow>, now: number): boolean =>
  phase !== 'cancelling' || (stopped === true && now < deadline);

/** A VIP as it was put into a guest: what it takes to leave it there when no plan has it any more. */
export interface PlacedFrontend {
  /** Undefined where it was not known when it was put there. */
  frontendId?: string;
  planned: PlannedFrontend;
  /** When its frontend was first listed without this VM. */
  absentSince?: number;
}

export interface VmRow {
  vmId: string;
  location: string;
  os: GuestOs;
  /** Number of the last command. */
  seq: number;
  slot: CommandSlot;
  command?: CommandRow;
  look?: GuestLook;
  /** When it was last seen stopped, or its agent not ready: what was seen in the guest before is no proof any more. */
  awayAt?: number;
  proofs: Record<string, Proof>;
  /** What the guest is known to hold, as its reports say. */
  placed?: PlacedFrontend[];
  hold?: { runId: string; at: number };
  /** What the last command came to. `look.at` equals `endedAt` when it brought a report. */
  last?: {
    seq: number;
    mode: GuestMode;
    endedAt: number;
    changed: number;
    warnings: string[];
    failure?: Finding;
    /** Azure did not take the command because the VM or Azure is busy: not asked again before this. */
    retryAt?: number;
  };
  findings: Finding[];
}

/** A question to rule health that Azure has not answered yet. */
export interface HealthQuestion {
  ruleId: string;
  /** The URL that will answer. */
  location: string;
  /** When it was put: what is answered may be as old as that. */
  since: number;
  /** Not asked again before this. */
  notBefore: number;
}

/** A rule of a frontend with other pools or another probe than the one that is asked for it, and its own health. */
export interface OtherRule {
  ruleId: string;
  backends: BackendHealth[];
  /** When its health was last known, and last asked for; 0 never. */
  knownAt: number;
  askedAt: number;
  asking?: HealthQuestion;
}

export interface FrontendRow {
  frontendId: string;
  vip: string;
  healthRuleId?: string;
  probeSeconds: number;
  mirror: boolean;
  backends: BackendHealth[];
  /** When health that is known was asked for; 0 never. */
  knownAt: number;
  /** When it was last asked for; 0 never. */
  askedAt: number;
  /** Asked for, and not answered yet: gone on with by the next passes. */
  asking?: HealthQuestion;
  /** Azure refused to tell its health. */
  refused?: { code: string; action: string; text: string; at: number };
  /** Its rules with other pools or another probe. */
  others?: OtherRule[];
  /** The own addresses of each member that has several: any of them stands for the member. */
  together?: string[][];
  /** Address of the one member that is up with evidence, kept while there is none; its first one where it has several. */
  primaryAddress?: string;
  primarySince?: number;
  /** Set by a failed apply; members are left alone until a success or a person clears it. */
  halted?: { vmId: string; runId: string; at: number };
}

/** No VM counted yet. */
export const noCounts = (): RunCounts => ({
  vms: 0,
  compliant: 0,
  repaired: 0,
  repairable: 0,
  blocked: 0,
  unknown: 0,
  failed: 0,
  removed: 0,
  superseded: 0,
  planned: 0,
  cancelled: 0,
  commands: 0,
  looked: 0,
  believed: 0,
});

/** The row of a run just accepted. */
export const acceptedRun = (signal: Signal): RunRow => ({ ...signal, state: 'accepted', counts: noCounts(), fresh: 0 });

/** True while a run has something left to do. */
export const isOpen = (run: RunRow): boolean => run.state === 'accepted' || run.state === 'running';

/** True while the probes have not spoken to a failover's notice: the run must not send commands yet. */
export const isUnconfirmed = ({ confirmation }: RunRow): boolean => confirmation?.state === 'pending';
