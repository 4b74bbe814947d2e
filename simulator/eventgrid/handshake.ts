/**
 * The proof that an endpoint wants events, before a subscription of type WebHook is made (MicrosoftDocs/azure-docs,
 * event-grid/webhook-event-delivery.md): a validation event that must be echoed, or for CloudEvents an OPTIONS
 * request. A destination of type AzureFunction needs none.
 */
import { randomUUID } from 'node:crypto';
import { GuardError } from '../../shared/errors.ts';
import type { SchemaName } from './schemas.ts';

/** Throws when the endpoint does not answer as it must. */
export async function shakeHands(
  endpoint: string,
  schema: SchemaName,
  subscription: string,
  topic: string,
): Promise<void> {
  const agreed =
    schema === 'CloudEventSchemaV1_0'
      ? await byOptions(endpoint)
      : await byValidationEvent(endpoint, subscription, topic);
  if (!agreed) {
    throw new GuardError(
      'INPUT_INVALID',
      `Webhook validation handshake failed for ${endpoint}.`,
      'Start the host before the subscription.',
    );
  }
}

async function byOptions(endpoint: string): Promise<boolean> {
  const origin = 'eventgrid.azure.net';
  const response = await fetch(endpoint, { method: 'OPTIONS', headers: { 'webhook-request-origin': origin } });
  const allowed = response.headers.get('webhook-allowed-origin');
  return response.ok && (allowed === origin || allowed === '*');
}

async function byValidationEvent(endpoint: string, subscription: string, topic: string): Promise<boolean> {
  const validationCode = randomUUID().toUpperCase();
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'aeg-event-type': 'SubscriptionValidation',
      'aeg-subscription-name': subscription.toUpperCase(),
      'aeg-delivery-count': '0',
    },
    body: JSON.stringify([
      {
        id: randomUUID(),
        topic,
        subject: '',
        data: { validationCode },
        eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
        eventTime: new Date().toISOString(),
        metadataVersion: '1',
        dataVersion: '2',
      },
    ]),
  });
  if (!response.ok) return false;
  const text = await response.text();
  try {
    return (JSON.parse(text) as { validationResponse?: string }).validationResponse === validationCode;
  } catch {
    // No JSON is no agreement.
    return false;
  }
}
