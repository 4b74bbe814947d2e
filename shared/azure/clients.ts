/** The ARM clients: one of each kind per subscription, made when first asked for. */
import type { ComputeManagementClient, ComputeManagementClientOptionalParams } from '@azure/arm-compute';
import type { NetworkManagementClient } from '@azure/arm-network';
import type { TokenCredential } from '@azure/identity';
import type { AzurePlace } from '../model/azurePlace.ts';
import { requestLimit, shortWaits } from './pipeline.ts';

/** What the adapters need of the SDKs. */
export interface AzureClients {
  /** Azure Resource Manager, as configured: an https origin. */
  readonly endpoint: string;
  compute(subscriptionId: string): Promise<ComputeManagementClient>;
  network(subscriptionId: string): Promise<NetworkManagementClient>;
}

export interface ClientOptions extends Pick<AzurePlace, 'endpoint' | 'audience'> {
  credential: TokenCredential;
}

/** One HTTP request may take this long, pages and polls included. */
const REQUEST_SECONDS = 30;
/** The SDK waits out a Retry-After up to this; what is longer goes back to the caller at once. */
const WAIT_SECONDS = 3;

/** Clients that are made, and whose SDK is loaded, when a subscription is first asked for. */
export function createClients(options: ClientOptions): AzureClients {
  const { credential, endpoint, audience } = options;
  const clientOptions: ComputeManagementClientOptionalParams = {
    endpoint,
    credentials: { scopes: [`${audience.replace(/(\/\.default)?\/*$/, '')}/.default`] },
    retryOptions: { maxRetries: 3, retryDelayInMs: 500, maxRetryDelayInMs: 4000 },
    userAgentOptions: { userAgentPrefix: 'ilb-hairpin-guard' },
    additionalPolicies: [
      { policy: requestLimit(REQUEST_SECONDS), position: 'perRetry' },
      { policy: shortWaits(WAIT_SECONDS), position: 'perRetry' },
    ],
  };
  return {
    endpoint,
    compute: perSubscription(async (id) => {
      const { ComputeManagementClient } = await import('@azure/arm-compute');
      return new ComputeManagementClient(credential, id, clientOptions);
    }),
    network: perSubscription(async (id) => {
      const { NetworkManagementClient } = await import('@azure/arm-network');
      return new NetworkManagementClient(credential, id, clientOptions);
    }),
  };
}

function perSubscription<T>(make: (subscriptionId: string) => Promise<T>): (subscriptionId: string) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  return (subscriptionId) => {
    const key = subscriptionId.toLowerCase();
    const client = made.get(key) ?? make(key);
    made.set(key, client);
    return client;
  };
}
