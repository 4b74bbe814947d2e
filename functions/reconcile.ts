/** Queue `reconcile`: signals, cancels and bells. The loop itself is in shared/reconcile. */
import { app } from '@azure/functions';
import { appConfig, runReconcile } from '../shared/app.ts';
import { toldOf } from '../shared/errors.ts';
import { hostLog } from '../shared/log.ts';
import { RECONCILE_QUEUE, type ReconcileMessage, readMessage, refuseForeign } from '../shared/model/messages.ts';

app.storageQueue('reconcile', {
  queueName: RECONCILE_QUEUE,
  connection: 'AzureWebJobsStorage',
  // What is thrown on is tried again by the host; after five tries it is in the poison queue, with these lines as reason.
  handler: async (raw, context) => {
    const log = hostLog(context);
    const { scope } = appConfig();
    let message: ReconcileMessage;
    try {
      message = readMessage(raw);
      refuseForeign(message, scope);
    } catch (error) {
      log('refused-message', toldOf(error));
      throw error;
    }
    try {
      await runReconcile(message, log);
    } catch (error) {
      const { subscriptionId } = message;
      const run = message.kind !== 'bell' ? { runId: message.runId } : {};
      log('failed-message', { subscriptionId, ...run, ...toldOf(error) });
      throw error;
    }
  },
});
