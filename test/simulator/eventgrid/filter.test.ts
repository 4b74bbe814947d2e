import { readFile } from 'node:fs/promises';
import test from 'ava';
import { resourceEvent } from '../../../simulator/arm/events.ts';
import { compileFilter, type SubscriptionFilter } from '../../../simulator/eventgrid/filter.ts';
import type { AnyEvent } from '../../../simulator/eventgrid/schemas.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
const OURS = '00000000-0000-0000-0000-000000000001';
const vm = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm1`;

function event(operationName: string, appId = SUBSCRIPTION): AnyEvent {
  const principal = { clientId: appId, principalId: appId };
  return {
    schema: 'EventGridSchema',
    event: resourceEvent({ operationName, resourceId: vm, subscriptionId: SUBSCRIPTION, principal }),
  };
}
const passes = (filter: SubscriptionFilter, given: AnyEvent): boolean => compileFilter(filter)(given);

test('no filter lets all through', (t) => {
  t.true(passes({}, event('Microsoft.Compute/virtualMachines/write')));
  t.true(passes({ includedEventTypes: [] }, event('Microsoft.Compute/virtualMachines/write')));
});

test('event types, in any letter case', (t) => {
  const filter = { includedEventTypes: ['microsoft.resources.resourcewritesuccess'] };
  t.true(passes(filter, event('Microsoft.Compute/virtualMachines/write')));
  t.false(passes(filter, event('Microsoft.Compute/virtualMachines/start/action')));
});

test('subject by its begin and end, in any letter case unless it is asked for', (t) => {
  const given = event('Microsoft.Compute/virtualMachines/write');
  t.true(passes({ subjectBeginsWith: vm.toUpperCase() }, given));
  t.false(passes({ subjectBeginsWith: vm.toUpperCase(), isSubjectCaseSensitive: true }, given));
  t.true(passes({ subjectEndsWith: '/VM1' }, given));
  t.false(passes({ subjectEndsWith: '/vm2' }, given));
});

test('the documented system topic subscription: its operations, none of the app’s own', async (t) => {
  const [, subscription] = JSON.parse(await readFile('test/samples/eg_system_topic_arm.json', 'utf8')).body;
  const filter: SubscriptionFilter = structuredClone(subscription.properties.filter);
  const own = filter.advancedFilters?.find(({ operatorType }) => operatorType === 'StringNotIn');
  if (own) own.values = [OURS];
  t.true(passes(filter, event('MICROSOFT.COMPUTE/VIRTUALMACHINES/START/ACTION')));
  t.true(passes(filter, event('Microsoft.Network/networkInterfaces/write')));
  t.false(passes(filter, event('Microsoft.Network/networkInterfaces/write', OURS)));
  t.false(passes(filter, event('Microsoft.Compute/virtualMachines/runCommand/action')));
  t.false(passes(filter, event('Microsoft.Compute/virtualMachines/runCommands/write')));
  t.false(passes(filter, event('Microsoft.Network/loadBalancers/loadBalancingRules/health/action')));
});

test('a field that is not there fails plain operators and passes negated ones', (t) => {
  const given = event('Microsoft.Compute/virtualMachines/write');
  const one = (operatorType: string, values?: unknown[]): boolean =>
    passes({ advancedFilters: [{ operatorType, key: 'data.nothing.here', ...(values && { values }) }] }, given);
  t.false(one('StringIn', ['x']));
  t.false(one('StringContains', ['x']));
  t.true(one('StringNotIn', ['x']));
  t.true(one('StringNotBeginsWith', ['x']));
  t.true(one('IsNullOrUndefined'));
  t.false(one('IsNotNull'));
});

test('string operators', (t) => {
  const given = event('Microsoft.Compute/virtualMachines/write');
  const one = (operatorType: string, ...values: string[]): boolean =>
    passes({ advancedFilters: [{ operatorType, key: 'data.operationName', values }] }, given);
  t.true(one('StringBeginsWith', 'x', 'MICROSOFT.compute'));
  t.true(one('StringEndsWith', '/WRITE'));
  t.true(one('StringContains', 'virtualmachines'));
  t.false(one('StringNotContains', 'virtualmachines'));
  t.false(one('StringIn', 'Microsoft.Compute/virtualMachines'));
});

test('names of either schema’s envelope', (t) => {
  const cloud: AnyEvent = {
    schema: 'CloudEventSchemaV1_0',
    event: { specversion: '1.0', id: '1', source: '/S', type: 'T', data: { ok: true } },
  };
  t.true(passes({ includedEventTypes: ['t'] }, cloud));
  t.true(passes({ advancedFilters: [{ operatorType: 'StringIn', key: 'source', values: ['/s'] }] }, cloud));
  t.true(passes({ advancedFilters: [{ operatorType: 'BoolEquals', key: 'data.ok', value: true }] }, cloud));
});

test('what Event Grid refuses, and what is not modelled', (t) => {
  const values = Array.from({ length: 26 }, (_, index) => `v${index}`);
  t.throws(() => compileFilter({ advancedFilters: [{ operatorType: 'StringIn', key: 'subject', values }] }), {
    message: /26 values/,
  });
  t.throws(
    () => compileFilter({ advancedFilters: [{ operatorType: 'StringIn', key: 'subject', values: ['x'.repeat(513)] }] }),
    { message: /512/ },
  );
  t.throws(() => compileFilter({ advancedFilters: [{ operatorType: 'NumberIn', key: 'data.n', values: [1] }] }), {
    message: /NumberIn/,
  });
});
