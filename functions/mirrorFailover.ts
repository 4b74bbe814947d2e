/** Event Grid custom topic: a mirror member says that it became primary. */
import { app } from '@azure/functions';
import { readMirrorFailover } from '../shared/requests/mirrorFailover.ts';
import { eventHandler } from './handlers/eventHandler.ts';
import { reconcileQueue } from './handlers/reconcileQueue.ts';

app.eventGrid('mirrorFailover', {
  return: reconcileQueue,
  handler: eventHandler(readMirrorFailover),
});
