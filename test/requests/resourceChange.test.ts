import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { InputError } from '../../shared/errors.ts';
import { readResourceChange } from '../../shared/requests/resourceChange.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
const ALLOWED = { subscriptionIds: [SUBSCRIPTION], within: [] as string[] };
const NOW = Date.UTC(2026, 0, 5);

/** A sample with its placeholders in braces filled, as its _note leaves them open. */
function sample(file: string, part: string): Record<string, unknown> {
  const text = readFileSync(join(import.meta.dirname, '../samples', file), 'utf8')
    .replaceAll('{subscription-id}', SUBSCRIPTION)
    .replace(/\{(rg|vm|nic|name|lb|rule|resource-group|storage-name)\}/g, 'thing1')
    .replaceAll('{ID}', '00000000-0000-0000-0000-0000000000e1');
  const events = JSON.parse(text).body[part];
  return events[0];
}

const read = (raw: unknown, allowed = ALLOWED) => readResourceChange(raw, allowed, NOW);
const resource = (rest: string) => `/subscriptions/${SUBSCRIPTION}/resourceGroups/thing1/providers/${rest}`;

const event = (operationName: string, resourceUri: string, eventType = 'Microsoft.Resources.ResourceWriteSuccess') => ({
  id: 'e-1',
  topic: `/subscriptions/${SUBSCRIPTION}`,
  subject: resourceUri,
  eventType,
  eventTime: '2026-01-05T10:00:00Z',
  data: { operationName, resourceUri, status: 'Succeeded' },
  dataVersion: '2',
  metadataVersion: '1',
});

test('samples: a NIC write and a VM start are signals', (t) => {
  const nic = read(sample('eg_resource_write_nic.json', 'derived_nic_write'));
  t.like(nic, {
    kind: 'signal',
    signal: {
      signal: 'resourceChange',
      scope: [{ kind: 'nic', id: resource('Microsoft.Network/networkInterfaces/thing1') }],
    },
  });
  for (const part of ['start', 'deallocate']) {
    const vm = read(sample('eg_action_vm_start_runcommand.json', part));
    t.like(
      vm,
      { kind: 'signal', signal: { scope: [{ kind: 'vm', id: resource('Microsoft.Compute/virtualMachines/thing1') }] } },
      part,
    );
  }
});

test('a repeated event is the same run; one with the same id about another resource or of another time is not', (t) => {
  const write = (name: string, eventTime = '2026-01-05T10:00:00Z') => {
    const id = resource(`Microsoft.Network/networkInterfaces/${name}`);
    const found = read({ ...event('Microsoft.Network/networkInterfaces/write', id), eventTime });
    return found.kind === 'signal' ? found.signal.runId : found.kind;
  };
  t.is(write('nic1'), write('nic1'));
  t.is(write('NIC1'), write('nic1'));
  t.not(write('nic2'), write('nic1'));
  t.not(write('nic1', '2026-01-05T10:00:01Z'), write('nic1'));
});

test('samples: the own commands, health questions and a storage account are ignored', (t) => {
  for (const [file, part] of [
    ['eg_resource_write_nic.json', 'doc_sample_storageAccount_write'],
    ['eg_resource_write_nic.json', 'derived_own_managed_run_command_write_FILTER_OUT'],
    ['eg_action_vm_start_runcommand.json', 'own_v1_run_command_FILTER_OUT'],
    ['eg_action_vm_start_runcommand.json', 'own_rule_health_probe_FILTER_OUT'],
  ] as const) {
    t.is(read(sample(file, part)).kind, 'ignored', part);
  }
});

const VM = resource('Microsoft.Compute/virtualMachines/hs-a');
const NIC = resource('Microsoft.Network/networkInterfaces/hs-a-0');
const LB = resource('Microsoft.Network/loadBalancers/lb');

