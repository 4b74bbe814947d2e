import { readFile } from 'node:fs/promises';
import test from 'ava';
import { resourceEvent } from '../../../simulator/eventgrid/resourceEvent.ts';

const options = {
  resourceUri: '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/nic1',
  subscriptionId: 's',
};

test('every field that it has, the documented sample has', async (t) => {
  const sample = JSON.parse(await readFile('test/samples/eg_resource_write_nic.json', 'utf8')).body
    .derived_nic_write[0];
  const made = resourceEvent({ ...options, operationName: 'Microsoft.Network/networkInterfaces/write' });
  const extra = (part: unknown, whole: unknown, path: string): string[] =>
    typeof part !== 'object' || part === null
      ? []
      : Object.entries(part).flatMap(([key, value]) => {
          const other = (whole as Record<string, unknown> | undefined)?.[key];
          return other === undefined ? [`${path}.${key}`] : extra(value, other, `${path}.${key}`);
        });
  t.deepEqual(extra(made, sample, ''), []);
  t.is(made.eventType, sample.eventType);
  t.is(made.dataVersion, sample.dataVersion);
});

test('the type follows the operation', (t) => {
  const type = (operationName: string): string => resourceEvent({ ...options, operationName }).eventType;
  t.is(type('Microsoft.Network/networkInterfaces/delete'), 'Microsoft.Resources.ResourceDeleteSuccess');
  t.is(type('MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE'), 'Microsoft.Resources.ResourceWriteSuccess');
  t.is(type('Microsoft.Compute/virtualMachines/start/action'), 'Microsoft.Resources.ResourceActionSuccess');
});
