/** Event Grid system topic of a subscription: a VM, NIC or load balancer changed. */
import { app } from '@azure/functions';
import { readResourceChange } from '../shared/requests/resourceChange.ts';
import { eventHandler } from './handlers/eventHandler.ts';
import { reconcileQueue } from './handlers/reconcileQueue.ts';

app.eventGrid('resourceChange', { return: reconcileQueue, handler: eventHandler(readResourceChange) });
