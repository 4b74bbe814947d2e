/** The run document: what a person or a script sees of one run, with a line per VM. */
import { renderScript } from '../guest/render.ts';
import { readWarning } from '../guest/warnings.ts';
import { type Finding, finding, findingText } from '../model/findings.ts';
import type { GuestPlan } from '../model/guest.ts';
import { shortName } from '../model/ids.ts';
import { iso } from '../model/iso.ts';
import { defined } from '../model/optional.ts';
import { type Confirmation, isOpen, noCounts, type OutcomePath, type OutcomeRow, type RunRow } from '../model/rows.ts';
import type { Store, UnreadableRow } from '../model/store.ts';
import { waitText } from '../model/waits.ts';

/** A code for scripts, and what it says for people. */
export interface CodeView {
  code: string;
  text: string;
}

export interface RunPathView {
  frontend: string;
  vip: string;
  exposure: string;
  verdict: string;
  /** `saw`: the own addresses and ports that connects were seen to come back to, `10.0.1.10:1972`. */
  proof: { kind: string; at?: string; saw?: string[] };
  /** Of a compliant path: what is set and no connect was seen to come back to, `10.0.1.10:57772`. */
  notProved?: string[];
  findings: CodeView[];
  before?: { drift: string[]; outcome: string; ms: number };
  after?: { drift: string[]; outcome: string; ms: number };
}

export interface RunVmView {
  vm: string;
  vmId: string;
  state: string;
  result?: string;
  /** Why nothing was sent yet. */
  waitingFor?: CodeView;
  changed: number;
  /** What a person should know though no path is wrong. */
  warnings: CodeView[];
  findings: CodeView[];
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
  /** Who asked for it over HTTP: a person's name, or `function key`. */
  askedBy?: string;
  /** The run that it repeats. */
  retryOf?: string;
  /** The run that it joined: that one does the work for both. */
  joined?: string;
  event?: { source: string; id: string; time: string };
  /** Who cancelled it, and when that was asked. */
  cancelled?: { by: string; at: string };
  /** What the probes say to a failover, and how long they took. */
  confirmation?: { state: string; afterMs?: number };
  reason?: CodeView;
  counts: RunRow['counts'];
}

export interface RunView extends RunSummary {
  vms: RunVmView[];
  /** Its rows that cannot be read, and why: VMs of which nothing can be said. Not there when there are none. */
  unreadable?: CodeView[];
}

/** Reads a run from every subscription that may hold a row of it. */
export async function readRunView(
  store: Pick<Store, 'runs' | 'outcomes'>,
  subscriptionIds: readonly string[],
  runId: string,
): Promise<RunView | undefined> {
  const runs = await readRunRows(store, subscriptionIds, runId);
  if (runs.length === 0) return undefined;
  const unreadable: CodeView[] = [];
  const found = await store.outcomes.list(runId, 'all', {
    unreadable: (row) => unreadable.push(unreadableView(row)),
  });
  const outcomes = found.map(({ row }) => row);
  // In a run that has ended nothing waits: such a line was written by a loop that had lost its lease, and is nobody's.
  const isEnded = runs.every((run) => !isOpen(run));
  const view = runView(runs, isEnded ? outcomes.filter(({ state }) => state === 'settled') : outcomes);
  return unreadable.length > 0 ? { ...view, unreadable } : view;
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
  const reason = sorted.find((row) => row.reason)?.reason;
  const cancel = runs.find((row) => row.cancel)?.cancel;
  const ended = runs.every((row) => row.settledAt !== undefined)
    ? iso(Math.max(...runs.map((row) => row.settledAt ?? 0)))
    : undefined;
  return {
    runId: run.runId,
    signal: run.signal,
    mode: run.mode,
    dryRun: run.dryRun,
    state: run.state,
    acceptedAt: iso(run.observedAt),
    ...defined({ settledAt: ended }),
    scope: [...new Set(runs.flatMap((row) => row.scope.map((item) => item.id)))],
    ...defined({
      askedBy: run.askedBy,
      retryOf: run.retryOf,
      joined: run.joined,
      event: run.event,
      cancelled: cancel && { by: cancel.by, at: iso(cancel.at) },
      confirmation: run.confirmation && confirmationView(run.confirmation, run),
      reason: reason && { code: reason.code, text: reason.text },
    }),
    // An older program wrote fewer of them.
    counts: runs.map((row) => ({ ...noCounts(), ...row.counts })).reduce(addCounts),
  };
}

const confirmationView = ({ state, at }: Confirmation, { observedAt }: RunRow): RunSummary['confirmation'] => ({
  state,
  ...defined({ afterMs: at === undefined ? undefined : at - observedAt }),
});

const addCounts = (a: RunRow['counts'], b: RunRow['counts']): RunRow['counts'] => {
  const sum = { ...a };
  for (const key of Object.keys(b) as (keyof RunRow['counts'])[]) sum[key] += b[key];
  return sum;
};

const vmView = (outcome: OutcomeRow, run: RunRow): RunVmView => ({
  vm: shortName(outcome.vmId),
  vmId: outcome.vmId,
  state: outcome.state,
  ...defined({
    result: outcome.result,
    waitingFor: outcome.waitingFor === undefined ? undefined : codeView(outcome.waitingFor, waitText),
  }),
  changed: outcome.changed,
  warnings: outcome.warnings.map(readWarning),
  findings: outcome.findings.map(findingView),
  paths: outcome.paths.map(pathView),
  ...defined({ plan: outcome.planned?.plan, script: outcome.planned && plannedScript(outcome.planned, run) }),
});

const plannedScript = ({ os, ...command }: NonNullable<OutcomeRow['planned']>, run: RunRow): string =>
  renderScript(os, { commandId: '0'.repeat(32), mode: run.mode, ...command });

const pathView = (path: OutcomePath): RunPathView => ({
  frontend: path.frontendId,
  vip: path.vip,
  exposure: path.exposure,
  verdict: path.verdict,
  proof: proofView(path.proof),
  findings: path.findings.map(findingView),
  ...defined({ notProved: path.notProved, before: path.before, after: path.after }),
});

const proofView = ({ kind, at, seen }: OutcomePath['proof']): RunPathView['proof'] => ({
  kind,
  ...defined({ at: at > 0 ? iso(at) : undefined, saw: seen?.map(({ ip, port }) => `${ip}:${port}`) }),
});

/** A row that cannot be read, and why. */
export const unreadableView = ({ where, error }: UnreadableRow): CodeView =>
  findingView(finding('ROW_UNUSABLE', { row: where, why: error.message }));

/** What a finding says. */
export const findingView = (item: Finding): CodeView => ({ code: item.code, text: findingText(item) });
const codeView = (code: string, textOf: (code: string) => string): CodeView => ({ code, text: textOf(code) });
