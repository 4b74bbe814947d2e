/**
 * Events of the system topic `Microsoft.Resources.Subscriptions`: one for each ARM write, delete and action that
 * succeeded (MicrosoftDocs/azure-docs, event-grid/event-schema-subscriptions.md).
 */
import { randomUUID } from 'node:crypto';
import type { EventGridEvent } from './schemas.ts';

export interface ResourceEventOptions {
  /** What was done, `Microsoft.Compute/virtualMachines/start/action`; its last part tells the event's type. */
  operationName: string;
  /** The resource it was done to. */
  resourceUri: string;
  subscriptionId: string;
  /** Client id and object id of who did it. */
  caller?: { appId: string; principalId: string };
  tenantId?: string;
  time?: Date;
  id?: string;
}

const NOBODY = '00000000-0000-0000-0000-000000000000';
const METHODS = { Write: 'PUT', Delete: 'DELETE', Action: 'POST' } as const;

/** The event as the system topic publishes it. */
export function resourceEvent(options: ResourceEventOptions): EventGridEvent {
  const {
    operationName,
    resourceUri,
    subscriptionId,
    tenantId = NOBODY,
    caller = { appId: NOBODY, principalId: NOBODY },
  } = options;
  const kind = kindOf(operationName);
  return {
    id: options.id ?? randomUUID(),
    topic: `/subscriptions/${subscriptionId}`,
    subject: resourceUri,
    eventType: `Microsoft.Resources.Resource${kind}Success`,
    eventTime: (options.time ?? new Date()).toISOString(),
    dataVersion: '2',
    metadataVersion: '1',
    data: {
      authorization: {
        scope: resourceUri,
        action: operationName,
        evidence: { role: 'Contributor', principalId: caller.principalId, principalType: 'ServicePrincipal' },
      },
      claims: {
        appid: caller.appId,
        'http://schemas.microsoft.com/identity/claims/objectidentifier': caller.principalId,
        'http://schemas.microsoft.com/identity/claims/tenantid': tenantId,
      },
      correlationId: randomUUID(),
      httpRequest: {
        clientRequestId: randomUUID(),
        clientIpAddress: '10.0.0.4',
        method: METHODS[kind],
        url: `https://management.azure.com${resourceUri}`,
      },
      resourceProvider: operationName.split('/')[0],
      resourceUri,
      operationName,
      status: 'Succeeded',
      subscriptionId,
      tenantId,
    },
  };
}

function kindOf(operationName: string): keyof typeof METHODS {
  const last = operationName.slice(operationName.lastIndexOf('/') + 1).toLowerCase();
  if (last === 'write') return 'Write';
  return last === 'delete' ? 'Delete' : 'Action';
}
