/** Queue `reconcile-poison`: what `reconcile` failed on five times. Its run is marked failed, with the reason. */
import { app } from '@azure/functions';
import { appConfig, failRun } from '../shared/app.ts';
import { GuardError } from '../shared/errors.ts';
import { hostLog } from '../shared/log.ts';
import { POISON_QUEUE, readMessage, refuseForeign } from '../shared/model/messages.ts';

app.storageQueue('deadLetter', {
  queueName: POISON_QUEUE,
  connection: 'AzureWebJobsStorage',
  handler: async (raw, context) => {
    const log = hostLog(context);
    try {
      const message = readMessage(raw);
      // A bell carries nothing: the next minute rings anew.
      if (message.kind === 'bell') return log('warn', 'dead-bell', { subscriptionId: message.subscriptionId });
      refuseForeign(message, appConfig().scope);
      await failRun(message, 'The app failed on this signal five times; its log says why.');
      log('error', 'dead-letter', { runId: message.runId, signal: message.signal });
    } catch (error) {
      // Thrown on: the host keeps it here, hidden for ten minutes at a time, until a program that can read it takes it
      // (QueueProcessor.cs: a poison queue has no poison queue of its own).
      const { message: text, nextStep } = error instanceof GuardError ? error : { message: String(error) };
      log('error', 'dead-message', { text, nextStep });
      throw error;
    }
  },
});
