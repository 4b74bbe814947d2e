/** A run once more: the same scope and mode as a new run that names the one it repeats. Pure. */
import { InputError } from '../errors.ts';
import { isOpen, type RunRow } from '../model/rows.ts';
import { type AllowedScope, isAllowed } from '../model/scope.ts';
import type { Signal } from '../model/signal.ts';

/**
 * The signals of a retry, by hand whatever woke the first run: one per subscription. `runs` are the first run's rows of
 * all subscriptions, at least one; `runId` is the new run's.
 * Throws InputError: RUN_OPEN, RUN_NOT_FAILED, or SCOPE_NOT_ALLOWED when its scope is not configured any more.
 */
export function retrySignals(
  runs: readonly RunRow[],
  allowed: AllowedScope,
  runId: string,
  observedAt: number,
): Signal[] {
  const first = runs[0]?.runId ?? '';
  const open = runs.find(isOpen);
  if (open) {
    throw new InputError(
      'RUN_OPEN',
      'id',
      first,
      `the run is still ${open.state}, and goes on by itself`,
      'Wait until it has ended.',
    );
  }
  if (!runs.some(isWorthRetry)) {
    throw new InputError(
      'RUN_NOT_FAILED',
      'id',
      first,
      'no VM in it failed, is blocked or is unknown',
      'To look again all the same, POST its scope to /api/runs.',
    );
  }
  return runs.map((run) => {
    for (const item of run.scope) {
      if (item.kind !== 'vip' && !isAllowed(item.id, allowed)) {
        throw new InputError('SCOPE_NOT_ALLOWED', 'scope', item.id, 'is outside the configured scope by now');
      }
    }
    const { subscriptionId, scope, mode, dryRun } = run;
    return { subscriptionId, runId, signal: 'manual', scope, mode, dryRun, observedAt, retryOf: first };
  });
}

const isWorthRetry = ({ state, counts }: RunRow): boolean =>
  state === 'failed' || counts.failed + counts.blocked + counts.unknown + counts.repairable > 0;
