/** The topics and event subscriptions that the template deploys, for the simulated Event Grid. */
import { deployedSubscription, deployedTopic } from '../deployment.ts';
import type { CustomTopicOptions } from './eventGrid.ts';
import type { SubscriptionOptions } from './subscription.ts';

/**
 * The subscription for a function, with filter, schema, retry and dead letters as deployed. Its destination is the
 * function of that name on a host.
 */
export function subscriptionAsDeployed(functionName: string, hostUrl: string): SubscriptionOptions {
  const deployed = deployedSubscription(functionName);
  const target = deployed.destination.properties.resourceId.split('/').at(-1) ?? '';
  return {
    name: functionName,
    endpoint: `${hostUrl}/runtime/webhooks/EventGrid?functionName=${target}`,
    endpointType: deployed.destination.endpointType,
    eventDeliverySchema: deployed.eventDeliverySchema,
    filter: deployed.filter,
    retryPolicy: deployed.retryPolicy,
    deadLetter: deployed.deadLetterWithResourceIdentity !== undefined,
  };
}

/** The topic on which mirrors tell of failovers: its schema, and whether it takes keys. */
export function topicAsDeployed(): Pick<CustomTopicOptions, 'inputSchema' | 'disableLocalAuth'> {
  const { inputSchema, disableLocalAuth } = deployedTopic();
  return { inputSchema, disableLocalAuth };
}
