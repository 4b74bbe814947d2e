/** The subscriptions that a sign-in sees. */

import { defined } from '../model/optional.ts';
import type { SubscriptionName, SubscriptionReader } from '../model/ports.ts';
import type { AzureClients } from './clients.ts';
import { callAzure } from './errors.ts';

const ACTION = 'Microsoft.Resources/subscriptions/read';
/** "Subscriptions - List" of the Azure Resource Manager reference. */
const PATH = '/subscriptions?api-version=2022-12-01';
const LIST_SECONDS = 60;

interface Page {
  value?: { subscriptionId?: string; displayName?: string; state?: string }[];
  nextLink?: string;
}

/**
 * A reader of the subscriptions that are not disabled or deleted. The call is below no subscription, so it goes through
 * the pipeline of a client for none: the same sign-in, retries and limits.
 */
export function createSubscriptionReader(clients: AzureClients, endpoint: string): SubscriptionReader {
  return {
    async list() {
      const { createDefaultHttpClient, createPipelineRequest, RestError } = await import('@azure/core-rest-pipeline');
      const { pipeline } = await clients.compute('');
      const http = createDefaultHttpClient();
      return await callAzure(ACTION, LIST_SECONDS, async (abortSignal) => {
        const found: SubscriptionName[] = [];
        const followed = new Set<string>();
        for (let url: string | undefined = `${endpoint}${PATH}`; url !== undefined; ) {
          if (followed.has(url)) throw new Error('nextLink leads back to an earlier page');
          followed.add(url);
          const request = createPipelineRequest({ url, method: 'GET', abortSignal });
          const response = await pipeline.sendRequest(http, request);
          if (response.status !== 200) {
            throw new RestError(`status ${response.status}`, { statusCode: response.status, request, response });
          }
          const page: Page = JSON.parse(response.bodyAsText ?? '{}');
          found.push(...subscriptionsIn(page));
          url = nextOf(page.nextLink, endpoint);
        }
        return found;
      });
    },
  };
}

/** Those that can be read: a warned or past due one can, a disabled one too, a deleted one not. */
const subscriptionsIn = (page: Page): SubscriptionName[] =>
  (page.value ?? []).flatMap(({ subscriptionId, displayName, state }) =>
    subscriptionId && state !== 'Deleted'
      ? [{ id: subscriptionId.toLowerCase(), ...defined({ name: displayName || undefined }) }]
      : [],
  );

/** A next link that leads to another host would get the token. */
function nextOf(link: string | undefined, endpoint: string): string | undefined {
  if (!link) return undefined;
  if (new URL(link).origin !== new URL(endpoint).origin) throw new Error('nextLink leads to another host');
  return link;
}
