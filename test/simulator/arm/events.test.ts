import test from 'ava';
import { type HealthEvent, type ResourceEvent, resourceEvent } from '../../../simulator/arm/events.ts';
import { APP_PRINCIPAL } from '../../../simulator/arm/tokens.ts';
import { articleEstate } from '../../../simulator/estate/articleEstate.ts';
import { nicOf } from '../../../simulator/estate/build.ts';
import { checkEstate } from '../../../simulator/estate/checkEstate.ts';
import { loadBalancerId, nicId, ruleId, vmId } from '../../../simulator/estate/ids.ts';
import { until } from '../../../simulator/until.ts';
import { sample } from '../../samples.ts';
import { asApp, commandBody, rest } from './rest.ts';
import { withArm } from './withArm.ts';

const ESTATE = articleEstate();

/** The names of an event, as the filters of a subscription see them. */
const brief = (event: ResourceEvent): string[] => [event.eventType, event.data.operationName, event.data.resourceUri];

async function withEvents(t: Parameters<typeof withArm>[0]) {
  const events: ResourceEvent[] = [];
  const { arm } = await withArm(t, { onEvent: (event) => events.push(event) });
  /** The events since the last look, once there are as many. */
  const next = async (count = 1): Promise<string[][]> => {
    await until(`${count} events`, () => events.length >= count);
    return events.splice(0).map(brief);
  };
  return { arm, events, next };
}

const WRITE = 'Microsoft.Resources.ResourceWriteSuccess';
const DELETE = 'Microsoft.Resources.ResourceDeleteSuccess';
const ACTION = 'Microsoft.Resources.ResourceActionSuccess';

test('an event has what the documentation’s samples have', (t) => {
  const fields = (value: object): string[] =>
    Object.entries(value).flatMap(([key, item]) =>
      typeof item === 'object' ? fields(item).map((field) => `${key}/${field}`) : [key],
    );
  const wanted = [
    ...sample('eg_resource_write_nic').derived_nic_write,
    ...sample('eg_action_vm_start_runcommand').start,
    ...sample('eg_action_vm_start_runcommand').own_rule_health_probe_FILTER_OUT,
  ];
  for (const item of wanted) {
    const { operationName } = item.data;
    const event = resourceEvent({
      operationName,
      resourceId: item.subject,
      subscriptionId: '{subscription-id}',
      method: 'PUT',
      url: 'https://x',
    });
    const has = new Set(fields(event));
    const missing = fields(item).filter((field) => !has.has(field) && !field.startsWith('data/claims/'));
    t.deepEqual(missing, [], operationName);
    t.is(event.eventType, item.eventType);
    t.is(event.topic, item.topic);
    t.is(event.data.resourceProvider, item.data.resourceProvider);
    t.is(event.data.authorization.action, item.data.authorization.action);
  }
});

test('the app’s own calls yield events that name its principal', async (t) => {
  const { arm, events, next } = await withEvents(t);
  const command = `${vmId(ESTATE, 'hs-a')}/runCommands/c`;
  const rule = ruleId(ESTATE, 'healthshare-ilb', 'ucr-registry-superserver');
  await rest(arm, 'POST', `${rule}/health`, undefined, await asApp(arm));
  await until('an event', () => events.length === 1);
  const [health] = events;
  t.is(health?.data.claims.appid, APP_PRINCIPAL.clientId);
  t.is(health?.data.httpRequest?.method, 'POST');
  t.deepEqual(await next(), [[ACTION, 'Microsoft.Network/loadBalancers/loadBalancingRules/health/action', rule]]);
  await rest(arm, 'PUT', command, commandBody('x'));
  t.deepEqual(await next(), [[WRITE, 'Microsoft.Compute/virtualMachines/runCommands/write', command]]);
  await rest(arm, 'DELETE', command);
  t.deepEqual(await next(), [[DELETE, 'Microsoft.Compute/virtualMachines/runCommands/delete', command]]);
  await rest(arm, 'GET', command);
  t.deepEqual(events, [], 'reads yield none');
});

test('power by POST: 202, then the state and the event', async (t) => {
  const { arm, next } = await withEvents(t);
  const vm = vmId(ESTATE, 'hs-a');
  for (const [call, power] of [
    ['deallocate', 'deallocated'],
    ['start', 'running'],
    ['powerOff', 'stopped'],
    ['restart', 'running'],
    ['performMaintenance', 'running'],
    ['reapply', 'running'],
  ] as const) {
    t.is((await rest(arm, 'POST', `${vm}/${call}`)).status, 202);
    t.deepEqual(await next(), [[ACTION, `Microsoft.Compute/virtualMachines/${call}/action`, vm]]);
    const { body } = await rest(arm, 'GET', `${vm}/instanceView`);
    t.is(body.statuses[1].code, `PowerState/${power}`);
  }
});

