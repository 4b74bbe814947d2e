/**
 * The events that Azure emits for a subscription (system topic Microsoft.Resources.Subscriptions). Shapes: samples
 * eg_resource_write_nic.json and eg_action_vm_start_runcommand.json, from event-schema-subscriptions.md.
 * Every write, delete and POST yields one, the app's own calls among them.
 */
import { randomUUID } from 'node:crypto';
import type { ResourceHttpRequest, ResourceWriteSuccessEventData } from '@azure/eventgrid';
import type { Principal } from './tokens.ts';

export interface ResourceEvent {
  id: string;
  topic: string;
  subject: string;
  eventType: `Microsoft.Resources.Resource${'Write' | 'Delete' | 'Action'}${'Success' | 'Failure'}`;
  eventTime: string;
  /** The samples have no resource group, and not all events a request. */
  data: Omit<ResourceWriteSuccessEventData, 'resourceGroup' | 'httpRequest'> & { httpRequest?: ResourceHttpRequest };
  dataVersion: '2';
  metadataVersion: '1';
}

/** What happened: an operation like `Microsoft.Network/networkInterfaces/write` on a resource. */
export interface Happening {
  operationName: string;
  resourceId: string;
  subscriptionId: string;
  /** Who did it; somebody else when left out. */
  principal?: Principal;
  failed?: boolean;
  method?: string;
  url?: string;
}

const AVAILABILITY_CHANGED = 'Microsoft.ResourceNotifications.HealthResources.AvailabilityStatusChanged';

/**
 * The event of a VM's health, on the system topic Microsoft.ResourceNotifications.HealthResources, which emits CloudEvents
 * (sample eg_healthresources_availability.json, from event-schema-health-resources.md). Platform healing leaves no other
 * trace: no operation of Azure Resource Manager moves a VM then.
 */
export interface HealthEvent {
  specversion: '1.0';
  id: string;
  source: string;
  subject: string;
  type: typeof AVAILABILITY_CHANGED;
  time: string;
  data: {
    resourceInfo: { id: string; name: string; type: string; properties: AvailabilityProperties };
    operationalInfo: { resourceEventTime: string };
    apiVersion: string;
  };
  [attribute: string]: unknown;
}

type Availability = 'Available' | 'Unavailable';

interface AvailabilityProperties {
  targetResourceId: string;
  targetResourceType: string;
  occurredTime: string;
  previousAvailabilityState: Availability;
  availabilityState: Availability;
}

/** The event of a VM that became available, or is so no more. */
export function healthEvent(subscriptionId: string, vm: string, availabilityState: Availability): HealthEvent {
  const [name, time] = [randomUUID(), new Date().toISOString()];
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: `/subscriptions/${subscriptionId}`,
    subject: vm,
    type: AVAILABILITY_CHANGED,
    time,
    data: {
      resourceInfo: {
        id: `${vm}/providers/Microsoft.ResourceHealth/availabilityStatuses/${name}`,
        name,
        type: 'Microsoft.ResourceHealth/availabilityStatuses',
        properties: {
          targetResourceId: vm,
          targetResourceType: 'Microsoft.Compute/virtualMachines',
          occurredTime: time,
          previousAvailabilityState: availabilityState === 'Available' ? 'Unavailable' : 'Available',
          availabilityState,
        },
      },
      operationalInfo: { resourceEventTime: time },
      apiVersion: '2023-12-01',
    },
  };
}

const ZERO = '00000000-0000-0000-0000-000000000000';
const SOMEBODY: Principal = { clientId: ZERO, principalId: ZERO };

function kindOf(operationName: string): 'Write' | 'Delete' | 'Action' {
  const operation = operationName.toLowerCase();
  if (operation.endsWith('/write')) return 'Write';
  return operation.endsWith('/delete') ? 'Delete' : 'Action';
}

/** The event of a happening, in Event Grid's own schema. */
export function resourceEvent(what: Happening): ResourceEvent {
  const principal = what.principal ?? SOMEBODY;
  const kind = kindOf(what.operationName);
  return {
    id: randomUUID(),
    topic: `/subscriptions/${what.subscriptionId}`,
    subject: what.resourceId,
    eventType: `Microsoft.Resources.Resource${kind}${what.failed ? 'Failure' : 'Success'}`,
    eventTime: new Date().toISOString(),
    data: {
      authorization: {
        scope: what.resourceId,
        action: what.operationName,
        evidence: {
          role: 'Contributor',
          roleAssignmentScope: `/subscriptions/${what.subscriptionId}`,
          roleAssignmentId: ZERO,
          roleDefinitionId: ZERO,
          principalId: principal.principalId,
          principalType: 'ServicePrincipal',
        },
      },
      claims: {
        aud: 'https://management.azure.com/',
        appid: principal.clientId,
        appidacr: '2',
        'http://schemas.microsoft.com/identity/claims/objectidentifier': principal.principalId,
        ver: '1.0',
      },
      correlationId: randomUUID(),
      ...(what.method && what.url
        ? {
            httpRequest: {
              clientRequestId: randomUUID(),
              clientIpAddress: '10.0.0.4',
              method: what.method,
              url: what.url,
            },
          }
        : {}),
      resourceProvider: what.operationName.split('/')[0] ?? '',
      resourceUri: what.resourceId,
      operationName: what.operationName,
      status: what.failed ? 'Failed' : 'Succeeded',
      subscriptionId: what.subscriptionId,
      tenantId: ZERO,
    },
    dataVersion: '2',
    metadataVersion: '1',
  };
}
