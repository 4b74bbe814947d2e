/** The subscriptions that a sign-in sees. */
import { defined } from '../model/optional.ts';
import type { SubscriptionName, SubscriptionReader } from '../model/ports.ts';
import type { AzureClients } from './clients.ts';
import { callAzure } from './errors.ts';
import { getPages, urlOf } from './get.ts';
import { objectOf, textIn } from './guards.ts';

const ACTION = 'Microsoft.Resources/subscriptions/read';
/** "Subscriptions - List" of the Azure Resource Manager reference. */
const VERSION = '2022-12-01';
const LIST_SECONDS = 60;

/**
 * A reader of the subscriptions that are not deleted. The call is below no subscription, so it goes through the pipeline
 * of a client for none: the same sign-in, retries and limits.
 */
export function createSubscriptionReader(clients: AzureClients): SubscriptionReader {
  return {
    async list() {
      const client = await clients.compute('');
      const url = urlOf(clients.endpoint, ['subscriptions'], `api-version=${VERSION}`);
      const items = await callAzure(ACTION, LIST_SECONDS, (signal) =>
        getPages(client, clients.endpoint, url, ACTION, signal),
      );
      return items.flatMap(subscriptionIn);
    },
  };
}

/** A warned, past due or disabled one can be read; a deleted one cannot. */
function subscriptionIn(item: unknown): SubscriptionName[] {
  const found = objectOf(item);
  const id = textIn(found, 'subscriptionId');
  if (!id || textIn(found, 'state') === 'Deleted') return [];
  return [{ id: id.toLowerCase(), ...defined({ name: textIn(found, 'displayName') || undefined }) }];
}
