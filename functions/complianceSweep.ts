/** Timer, each hour: a sweep of every subscription. Only rings; its run id is that of the scheduled hour. */
import { app } from '@azure/functions';
import { appConfig } from '../shared/app.ts';
import { signalMessage } from '../shared/model/messages.ts';
import { runIdOf } from '../shared/model/runId.ts';
import { reconcileQueue } from './handlers/reconcileQueue.ts';

app.timer('complianceSweep', {
  schedule: '%HAIRPIN_SWEEP_SCHEDULE%',
  return: reconcileQueue,
  handler: (timer) => {
    const scheduled = occurrence(timer.scheduleStatus?.next, Date.now());
    return appConfig().scope.subscriptionIds.map((subscriptionId) =>
      signalMessage({
        subscriptionId,
        runId: runIdOf('sweep', subscriptionId, scheduled),
        signal: 'sweep',
        scope: [{ kind: 'subscription', id: `/subscriptions/${subscriptionId}` }],
        mode: 'apply',
        dryRun: false,
        observedAt: Date.now(),
      }),
    );
  },
});

/**
 * The time this sweep stands for. While a scheduled one runs, the host's status still names it as `next`; run by
 * hand, `next` lies ahead and the sweep is one of its own
 * (Azure/azure-webjobs-sdk-extensions, TimerListener and TimerTriggerBinding).
 */
function occurrence(next: string | undefined, now: number): string {
  const at = Date.parse(next ?? '');
  return at <= now + 1000 && at > 0 ? new Date(at).toISOString() : new Date(now).toISOString();
}
