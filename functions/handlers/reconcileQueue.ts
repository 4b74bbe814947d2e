/** The queue that every entry puts its signals and bells on, as an output of a function. */
import { output } from '@azure/functions';
import { RECONCILE_QUEUE } from '../../shared/model/messages.ts';

export const reconcileQueue = output.storageQueue({ queueName: RECONCILE_QUEUE, connection: 'AzureWebJobsStorage' });
