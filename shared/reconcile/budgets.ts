/** Budgets: what could not be done in its time fails, with the reason. Pure. */
import type { AzureError } from '../errors.ts';
import { idKey } from '../model/ids.ts';
import { isOpen, type OutcomeRow, type RunRow } from '../model/rows.ts';
import { type Draft, outcomesOf } from './draft.ts';
import { failed } from './endings.ts';
import { settle } from './outcomes.ts';
import { RUN_BUDGET_MS, TOPOLOGY_BUDGET_MS } from './settings.ts';

/** True for a run that took longer than it may. A signal that waited for the app is as good as new. */
export const isOverdue = (run: RunRow, now: number): boolean =>
  now - (run.startedAt ?? run.observedAt) >= RUN_BUDGET_MS;

/** What is open in a run that took longer than it may fails, unless its command runs and has time left. */
export function giveUp(draft: Draft): void {
  for (const run of draft.runs.all()) {
    if (run.state !== 'running' || !isOverdue(run, draft.now)) continue;
    for (const outcome of outcomesOf(draft, run.runId)) {
      const detail = outcome.state === 'settled' ? undefined : whyOpen(draft, outcome);
      if (detail === undefined) continue;
      fail(draft, run, outcome, 'RUN_EXPIRED', detail);
    }
  }
}

function fail(draft: Draft, run: RunRow, outcome: OutcomeRow, code: string, detail: string): void {
  outcome.findings.push(failed(code, detail));
  settle(draft, run, outcome, 'failed');
}

/** Why an outcome has not ended; undefined while its command has time left. A command that is given up keeps its VM. */
function whyOpen(draft: Draft, outcome: OutcomeRow): string | undefined {
  const { command, findings } = draft.vms.get(idKey(outcome.vmId)) ?? {};
  if (command && outcome.state === 'commanded' && command.seq === outcome.seq) {
    if (command.deadline > draft.now) return undefined;
    if (command.phase !== 'cancelling') return 'Azure does not show how its command ended';
    const { code = '', detail = '' } = findings?.[0]?.params ?? {};
    return `${code} ${detail}, and Azure does not end it`;
  }
  const error = draft.observed.topologyError;
  return error ? `the estate cannot be read: ${error.message}` : `waited for ${outcome.waitingFor ?? 'its turn'}`;
}

/**
 * The estate could not be read: open runs keep the reason, and those that were never planned fail after a budget, which
 * counts from the first time that it failed for them and not from a signal that waited for the app.
 */
export function withoutEstate(draft: Draft, error: AzureError): void {
  for (const run of draft.runs.all()) {
    if (!isOpen(run)) continue;
    const since = Math.min(run.reason?.at ?? draft.now, draft.now);
    run.reason = { code: error.code, text: error.message, at: since };
    draft.runs.touch(run);
    if (run.state === 'accepted' && draft.now - since >= TOPOLOGY_BUDGET_MS) {
      // A loop that was killed while it planned may have left some.
      const left = outcomesOf(draft, run.runId).filter((outcome) => outcome.state !== 'settled');
      for (const outcome of left) fail(draft, run, outcome, error.code, error.message);
      run.state = 'failed';
      run.settledAt = draft.now;
      draft.log.push({
        level: 'warn',
        step: 'run-failed',
        fields: { runId: run.runId, code: error.code, text: error.message },
      });
    }
  }
}
