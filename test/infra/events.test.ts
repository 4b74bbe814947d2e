/** What the deployed filters let through is what the functions take, and all of it. */
import test from 'ava';
import { readMirrorFailover } from '../../shared/requests/mirrorFailover.ts';
import { readResourceChange } from '../../shared/requests/resourceChange.ts';
import { CALLS } from '../../simulator/arm/actions.ts';
import { healthEvent, resourceEvent } from '../../simulator/arm/events.ts';
import { deployed, deployedSubscription } from '../../simulator/deployment.ts';
import { subscriptionAsDeployed, topicAsDeployed } from '../../simulator/eventgrid/deployed.ts';
import { compileFilter } from '../../simulator/eventgrid/filter.ts';
import { inSchema } from '../../simulator/eventgrid/schemas.ts';
import { sample } from '../samples.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/healthshare`;
const ALLOWED = { subscriptionIds: [SUBSCRIPTION], within: [] };

/** A resource that an operation is on: `Microsoft.Network/loadBalancers/backendAddressPools/write` -> `…/loadBalancers/x/backendAddressPools/x`. */
function resourceOf(operation: string): string {
  const parts = operation.split('/').slice(1, operation.endsWith('/action') ? -2 : -1);
  return `${GROUP}/providers/${operation.split('/')[0]}/${parts.map((part) => `${part}/x`).join('/')}`;
}

const { filter } = deployedSubscription('resourceChange');
const operations = filter.advancedFilters?.[0]?.values ?? [];
const passes = compileFilter(filter);
const eventOf = (operationName: string) =>
  resourceEvent({ operationName, resourceId: resourceOf(operationName), subscriptionId: SUBSCRIPTION });

test('every operation that comes through is a signal, delivered as deployed', (t) => {
  const { eventDeliverySchema = 'EventGridSchema' } = subscriptionAsDeployed('resourceChange', 'http://127.0.0.1');
  t.true(operations.length > 10);
  for (const operation of operations) {
    const event = { schema: 'EventGridSchema', event: eventOf(operation) } as const;
    t.true(passes(event), operation);
    t.is(readResourceChange(inSchema(eventDeliverySchema, event), ALLOWED, 0).kind, 'signal', operation);
  }
});

/** Operations on VMs, NICs and load balancers that write, delete or act (Azure RBAC, "Azure permissions for …"). */
const KNOWN = [
  ...['write', 'delete', 'start', 'restart', 'powerOff', 'deallocate', 'redeploy', 'reimage', 'reapply', 'generalize'],
  ...['capture', 'convertToManagedDisks', 'performMaintenance', 'runCommand', 'retrieveBootDiagnosticsData'],
]
  .map((verb) => `Microsoft.Compute/virtualMachines/${/^(write|delete)$/.test(verb) ? verb : `${verb}/action`}`)
  .concat([
    'Microsoft.Compute/virtualMachines/runCommands/write',
    'Microsoft.Compute/virtualMachines/runCommands/delete',
    'Microsoft.Compute/virtualMachines/extensions/write',
    'Microsoft.Network/networkInterfaces/write',
    'Microsoft.Network/networkInterfaces/delete',
    'Microsoft.Network/networkInterfaces/effectiveRouteTable/action',
    'Microsoft.Network/loadBalancers/write',
    'Microsoft.Network/loadBalancers/delete',
    'Microsoft.Network/loadBalancers/backendAddressPools/write',
    'Microsoft.Network/loadBalancers/backendAddressPools/delete',
    'Microsoft.Network/loadBalancers/backendAddressPools/join/action',
    'Microsoft.Network/loadBalancers/loadBalancingRules/health/action',
  ]);

test('every operation that the app would take comes through, and no other', (t) => {
  for (const operation of KNOWN) {
    const event = eventOf(operation);
    const isSignal = readResourceChange(event, ALLOWED, 0).kind === 'signal';
    t.is(passes({ schema: 'EventGridSchema', event }), isSignal, operation);
  }
});

test('of what the app does itself, nothing comes back', (t) => {
  const own = Object.values(CALLS).filter(
    ({ method, action }) => method !== 'GET' && !action.includes('/virtualMachines/start'),
  );
  const changing = own.filter(({ action }) => /runCommands|health/.test(action));
  t.is(changing.length, 3);
  for (const { action } of changing) {
    t.false(passes({ schema: 'EventGridSchema', event: eventOf(action) }), action);
  }
});

