/** Queue `reconcile`: signals and bells. The loop itself is in shared/reconcile. */
import { app } from '@azure/functions';
import { appConfig, runReconcile } from '../shared/app.ts';
import { hostLog } from '../shared/log.ts';
import { RECONCILE_QUEUE, readMessage, refuseForeign } from '../shared/model/messages.ts';

app.storageQueue('reconcile', {
  queueName: RECONCILE_QUEUE,
  connection: 'AzureWebJobsStorage',
  handler: (raw, context) => {
    const log = hostLog(context);
    const { scope } = appConfig();
    try {
      const message = readMessage(raw);
      refuseForeign(message, scope);
      return runReconcile(message, log);
    } catch (error) {
      // Thrown on: after the host's tries the message is in the poison queue, with this line as its reason.
      log('error', 'refused-message', { text: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  },
});
