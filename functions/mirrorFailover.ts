/** Event Grid custom topic: a mirror member says that it became primary. Validates, reduces to ids, queues. */
import { app, output } from '@azure/functions';
import { appConfig } from '../shared/app.ts';
import { InputError } from '../shared/errors.ts';
import { hostLog } from '../shared/log.ts';
import { RECONCILE_QUEUE, signalMessage } from '../shared/model/messages.ts';
import { readMirrorFailover } from '../shared/requests/mirrorFailover.ts';

const queue = output.storageQueue({ queueName: RECONCILE_QUEUE, connection: 'AzureWebJobsStorage' });

app.eventGrid('mirrorFailover', {
  return: queue,
  handler: (event, context) => {
    const log = hostLog(context);
    try {
      const signal = readMirrorFailover(event, appConfig().scope, Date.now());
      const { runId, event: origin, scope } = signal;
      log('info', 'signal', { runId, signal: 'failover', eventId: origin?.id, scope: scope.map((item) => item.id) });
      return signalMessage(signal);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      // It would be just as wrong the next time: told once, and not delivered again.
      log('error', 'refused-event', { code: error.code, field: error.field, value: error.value, text: error.message });
      return undefined;
    }
  },
});
