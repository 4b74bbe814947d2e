/** One pass: what was seen, the rows that it writes into, and what is to be done. */

import type { AzureError } from '../errors.ts';
import type { Survey } from '../evaluate/survey.ts';
import type { Finding } from '../model/findings.ts';
import type { GuestCommand } from '../model/guest.ts';
import type { HistoryRow } from '../model/history.ts';
import type { IdKey } from '../model/ids.ts';
import type { LeaseRow } from '../model/lease.ts';
import type { NewsRow } from '../model/news.ts';
import type { Evaluation } from '../model/path.ts';
import type { CommandSlot, CommandView } from '../model/ports.ts';
import type { FrontendRow, HealthQuestion, OutcomeRow, RunRow, VmRow } from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { LogLine, Step, StepFields } from '../model/steps.ts';
import { rowKey, type Versioned } from '../model/store.ts';
import type { AgentView } from '../model/surroundings.ts';
import type { BackendHealth } from '../model/topology.ts';
import type { Intake } from './intake.ts';
import type { Outcomes, Rows } from './rows.ts';

/**
 * What Azure showed of a command in flight; `view` undefined: no such command. `agent` was read for a command that is
 * still to be sent. `at` is when it was asked, epoch milliseconds: what it showed is as old as that.
 */
export type Look =
  | { kind: 'seen'; at: number; view: CommandView | undefined; agent?: AgentView }
  | { kind: 'failed'; at: number; error: AzureError };

/** What asking a frontend's rule for health gave. */
export type HealthAnswer =
  /** `at`: when it was asked, where that was before this pass. */
  | { kind: 'known'; backends: BackendHealth[]; at?: number }
  | { kind: 'unfinished'; question: HealthQuestion }
  | { kind: 'failed'; error: AzureError; question?: HealthQuestion };

/** What was read of other configured subscriptions, in this pass and after this loop's own intents were written. */
export interface Elsewhere {
  /** VMs with a command in flight. */
  commanded: readonly VmRow[];
  /** Rows of members of the frontends that are shared with them. */
  members: ReadonlyMap<IdKey, VmRow>;
}

/** Everything one pass has seen. Plain data: decide is a function of it. */
export interface Observed {
  subscriptionId: string;
  /** Epoch milliseconds. */
  now: number;
  /** Open runs; of those that nobody has planned yet no more than a pass can use. */
  runs: Versioned<RunRow>[];
  /** Which of them are planned now, and which join another. */
  intake: Intake;
  /** The open outcomes of these runs, and every outcome of those in `whole`. */
  outcomes: Versioned<OutcomeRow>[];
  /** Runs of which every outcome was read. */
  whole: ReadonlySet<string>;
  /** Those with a command in flight; all of them where the estate was read. */
  vms: Versioned<VmRow>[];
  /** Empty where nothing needed them. */
  frontends: Versioned<FrontendRow>[];
  /** How paths stood when it was last noted, where the estate was read. */
  histories?: Versioned<HistoryRow>[];
  /** By VM, for each command in flight. */
  looks: ReadonlyMap<IdKey, Look>;
  /** By frontend, for each that was asked in this pass. */
  health: ReadonlyMap<IdKey, HealthAnswer>;
  /** Rows of VMs and frontends that cannot be read or written, by row key, with what is said of them. */
  unusable: ReadonlyMap<string, Finding>;
  /** Outcomes that cannot be read: row keys by run. */
  unreadableOutcomes: ReadonlyMap<string, ReadonlySet<string>>;
  /** Other subscriptions' VMs, where this pass needs to know of them. */
  elsewhere?: Elsewhere;
  /** What was told: of all VMs where the estate was read, of the subscription where a run is open or Azure refuses. Nothing is told where it was not read. */
  news?: Versioned<NewsRow>[];
  /** Row keys of those that cannot be read. */
  unreadableNews?: ReadonlySet<string>;
  /** What Azure refuses as of this pass. */
  refusing?: LeaseRow['refusing'];
  /** Not read when nothing needed it. */
  survey?: Survey;
  /** Why the estate could not be read. */
  estateError?: AzureError;
}

export type Effect =
  | {
      kind: 'send';
      /** The runs that it serves. */
      runIds: readonly string[];
      vmId: string;
      seq: number;
      os: 'linux' | 'windows';
      location: string;
      slot: CommandSlot;
      command: GuestCommand;
      timeoutSeconds: number;
      tags: Record<string, string>;
    }
  | { kind: 'cancel'; runIds: readonly string[]; vmId: string; seq: number; slot: CommandSlot };

/** A row to write: without an ETag it is new. */
export type RowWrite =
  | { table: 'runs'; row: RunRow; etag?: string }
  | { table: 'outcomes'; row: OutcomeRow; etag?: string }
  | { table: 'vms'; row: VmRow; etag?: string }
  | { table: 'frontends'; row: FrontendRow; etag?: string }
  | { table: 'news'; row: NewsRow; etag?: string };

export interface Pass {
  readonly seen: Observed;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly settings: LoopSettings;
  readonly runs: Rows<string, RunRow>;
  readonly outcomes: Outcomes;
  readonly vms: Rows<IdKey, VmRow>;
  readonly frontends: Rows<IdKey, FrontendRow>;
  readonly news: Rows<IdKey, NewsRow>;
  /** What Azure's lists say today, with what stays in guests; undefined where they were not read. */
  readonly survey: Survey | undefined;
  /** VIPs with somebody to connect to, as far as is known. To be asked once this pass's answers about health are in. */
  healthyVips(): ReadonlySet<string>;
  readonly effects: Effect[];
  /** Runs for the loops of other subscriptions. */
  readonly handed: RunRow[];
  readonly log: LogLine[];
}

/** A pass that has the estate. */
export interface EstatePass extends Pass {
  readonly survey: Survey;
  readonly evaluation: Evaluation;
}

/** Puts a line into the log. */
export function tell<S extends Step>(pass: Pass, step: S, fields: StepFields[S]): void {
  pass.log.push({ step, fields });
}

/** Why nothing is done about a VM or frontend whose row cannot be used; undefined where it can. */
export const whyUnusable = ({ seen }: Pass, key: IdKey): Finding | undefined =>
  seen.unusable.size === 0 ? undefined : seen.unusable.get(rowKey(key));

/**
 * All writes of a pass, in the order in which they must be made: new runs first (their signal must not be lost), then
 * what later rows rest on. An outcome says `commanded` only after its VM's row holds the command, and a run ends only
 * after its outcomes did.
 */
export function writesOf(pass: Pass): RowWrite[] {
  const runs = pass.runs.changes().map((change): RowWrite => ({ table: 'runs', ...change }));
  return [
    ...runs.filter((write) => write.etag === undefined),
    ...pass.handed.map((row): RowWrite => ({ table: 'runs', row })),
    ...pass.frontends.changes().map((change): RowWrite => ({ table: 'frontends', ...change })),
    ...pass.vms.changes().map((change): RowWrite => ({ table: 'vms', ...change })),
    ...pass.outcomes.changes().map((change): RowWrite => ({ table: 'outcomes', ...change })),
    // Nobody tells a second time that a run has ended.
    ...pass.news.changes().map((change): RowWrite => ({ table: 'news', ...change })),
    ...runs.filter((write) => write.etag !== undefined),
  ];
}