for (const [operation, uri, scope] of [
  ['Microsoft.Compute/virtualMachines/write', VM, { kind: 'vm', id: VM }],
  ['Microsoft.Compute/virtualMachines/delete', VM, { kind: 'vm', id: VM }],
  ['MICROSOFT.COMPUTE/VIRTUALMACHINES/POWEROFF/ACTION', VM, { kind: 'vm', id: VM }],
  ['Microsoft.Compute/virtualMachines/restart/action', VM, { kind: 'vm', id: VM }],
  ['Microsoft.Compute/virtualMachines/redeploy/action', VM, { kind: 'vm', id: VM }],
  ['Microsoft.Compute/virtualMachines/reimage/action', VM, { kind: 'vm', id: VM }],
  ['Microsoft.Compute/virtualMachines/performMaintenance/action', VM, { kind: 'vm', id: VM }],
  ['Microsoft.Compute/virtualMachines/reapply/action', VM, { kind: 'vm', id: VM }],
  ['Microsoft.Network/networkInterfaces/delete', NIC, { kind: 'nic', id: NIC }],
  ['Microsoft.Network/loadBalancers/write', LB, { kind: 'loadBalancer', id: LB }],
  [
    'Microsoft.Network/loadBalancers/backendAddressPools/write',
    `${LB}/backendAddressPools/p`,
    { kind: 'loadBalancer', id: LB },
  ],
  [
    'Microsoft.Network/loadBalancers/backendAddressPools/delete',
    `${LB}/backendAddressPools/p`,
    { kind: 'loadBalancer', id: LB },
  ],
] as const) {
  test(`taken: ${operation}`, (t) => {
    t.like(read(event(operation, uri)), { kind: 'signal', signal: { scope: [scope], mode: 'apply' } });
  });
}

for (const [operation, uri] of [
  ['Microsoft.Compute/virtualMachines/runCommands/write', `${VM}/runCommands/ilbHairpinGuard-A`],
  ['Microsoft.Compute/virtualMachines/runCommands/delete', `${VM}/runCommands/ilbHairpinGuard-A`],
  ['Microsoft.Compute/virtualMachines/runCommand/action', VM],
  ['Microsoft.Compute/virtualMachines/extensions/write', `${VM}/extensions/e`],
  ['Microsoft.Network/loadBalancers/loadBalancingRules/health/action', `${LB}/loadBalancingRules/r`],
  ['Microsoft.Network/networkInterfaces/effectiveRouteTable/action', NIC],
  ['Microsoft.Compute/disks/write', resource('Microsoft.Compute/disks/d')],
  ['Microsoft.Compute/virtualMachines/write', NIC],
] as const) {
  test(`ignored: ${operation}`, (t) => {
    t.like(read(event(operation, uri)), { kind: 'ignored', operation, resource: uri });
  });
}

test('all of a signal; the event’s own time is kept to be shown', (t) => {
  const read1 = read(
    event('Microsoft.Compute/virtualMachines/delete', VM, 'Microsoft.Resources.ResourceDeleteSuccess'),
  );
  t.is(read1.kind, 'signal');
  if (read1.kind !== 'signal') return;
  const { runId, ...rest } = read1.signal;
  t.regex(runId, /^[0-9a-f]{32}$/);
  t.deepEqual(rest, {
    subscriptionId: SUBSCRIPTION,
    signal: 'resourceChange',
    scope: [{ kind: 'vm', id: VM }],
    mode: 'apply',
    dryRun: false,
    observedAt: NOW,
    event: { source: `/subscriptions/${SUBSCRIPTION}`, id: 'e-1', time: '2026-01-05T10:00:00Z' },
  });
});

for (const [operation, uri] of [
  ['write', VM],
  ['Microsoft.Compute/virtualMachines/writex', VM],
  ['Microsoft.Compute/virtualMachinesx/write', VM],
  ['Microsoft.Compute/virtualMachines/write', 'hs-a'],
  ['undefined/write', 'hs-a'],
  // As long as the VM's own type, and another.
  ['Microsoft.Compute/virtualMachinez/write', VM],
] as const) {
  test(`an operation of another resource, or of none: ${operation} of ${uri === VM ? 'a VM' : uri}`, (t) => {
    t.like(read(event(operation, uri)), { kind: 'ignored', why: 'no path depends on it' });
  });
}

