/** The custom topic to which the app publishes. The SDK is loaded with the first event, not with this module. */
import type { EventGridPublisherClient, EventGridPublisherClientOptions } from '@azure/eventgrid';
import type { TokenCredential } from '@azure/identity';
import type { EventsTopic } from '../model/ports.ts';
import { callAzure } from './errors.ts';

/** The data action that the role EventGrid Data Sender gives (learn.microsoft.com, "Azure built-in roles"). */
export const SEND_ACTION = 'Microsoft.EventGrid/events/send/action';
/** A publish, retries included, ends within this. */
const PUBLISH_SECONDS = 10;

/** A topic by its endpoint, as CloudEvents. `options` of the SDK's client, where a test needs some. */
export function createEventsTopic(
  endpoint: string,
  credential: TokenCredential,
  options: EventGridPublisherClientOptions = {},
): EventsTopic {
  let client: Promise<EventGridPublisherClient<'CloudEvent'>> | undefined;
  const load = async () => {
    const { EventGridPublisherClient } = await import('@azure/eventgrid');
    return new EventGridPublisherClient(endpoint, 'CloudEvent', credential, {
      retryOptions: { maxRetries: 1, retryDelayInMs: 500, maxRetryDelayInMs: 1000 },
      userAgentOptions: { userAgentPrefix: 'ilb-hairpin-guard' },
      ...options,
    });
  };
  return {
    async publish(events) {
      client ??= load();
      const topic = await client;
      await callAzure(SEND_ACTION, PUBLISH_SECONDS, (abortSignal) => topic.send([...events], { abortSignal }));
    },
  };
}
