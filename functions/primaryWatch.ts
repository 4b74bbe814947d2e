/** Timer, each minute: rings, so that the loop asks the rule health that is due and takes up what a lost bell left. */
import { app } from '@azure/functions';
import { appConfig } from '../shared/app.ts';
import { bellMessage } from '../shared/model/messages.ts';
import { reconcileQueue } from './handlers/reconcileQueue.ts';

app.timer('primaryWatch', {
  schedule: '%HAIRPIN_WATCH_SCHEDULE%',
  return: reconcileQueue,
  handler: () => appConfig().scope.subscriptionIds.map(bellMessage),
});
