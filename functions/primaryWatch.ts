/** Timer, each minute: rings, so that the loop asks the rule health that is due and takes up what a lost bell left. */
import { app, output } from '@azure/functions';
import { appConfig } from '../shared/app.ts';
import { bellMessage, RECONCILE_QUEUE } from '../shared/model/messages.ts';

const queue = output.storageQueue({ queueName: RECONCILE_QUEUE, connection: 'AzureWebJobsStorage' });

app.timer('primaryWatch', {
  schedule: '%HAIRPIN_WATCH_SCHEDULE%',
  return: queue,
  handler: () => appConfig().scope.subscriptionIds.map(bellMessage),
});
