/** The run document: what a person or a script sees of one run, with a line per VM. */

import { renderScript } from '../guest/render.ts';
import { readWarning } from '../guest/warnings.ts';
import { type Finding, findingText } from '../model/findings.ts';
import type { GuestPlan } from '../model/guest.ts';
import { shortName } from '../model/ids.ts';
import { isOpen, type OutcomePath, type OutcomeRow, type RunRow } from '../state/rows.ts';
import type { Store } from '../state/store.ts';

export interface FindingView {
  code: string;
  text: string;
}

export interface RunPathView {
  frontend: string;
  vip: string;
  exposure: string;
  verdict: string;
  proof: { kind: string; at?: string };
  findings: FindingView[];
  before?: { drift: string[]; outcome: string; ms: number };
  after?: { drift: string[]; outcome: string; ms: number };
}

export interface RunVmView {
  vm: string;
  vmId: string;
  state: string;
  result?: string;
  waitingFor?: string;
  changed: number;
  /** What a person should know though no path is wrong. */
  warnings: FindingView[];
  findings: FindingView[];
  paths: RunPathView[];
  /** Of a dry run: the plan, and the very script that would be sent (with a command id of zeros). */
  plan?: GuestPlan;
  script?: string;
}

/** A run without its VMs. */
export interface RunSummary {
  runId: string;
  signal: string;
  mode: string;
  dryRun: boolean;
  /** `accepted`, `running`, `settled`, `failed`: of several subscriptions the one that is furthest behind. */
  state: string;
  acceptedAt: string;
  settledAt?: string;
  scope: string[];
  /** The run that it repeats. */
  retryOf?: string;
  event?: { source: string; id: string; time: string };
  confirmation?: { state: string; afterMs?: number };
  reason?: { code: string; text: string };
  counts: RunRow['counts'];
}

export interface RunView extends RunSummary {
  vms: RunVmView[];
}

/** Reads a run from every subscription that may hold a row of it. */
export async function readRunView(
  store: Pick<Store, 'runs' | 'outcomes'>,
  subscriptionIds: readonly string[],
  runId: string,
): Promise<RunView | undefined> {
  const runs = await readRunRows(store, subscriptionIds, runId);
  if (runs.length === 0) return undefined;
  const outcomes = (await store.outcomes.list(runId)).map(({ row }) => row);
  // In a run that has ended nothing waits: such a line was written by a loop that had lost its lease, and is nobody's.
  const isEnded = runs.every((run) => !isOpen(run));
  return runView(runs, isEnded ? outcomes.filter(({ state }) => state === 'settled') : outcomes);
}

/** The rows of a run; empty when no subscription has one. */
export async function readRunRows(
  store: Pick<Store, 'runs'>,
  subscriptionIds: readonly string[],
  runId: string,
): Promise<RunRow[]> {
  const found = await Promise.all(subscriptionIds.map((id) => store.runs.get(id, runId)));
  return found.flatMap((versioned) => (versioned ? [versioned.row] : []));
}

/** Makes the document from its rows. At least one run row. */
export function runView(runs: readonly RunRow[], outcomes: readonly OutcomeRow[]): RunView {
  const run = furthestBehind(runs)[0] as RunRow;
  return {
    ...runSummary(runs),
    vms: outcomes.map((outcome) => vmView(outcome, run)).toSorted((a, b) => a.vm.localeCompare(b.vm)),
  };
}

const ORDER = ['failed', 'accepted', 'running', 'settled'];
const furthestBehind = (runs: readonly RunRow[]): RunRow[] =>
  runs.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));

/** The run without its VMs, from its rows. At least one. */
export function runSummary(runs: readonly RunRow[]): RunSummary {
  const sorted = furthestBehind(runs);
  const run = sorted[0] as RunRow;
  const { confirmation, event } = run;
  const reason = sorted.find((row) => row.reason)?.reason;
  const ended = runs.every((row) => row.settledAt !== undefined)
    ? Math.max(...runs.map((row) => row.settledAt ?? 0))
    : undefined;
  return {
    runId: run.runId,
    signal: run.signal,
    mode: run.mode,
    dryRun: run.dryRun,
    state: run.state,
    acceptedAt: iso(run.observedAt),
    ...(ended === undefined ? {} : { settledAt: iso(ended) }),
    scope: runs.flatMap((row) => row.scope.map((item) => item.id)),
    ...(run.retryOf === undefined ? {} : { retryOf: run.retryOf }),
    ...(event ? { event } : {}),
    ...(confirmation
      ? {
          confirmation: {
            state: confirmation.state,
            ...(confirmation.at === undefined ? {} : { afterMs: confirmation.at - run.observedAt }),
          },
        }
      : {}),
    ...(reason ? { reason: { code: reason.code, text: reason.text } } : {}),
    counts: runs.map((row) => row.counts).reduce(addCounts),
  };
}

const addCounts = (a: RunRow['counts'], b: RunRow['counts']): RunRow['counts'] => {
  const sum = { ...a };
  for (const key of Object.keys(b) as (keyof RunRow['counts'])[]) sum[key] += b[key];
  return sum;
};

const vmView = (outcome: OutcomeRow, run: RunRow): RunVmView => ({
  vm: shortName(outcome.vmId),
  vmId: outcome.vmId,
  state: outcome.state,
  ...(outcome.result === undefined ? {} : { result: outcome.result }),
  ...(outcome.waitingFor === undefined ? {} : { waitingFor: outcome.waitingFor }),
  changed: outcome.changed,
  warnings: outcome.warnings.map(readWarning),
  findings: outcome.findings.map(findingView),
  paths: outcome.paths.map(pathView),
  ...(outcome.planned ? { plan: outcome.planned.plan, script: plannedScript(outcome.planned, run) } : {}),
});

const plannedScript = ({ os, plan, limits }: NonNullable<OutcomeRow['planned']>, run: RunRow): string =>
  renderScript(os, { commandId: '0'.repeat(32), mode: run.mode, plan, limits });

const pathView = (path: OutcomePath): RunPathView => ({
  frontend: path.frontendId,
  vip: path.vip,
  exposure: path.exposure,
  verdict: path.verdict,
  proof: { kind: path.proof.kind, ...(path.proof.at > 0 ? { at: iso(path.proof.at) } : {}) },
  findings: path.findings.map(findingView),
  ...(path.before ? { before: path.before } : {}),
  ...(path.after ? { after: path.after } : {}),
});

const findingView = (item: Finding): FindingView => ({ code: item.code, text: findingText(item) });
const iso = (ms: number): string => new Date(ms).toISOString();
