/** A failover's announcement against the probes: the mirror's notice comes before the probe turns. Pure. */
import { idKey } from '../model/ids.ts';
import type { FrontendView } from '../model/path.ts';
import { type Confirmation, isUnconfirmed, type RunRow } from '../model/rows.ts';
import { isAsking } from './needs.ts';
import { type EstatePass, type Pass, tell } from './pass.ts';
import { announcedFrontends, announcedVm } from './scope.ts';

/** Probe windows that an announcement may take to show. */
const WINDOWS = 3;
/** Least time to wait, milliseconds: one question to Azure takes seconds itself. */
const LEAST_MS = 15_000;
/** Only what was asked in the last moments of that time, or after it, says that the probes did not follow; milliseconds. */
const LATE_MS = 5000;
/** How much longer it may take when Azure's health does not answer, milliseconds. */
const UNANSWERED_MS = 60_000;
/** How much longer when it could not be asked yet: a storm of failovers waits for the ceiling of questions, milliseconds. */
const UNASKED_MS = 30 * 60_000;

/** Starts a confirmation for a failover run and moves one that is pending. */
export function confirm(pass: EstatePass, run: RunRow): void {
  if (run.signal !== 'failover') return;
  if (!run.confirmation) begin(pass, run);
  moveOn(pass, run);
  if (run.gathers && !isUnasked(pass, run)) delete run.gathers;
}

function moveOn(pass: EstatePass, run: RunRow): void {
  const { confirmation } = run;
  if (confirmation?.state !== 'pending') return;

  const announced = idKey(confirmation.vmId);
  const views = viewsOf(pass, confirmation.frontendIds);
  const since = sinceOf(run);
  const fresh = views.filter((view) => view.healthKnown && view.healthAt >= since);
  const settledOnOne =
    views.length > 0 && fresh.length === views.length && views.every((view) => view.primaryKey !== undefined);
  // Without a VIP in the event, which of the VM's mirrors moved is not known: one of them must be its own.
  const confirmed = settledOnOne && views.some((view) => view.primaryKey === announced);
  // Azure does not tell: to ask again until the time is up would not help.
  const isRefused = views.some(({ key }) => (pass.frontends.read(key)?.refused?.at ?? 0) >= since);
  const probed = views.some((view) => view.healthRuleId !== undefined);
  // An answer that was long under way says how it was when it was asked.
  const isAnswered = fresh.some((view) => view.healthAt >= confirmation.until - LATE_MS);
  const patience = isAwaited(pass, confirmation, since) ? UNASKED_MS : UNANSWERED_MS;
  const late = pass.now >= confirmation.until + (isAnswered ? 0 : patience);
  if (!confirmed && probed && !late && !isRefused) return;

  confirmation.state = confirmed ? 'confirmed' : 'refused';
  confirmation.at = pass.now;
  tell(pass, confirmed ? 'failover-confirmed' : 'failover-not-confirmed', {
    runId: run.runId,
    vmId: confirmation.vmId,
    afterMs: pass.now - run.observedAt,
  });
}

function begin(pass: EstatePass, run: RunRow): void {
  const vmId = announcedVm(run);
  const keys = announcedFrontends(run, pass.survey);
  if (vmId === undefined || keys.length === 0) return;
  const views = keys.flatMap((key) => pass.evaluation.frontendByKey.get(key) ?? []);
  const window = Math.max(...views.map((view) => view.probeSeconds));
  run.confirmation = {
    state: 'pending',
    vmId,
    frontendIds: views.map((view) => view.id),
    // From the first look: a signal that waited for the app is not refused by what goes wrong first.
    until: pass.now + Math.max(LEAST_MS, WINDOWS * window * 1000),
  };
}

/** When the last of its notices was accepted, epoch milliseconds: what was asked before says nothing of it. */
const sinceOf = (run: RunRow): number => run.latestAt ?? run.observedAt;

/** True while a failover waits and none of its frontends was asked since its last notice. */
export const isUnasked = ({ frontends }: Pass, run: RunRow): boolean =>
  isUnconfirmed(run) &&
  (run.confirmation?.frontendIds ?? []).every((id) => (frontends.read(idKey(id))?.askedAt ?? 0) < sinceOf(run));

/**
 * True where a frontend could not be asked since then, or was asked a moment ago and the answer is on its way. Not after
 * the clock was set back: nothing is newer than a notice in the future.
 */
const isAwaited = ({ frontends, now }: Pass, { frontendIds }: Confirmation, since: number): boolean =>
  since <= now &&
  frontendIds.some((id) => {
    const row = frontends.read(idKey(id));
    if (row?.healthRuleId === undefined) return false;
    return row.askedAt < since || (isAsking(row) && now - row.askedAt < UNANSWERED_MS);
  });

const viewsOf = ({ evaluation }: EstatePass, ids: readonly string[]): FrontendView[] =>
  ids.flatMap((id) => evaluation.frontendByKey.get(idKey(id)) ?? []);
