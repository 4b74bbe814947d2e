/** Event Grid system topic of a subscription: a VM, NIC or load balancer changed. Validates, reduces to ids, queues. */
import { app, output } from '@azure/functions';
import { appConfig } from '../shared/app.ts';
import { InputError } from '../shared/errors.ts';
import { hostLog } from '../shared/log.ts';
import { RECONCILE_QUEUE, signalMessage } from '../shared/model/messages.ts';
import { readResourceChange } from '../shared/requests/resourceChange.ts';

const queue = output.storageQueue({ queueName: RECONCILE_QUEUE, connection: 'AzureWebJobsStorage' });

app.eventGrid('resourceChange', {
  return: queue,
  handler: (event, context) => {
    const log = hostLog(context);
    try {
      const change = readResourceChange(event, appConfig().scope, Date.now());
      if (change.kind === 'ignored') {
        log('info', 'ignored-event', { why: change.why, operation: change.operation, resource: change.resource });
        return undefined;
      }
      const { runId, event: origin, scope } = change.signal;
      log('info', 'signal', {
        runId,
        signal: 'resourceChange',
        eventId: origin?.id,
        scope: scope.map((item) => item.id),
      });
      return signalMessage(change.signal);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      // It would be just as wrong the next time: told once, and not delivered again.
      log('error', 'refused-event', { code: error.code, field: error.field, value: error.value, text: error.message });
      return undefined;
    }
  },
});