test('a NIC or load balancer outside the groups may serve a VM inside', (t) => {
  const within = [`/subscriptions/${SUBSCRIPTION}/resourceGroups/other`];
  const write = read(event('Microsoft.Network/networkInterfaces/write', NIC), { ...ALLOWED, within });
  t.like(write, { kind: 'signal' });
});

test('another subscription and a VM outside the groups are ignored', (t) => {
  const other = VM.replace(SUBSCRIPTION, '00000000-0000-0000-0000-000000000001');
  t.like(read(event('Microsoft.Compute/virtualMachines/write', other)), {
    kind: 'ignored',
    why: 'another subscription',
  });
  const within = [`/subscriptions/${SUBSCRIPTION}/resourceGroups/other`];
  t.like(read(event('Microsoft.Compute/virtualMachines/write', VM), { ...ALLOWED, within }), { kind: 'ignored' });
});

test('malformed and foreign events are refused by field', (t) => {
  const foreign = t.throws(() => read(event('x', VM, 'Microsoft.Resources.ResourceWriteFailure')), {
    instanceOf: InputError,
  });
  t.is(foreign?.code, 'EVENT_FOREIGN');
  t.is(
    foreign?.message,
    'type is "Microsoft.Resources.ResourceWriteFailure": this function takes successful writes, deletes and actions of resources, and changes of their availability',
  );
  const bare = t.throws(() => read({ ...event('x', VM), data: { operationName: 'x' } }), { instanceOf: InputError });
  t.is(bare?.field, 'data.resourceUri');
});

/** The documentation’s sample with its placeholders filled, and words of its own. */
function availability(state: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const file = join(import.meta.dirname, '../samples/eg_healthresources_availability.json');
  const text = readFileSync(file, 'utf8')
    .replaceAll('{subscription-id}', SUBSCRIPTION)
    .replaceAll('{rg-name}', 'thing1')
    .replaceAll('{vm-name}', 'hs-a')
    .replaceAll('{event-id}', '00000000-0000-0000-0000-0000000000e1');
  const event = JSON.parse(text).body.availabilityStatusChanged;
  Object.assign(event.data.resourceInfo.properties, { availabilityState: state }, more);
  return event;
}

test('a VM that is available again is a signal, however it became so; one that is not is none', (t) => {
  t.like(read(availability('Available')), {
    kind: 'signal',
    signal: { signal: 'resourceChange', mode: 'apply', scope: [{ kind: 'vm', id: VM }], observedAt: NOW },
  });
  t.like(read(availability('AVAILABLE', { previousAvailabilityState: 'Unknown' })), { kind: 'signal' });
  for (const state of ['Unavailable', 'Unknown', 'Degraded'])
    t.like(read(availability(state)), {
      kind: 'ignored',
      why: 'no path depends on it',
      operation: `availability ${state}`,
    });
});

test('availability of something else, elsewhere, or out of scope is ignored; a damaged event is refused', (t) => {
  const nic = availability('Available', { targetResourceId: NIC });
  t.like(read(nic), { kind: 'ignored', why: 'no path depends on it', resource: NIC });
  const named = read(availability('Available', { targetResourceId: 'hs-a' }));
  t.like(named, { kind: 'ignored', why: 'no path depends on it', resource: 'hs-a' });
  for (const state of ['Available?', 'NotAvailable']) t.is(read(availability(state)).kind, 'ignored', state);
  const other = VM.replace(SUBSCRIPTION, '00000000-0000-0000-0000-000000000009');
  t.like(read(availability('Available', { targetResourceId: other })), {
    kind: 'ignored',
    why: 'another subscription',
  });
  t.like(read(availability('Available'), { ...ALLOWED, within: [`${VM}x`] }), {
    kind: 'ignored',
    why: 'outside the configured scope',
  });
  const bare = t.throws(() => read(availability('Available', { targetResourceId: 7 })), { instanceOf: InputError });
  t.is(bare?.field, 'data.resourceInfo.properties.targetResourceId');
});
