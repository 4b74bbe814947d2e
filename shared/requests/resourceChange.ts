/**
 * Azure's own events about resources, reduced to the ids of VMs, NICs and load balancers that changed. From the system
 * topic Microsoft.ResourceNotifications.HealthResources: a VM that is available again, which is all that is told of one
 * that Azure moved to another host (learn.microsoft.com, "Azure Resource Notifications - Health Resources events").
 * From Microsoft.Resources.Subscriptions: what somebody did. Every ARM write, delete and POST yields one, this
 * program's own Run Commands and health questions too, so an allow-list decides (learn.microsoft.com, "Azure
 * subscription as an Event Grid source").
 */
import type { KnownSystemEventTypes, ResourceWriteSuccessEventData } from '@azure/eventgrid';
import * as z from 'zod/mini';
import { InputError } from '../errors.ts';
import { parseResourceId } from '../model/ids.ts';
import { LOAD_BALANCER_TYPE, NIC_TYPE, VM_TYPE } from '../model/resourceTypes.ts';
import { type AllowedScope, isInScope, isInSubscriptions, subscriptionOf } from '../model/scope.ts';
import type { ScopeItem, ScopeKind } from '../model/signal.ts';
import { check, type EventEnvelope, type EventRead, eventRunId, readEnvelope } from './envelope.ts';

/** Operations that can change a path, lower case. Letter case of live events is not told by any source read. */
const VM_OPERATIONS = [
  'write',
  'delete',
  ...['start', 'restart', 'poweroff', 'deallocate', 'redeploy', 'reimage', 'performmaintenance', 'reapply'].map(
    (verb) => `${verb}/action`,
  ),
];
const CHANGES = ['write', 'delete'];

const TYPES: KnownSystemEventTypes[] = [
  'Microsoft.Resources.ResourceWriteSuccess',
  'Microsoft.Resources.ResourceDeleteSuccess',
  'Microsoft.Resources.ResourceActionSuccess',
];

/** A VM's health changed. */
const AVAILABILITY = 'Microsoft.ResourceNotifications.HealthResources.AvailabilityStatusChanged';

const availabilitySchema = z.lazy(() =>
  z.object({
    data: z.object({
      resourceInfo: z.object({
        properties: z.object({
          targetResourceId: z.string().check(z.maxLength(1024)),
          availabilityState: z.string().check(z.maxLength(64)),
        }),
      }),
    }),
  }),
);

/** What is read of an event's data; all three types have it. */
type Data = Pick<ResourceWriteSuccessEventData, 'operationName' | 'resourceUri'>;

const dataSchema = z.lazy(() =>
  z.object({
    data: z.object({
      operationName: z.string().check(z.maxLength(256)),
      resourceUri: z.string().check(z.maxLength(1024)),
    }),
  }),
) satisfies z.ZodMiniType<{ data: Data }>;

/**
 * Reads a resource event: a signal, or why it is none.
 * Throws InputError EVENT_INVALID for a malformed one, EVENT_FOREIGN for an event of another source.
 */
export function readResourceChange(raw: unknown, allowed: AllowedScope, observedAt: number): EventRead {
  const event = readEnvelope(raw);
  if (event.type.toLowerCase() === AVAILABILITY.toLowerCase()) return readAvailability(event, allowed, observedAt);
  if (!TYPES.some((type) => type.toLowerCase() === event.type.toLowerCase())) {
    throw new InputError(
      'EVENT_FOREIGN',
      'type',
      event.type,
      'this function takes successful writes, deletes and actions of resources, and changes of their availability',
    );
  }
  const { operationName, resourceUri } = check(dataSchema, { data: event.data }).data;
  return signalOf(event, scopeOf(operationName, resourceUri), { operationName, resourceUri }, allowed, observedAt);
}

/** A VM that is there again, whoever or whatever took it away; that it is gone is of no use to know. */
function readAvailability(event: EventEnvelope, allowed: AllowedScope, observedAt: number): EventRead {
  const { resourceInfo } = check(availabilitySchema, { data: event.data }).data;
  const { targetResourceId: id, availabilityState: state } = resourceInfo.properties;
  const isBack = /^available$/i.test(state) && parseResourceId(id)?.type === VM_TYPE;
  const data: Data = { operationName: `availability ${state}`, resourceUri: id };
  return signalOf(event, isBack ? { kind: 'vm', id } : undefined, data, allowed, observedAt);
}

/** The signal for what changed, or why there is none. */
function signalOf(
  event: EventEnvelope,
  item: ScopeItem | undefined,
  { operationName: operation, resourceUri: resource }: Data,
  allowed: AllowedScope,
  observedAt: number,
): EventRead {
  const ignored = (why: string): EventRead => ({ kind: 'ignored', why, operation, resource });
  if (!item) return ignored('no path depends on it');
  if (!isInSubscriptions(item.id, allowed)) return ignored('another subscription');
  // A load balancer or NIC may lie outside the configured groups and still serve a VM inside: only VMs are told apart here.
  if (item.kind === 'vm' && !isInScope(item.id, allowed)) return ignored('outside the configured scope');
  return {
    kind: 'signal',
    signal: {
      subscriptionId: subscriptionOf(item.id),
      runId: eventRunId('resourceChange', event, [item]),
      signal: 'resourceChange',
      scope: [item],
      mode: 'apply',
      dryRun: false,
      observedAt,
      event: { source: event.source, id: event.id, time: event.time },
    },
  };
}

/** The VM, NIC or load balancer that an operation changed; undefined for all else. */
function scopeOf(operationName: string, resourceUri: string): ScopeItem | undefined {
  const operation = operationName.toLowerCase();
  const type = parseResourceId(resourceUri)?.type;
  if (type === undefined || !operation.startsWith(`${type}/`)) return undefined;
  const verb = operation.slice(type.length + 1);
  if (type === VM_TYPE) return VM_OPERATIONS.includes(verb) ? { kind: 'vm', id: resourceUri } : undefined;
  if (type === NIC_TYPE) return CHANGES.includes(verb) ? { kind: 'nic', id: resourceUri } : undefined;
  if (type === LOAD_BALANCER_TYPE || type.startsWith(`${LOAD_BALANCER_TYPE}/`)) {
    const kind: ScopeKind = 'loadBalancer';
    // .../loadBalancers/lb/backendAddressPools/p -> .../loadBalancers/lb
    return CHANGES.includes(verb) ? { kind, id: resourceUri.split('/').slice(0, 9).join('/') } : undefined;
  }
  return undefined;
}