test('a lab that can turn its guests off and on follows', async (t) => {
  const turned: string[] = [];
  const { arm, lab } = await withArm(t);
  Object.assign(lab, { setPower: async (vm: string, power: string) => void turned.push(`${vm} ${power}`) });
  await arm.changes.setPower('hs-a', 'deallocated');
  await arm.changes.setPower('hs-a', 'running');
  await rest(arm, 'POST', `${vmId(ESTATE, 'hs-b')}/restart`);
  await until('two guests turned off and on', () => turned.length === 4);
  t.deepEqual(turned, ['hs-a off', 'hs-a on', 'hs-b off', 'hs-b on']);
});

test('a guest that cannot be turned on fails the operation, and the event says so', async (t) => {
  const events: ResourceEvent[] = [];
  const { arm, lab } = await withArm(t, { onEvent: (event) => events.push(event) });
  Object.assign(lab, { setPower: () => Promise.reject(new Error('no such guest')) });
  const { headers } = await rest(arm, 'POST', `${vmId(ESTATE, 'hs-a')}/start`);
  const [event] = await until('an event', () => events.length === 1 && events);
  t.is(event?.eventType, 'Microsoft.Resources.ResourceActionFailure');
  t.is((await rest(arm, 'GET', headers.get('azure-asyncoperation') ?? '')).body.status, 'Failed');
});

test('a change at run time is seen by reads, told by an event, and leaves a sound estate', async (t) => {
  const { arm, next } = await withEvents(t);
  const nics = async (vm: string): Promise<string[]> =>
    (await rest(arm, 'GET', vmId(ESTATE, vm))).body.properties.networkProfile.networkInterfaces.map(
      (nic: { id: string }) => nic.id.split('/').at(-1),
    );
  const pools = async (nic: string): Promise<string[]> => {
    const { body } = await rest(arm, 'GET', nicId(ESTATE, nic));
    const listed = body.properties.ipConfigurations[0].properties.loadBalancerBackendAddressPools ?? [];
    return listed.map((pool: { id: string }) => pool.id.split('/').at(-1));
  };
  const sound = () => t.deepEqual(arm.estates.flatMap(checkEstate), []);
  const vmWrite = (vm: string) => [WRITE, 'Microsoft.Compute/virtualMachines/write', vmId(ESTATE, vm)];
  const nicWrite = (nic: string) => [WRITE, 'Microsoft.Network/networkInterfaces/write', nicId(ESTATE, nic)];
  const nicDelete = (nic: string) => [DELETE, 'Microsoft.Network/networkInterfaces/delete', nicId(ESTATE, nic)];

  arm.changes.addNic('hs-c', nicOf('hs-c-nic2', '10.0.1.31'));
  t.deepEqual(await next(2), [nicWrite('hs-c-nic2'), vmWrite('hs-c')]);
  t.deepEqual(await nics('hs-c'), ['hs-c-nic1', 'hs-c-nic2']);
  sound();

  arm.changes.replaceNic('hs-a', 'hs-a-nic1', { name: 'hs-a-nic9', mac: '00-0D-3A-FF-FF-FF' });
  t.deepEqual(await next(3), [nicDelete('hs-a-nic1'), nicWrite('hs-a-nic9'), vmWrite('hs-a')]);
  t.deepEqual(await nics('hs-a'), ['hs-a-nic9', 'hs-a-nic2']);
  t.deepEqual(await pools('hs-a-nic9'), ['ucr-registry', 'patient-index']);
  t.is((await rest(arm, 'GET', nicId(ESTATE, 'hs-a-nic1'))).status, 404);
  sound();

  arm.changes.removeMember('healthshare-ilb', 'ucr-registry', 'hs-c/hs-c-nic1/ipconfig1');
  t.deepEqual(await next(), [nicWrite('hs-c-nic1')]);
  t.deepEqual(await pools('hs-c-nic1'), []);
  arm.changes.addMember('healthshare-ilb', 'patient-index', 'hs-c/hs-c-nic1/ipconfig1');
  t.deepEqual(await next(), [nicWrite('hs-c-nic1')]);
  t.deepEqual(await pools('hs-c-nic1'), ['patient-index']);

  arm.changes.removeNic('hs-b', 'hs-b-nic2');
  t.deepEqual(await next(2), [nicDelete('hs-b-nic2'), vmWrite('hs-b')]);
  arm.changes.tagVm('hs-b', { 'ilb-hairpin-guard-opt-out': 'yes' });
  t.deepEqual(await next(), [vmWrite('hs-b')]);
  t.deepEqual((await rest(arm, 'GET', vmId(ESTATE, 'hs-b'))).body.tags, { 'ilb-hairpin-guard-opt-out': 'yes' });

  arm.changes.writeLoadBalancer('healthshare-ilb', (lb) => Object.assign(lb.rules[0] ?? {}, { floatingIp: true }));
  const lb = loadBalancerId(ESTATE, 'healthshare-ilb');
  t.deepEqual(await next(), [[WRITE, 'Microsoft.Network/loadBalancers/write', lb]]);
  t.true((await rest(arm, 'GET', lb)).body.properties.loadBalancingRules[0].properties.enableFloatingIP);
  sound();

  await arm.changes.setPower('hs-b', 'deallocated');
  t.deepEqual(await next(), [[ACTION, 'Microsoft.Compute/virtualMachines/deallocate/action', vmId(ESTATE, 'hs-b')]]);
  await arm.changes.deleteVm('hs-c');
  t.deepEqual((await next(5)).at(-1), [DELETE, 'Microsoft.Compute/virtualMachines/delete', vmId(ESTATE, 'hs-c')]);
  t.is((await rest(arm, 'GET', vmId(ESTATE, 'hs-c'))).status, 404);
});

