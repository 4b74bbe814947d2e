/** A failover's announcement against the probes: the mirror's notice comes before the probe turns. Pure. */
import { idKey, sameId } from '../model/ids.ts';
import type { Evaluation } from '../model/path.ts';
import type { RunRow } from '../model/rows.ts';
import type { Draft } from './draft.ts';
import { announcedFrontends, announcedVm } from './targets.ts';

/** Probe windows that an announcement may take to show. */
const WINDOWS = 3;
/** Least time to wait, milliseconds: one question to Azure takes seconds itself. */
const LEAST_MS = 15_000;
/** How much longer it may take when Azure's health does not answer, milliseconds. */
const UNANSWERED_MS = 60_000;

/** Starts a confirmation for a failover run and moves those that are pending. */
export function confirm(draft: Draft, run: RunRow, evaluation: Evaluation): void {
  if (run.signal !== 'failover') return;
  if (!run.confirmation) begin(draft, run, evaluation);
  const confirmation = run.confirmation;
  if (confirmation?.state !== 'pending') return;

  const views = evaluation.frontends.filter((view) => confirmation.frontendIds.some((id) => sameId(id, view.id)));
  const fresh = views.filter((view) => view.healthKnown && view.healthAt >= run.observedAt);
  const settledOnOne =
    views.length > 0 && fresh.length === views.length && views.every((view) => view.primaryId !== undefined);
  const announced = views.some((view) => view.primaryId !== undefined && sameId(view.primaryId, confirmation.vmId));
  // Without a VIP in the event, which of the VM's mirrors moved is not known: one of them must be its own.
  const confirmed = settledOnOne && announced;
  const probed = views.some((view) => view.healthRuleId !== undefined);
  const late = draft.now >= confirmation.until && (fresh.length > 0 || draft.now >= confirmation.until + UNANSWERED_MS);
  if (!confirmed && probed && !late) return;

  confirmation.state = confirmed ? 'confirmed' : 'refused';
  confirmation.at = draft.now;
  draft.runs.touch(run);
  draft.log.push({
    level: confirmed ? 'info' : 'warn',
    step: confirmed ? 'failover-confirmed' : 'failover-not-confirmed',
    fields: { runId: run.runId, vmId: confirmation.vmId, afterMs: draft.now - run.observedAt },
  });
}

function begin(draft: Draft, run: RunRow, evaluation: Evaluation): void {
  const vmId = announcedVm(run);
  const frontendIds = announcedFrontends(run, evaluation);
  if (vmId === undefined || frontendIds.length === 0) return;
  const keys = new Set(frontendIds.map(idKey));
  const window = Math.max(
    ...evaluation.frontends.filter((view) => keys.has(idKey(view.id))).map((view) => view.probeSeconds),
  );
  run.confirmation = {
    state: 'pending',
    vmId,
    frontendIds,
    // From the first look: a signal that waited for the app is not refused by what goes wrong first.
    until: draft.now + Math.max(LEAST_MS, WINDOWS * window * 1000),
  };
  draft.runs.touch(run);
}

/** True while a run must not send commands yet. */
export const isUnconfirmed = (run: RunRow): boolean => run.confirmation?.state === 'pending';