test('failed operations, other providers and other letter case', (t) => {
  const failed = resourceEvent({
    operationName: 'Microsoft.Network/networkInterfaces/write',
    resourceId: `${GROUP}/providers/Microsoft.Network/networkInterfaces/x`,
    subscriptionId: SUBSCRIPTION,
    failed: true,
  });
  t.false(passes({ schema: 'EventGridSchema', event: failed }));
  t.false(passes({ schema: 'EventGridSchema', event: eventOf('Microsoft.Storage/storageAccounts/write') }));
  // Operators on strings do not look at letter case: which one live events have is told by no source.
  t.true(passes({ schema: 'EventGridSchema', event: eventOf('MICROSOFT.NETWORK/NETWORKINTERFACES/WRITE') }));
});

test('the mirror’s notice comes through, in the schema of its topic, and other types do not', (t) => {
  const schema = 'CloudEventSchemaV1_0';
  t.is(topicAsDeployed().inputSchema, schema);
  const passesMirror = compileFilter(deployedSubscription('mirrorFailover').filter);
  const vmId = `${GROUP}/providers/Microsoft.Compute/virtualMachines/hs-a`;
  const event = {
    specversion: '1.0',
    id: '1',
    source: vmId,
    type: 'IlbHairpinGuard.MirrorFailover',
    subject: vmId,
    time: '2026-01-01T00:00:00Z',
    data: { vmId },
  } as const;
  t.true(passesMirror({ schema, event }));
  t.like(readMirrorFailover(event, ALLOWED, 0), { kind: 'signal', signal: { signal: 'failover' } });
  t.false(passesMirror({ schema, event: { ...event, type: 'Else' } }));
});

test('filters keep Event Grid’s limits, and all subscriptions retry for a day and keep what is given up', (t) => {
  t.true(operations.length <= 25);
  for (const [name, target] of [
    ['mirrorFailover', 'mirrorFailover'],
    ['resourceChange', 'resourceChange'],
    ['availability', 'resourceChange'],
  ] as const) {
    const { retryPolicy, deadLetterWithResourceIdentity, destination } = deployedSubscription(name);
    t.deepEqual(retryPolicy, { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 });
    t.is(deadLetterWithResourceIdentity?.deadLetterDestination.properties.blobContainerName, 'dead-letters');
    t.regex(destination.properties.resourceId, new RegExp(`/sites/func-hairpin-[a-z0-9]{8}/functions/${target}$`));
    t.true(subscriptionAsDeployed(name, 'http://127.0.0.1').deadLetter);
  }
});

test('a VM that is available again comes through, one that is not and other resources do not', (t) => {
  const vm = `${GROUP}/providers/Microsoft.Compute/virtualMachines/hs-a`;
  const { eventDeliverySchema = 'EventGridSchema', filter: health } = subscriptionAsDeployed(
    'availability',
    'http://127.0.0.1',
  );
  const comes = compileFilter(health);
  const back = { schema: 'CloudEventSchemaV1_0', event: healthEvent(SUBSCRIPTION, vm, 'Available') } as const;
  t.true(comes(back));
  t.like(readResourceChange(inSchema(eventDeliverySchema, back), ALLOWED, 0), {
    kind: 'signal',
    signal: { scope: [{ kind: 'vm', id: vm }] },
  });
  t.false(comes({ ...back, event: healthEvent(SUBSCRIPTION, vm, 'Unavailable') }));
  const scaleSet = structuredClone(back.event);
  scaleSet.data.resourceInfo.properties.targetResourceType = 'Microsoft.Compute/virtualMachineScaleSets';
  t.false(comes({ ...back, event: scaleSet }));
  const documented = sample('eg_healthresources_availability');
  t.true(comes({ schema: 'CloudEventSchemaV1_0', event: documented.availabilityStatusChanged }));
  t.false(comes({ schema: 'CloudEventSchemaV1_0', event: documented.resourceAnnotated }));
});

test('each subscription’s topics are of the types whose events the function takes', (t) => {
  const topics = deployed().filter(({ type }) => type === 'Microsoft.EventGrid/systemTopics');
  t.deepEqual(
    topics.map(({ properties }) => properties),
    ['Microsoft.Resources.Subscriptions', 'Microsoft.ResourceNotifications.HealthResources'].map((topicType) => ({
      source: `/subscriptions/${SUBSCRIPTION}`,
      topicType,
    })),
  );
});
