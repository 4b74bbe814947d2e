/** Queue `reconcile-poison`: what `reconcile` failed on five times. Its run is marked failed, with the reason. */
import { app } from '@azure/functions';
import { appConfig, failRun } from '../shared/app.ts';
import { toldOf } from '../shared/errors.ts';
import { hostLog } from '../shared/log.ts';
import { POISON_QUEUE, type ReconcileMessage, readMessage, refuseForeign } from '../shared/model/messages.ts';

app.storageQueue('deadLetter', {
  queueName: POISON_QUEUE,
  connection: 'AzureWebJobsStorage',
  // What is thrown on stays here: the host hides it for ten minutes at a time, until a program that can read it takes it
  // (QueueProcessor.cs: a poison queue has no poison queue of its own).
  handler: async (raw, context) => {
    const log = hostLog(context);
    let message: ReconcileMessage;
    try {
      message = readMessage(raw);
      // A bell carries nothing: whatever it is about, it is told and gone.
      if (message.kind !== 'bell') refuseForeign(message, appConfig().scope);
    } catch (error) {
      log('dead-message', toldOf(error));
      throw error;
    }
    const { subscriptionId } = message;
    // A bell carries nothing: the next minute rings anew.
    if (message.kind === 'bell') return log('dead-bell', { subscriptionId });
    if (message.kind === 'cancel')
      return log('dead-cancel', { runId: message.runId, subscriptionId, askedBy: message.by });
    const { runId, signal } = message;
    try {
      await failRun(message, 'The app failed on this signal five times; its log says why.');
    } catch (error) {
      log('failed-dead-letter', { runId, signal, subscriptionId, ...toldOf(error) });
      throw error;
    }
    log('dead-letter', { runId, signal, subscriptionId });
  },
});