test('a change of what is not there is the caller’s mistake', async (t) => {
  const { arm } = await withEvents(t);
  await t.throwsAsync(arm.changes.setPower('gone', 'running'), { message: 'no estate has a VM gone' });
  t.throws(() => arm.changes.replaceNic('hs-a', 'gone', {}), { message: 'VM hs-a has no NIC gone' });
  t.throws(() => arm.changes.writeLoadBalancer('gone', () => {}), { message: 'no estate has a load balancer gone' });
  t.throws(() => arm.changes.addMember('healthshare-ilb', 'gone', 'a/b/c'), { message: /has no pool gone/ });
  t.throws(() => arm.occupy('gone'), { message: 'no estate has a VM gone' });
});

test('the estate that was given is not changed', async (t) => {
  const { arm } = await withEvents(t);
  await arm.changes.setPower('hs-a', 'stopped');
  t.is(arm.estates[0]?.vms[0]?.power, 'stopped');
  t.is(ESTATE.vms[0]?.power, 'running');
});

const NIC = {
  resourceId: '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/nic1',
  subscriptionId: 's',
};

test('every field of an event, the documented sample has', (t) => {
  const documented = sample('eg_resource_write_nic').derived_nic_write[0];
  const made = resourceEvent({
    ...NIC,
    operationName: 'Microsoft.Network/networkInterfaces/write',
    method: 'PUT',
    url: 'https://x',
  });
  const extra = (part: unknown, whole: unknown, path: string): string[] =>
    typeof part !== 'object' || part === null
      ? []
      : Object.entries(part).flatMap(([key, value]) => {
          const other = (whole as Record<string, unknown> | undefined)?.[key];
          return other === undefined ? [`${path}.${key}`] : extra(value, other, `${path}.${key}`);
        });
  t.deepEqual(extra(made, documented, ''), []);
  t.is(made.eventType, documented.eventType);
  t.is(made.dataVersion, documented.dataVersion);
});

test('the type follows the operation', (t) => {
  const type = (operationName: string): string => resourceEvent({ ...NIC, operationName }).eventType;
  t.is(type('Microsoft.Network/networkInterfaces/delete'), 'Microsoft.Resources.ResourceDeleteSuccess');
  t.is(type('MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE'), 'Microsoft.Resources.ResourceWriteSuccess');
  t.is(type('Microsoft.Compute/virtualMachines/start/action'), 'Microsoft.Resources.ResourceActionSuccess');
});

test('platform healing turns a guest off and on, and tells of it by its health alone', async (t) => {
  const events: ResourceEvent[] = [];
  const health: HealthEvent[] = [];
  const turned: string[] = [];
  const { arm, lab } = await withArm(t, {
    onEvent: (event) => events.push(event),
    onHealthEvent: (event) => health.push(event),
  });
  Object.assign(lab, { setPower: async (vm: string, power: string) => void turned.push(`${vm} ${power}`) });
  await arm.changes.heal('hs-a');
  t.deepEqual([turned, events], [['hs-a off', 'hs-a on'], []]);
  t.deepEqual(
    health.map(({ subject, data }) => [subject, data.resourceInfo.properties.availabilityState]),
    [
      [vmId(ESTATE, 'hs-a'), 'Unavailable'],
      [vmId(ESTATE, 'hs-a'), 'Available'],
    ],
  );
  // The shape is the documentation’s.
  const shape = (value: unknown): unknown =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .toSorted()
            .map(([key, item]) => [key, shape(item)]),
        )
      : typeof value;
  t.deepEqual(shape(health[1]), shape(sample('eg_healthresources_availability').availabilityStatusChanged));
});
