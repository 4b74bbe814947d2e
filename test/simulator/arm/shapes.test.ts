/** Resources as ARM shows them, held to vendors' samples. */
import test from 'ava';
import type { Arm } from '../../../simulator/arm/arm.ts';
import { articleEstate } from '../../../simulator/estate/articleEstate.ts';
import type { Estate } from '../../../simulator/estate/estate.ts';
import { loadBalancerId, nicId, ruleId, vmId } from '../../../simulator/estate/ids.ts';
import { until } from '../../../simulator/until.ts';
import { sample } from '../../samples.ts';
import { fakeLab } from './fakeLab.ts';
import { type RestAnswer, rest } from './rest.ts';
import { withArm } from './withArm.ts';

/** All paths of a JSON value; items of a list count as one. */
function paths(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((item) => paths(item, `${at}[]`)))];
  if (typeof value !== 'object' || value === null) return [at];
  return Object.entries(value).flatMap(([key, item]) => paths(item, `${at}.${key}`));
}

const missing = (shown: unknown, wanted: unknown, without: string[]): string[] => {
  const has = new Set(paths(shown));
  return paths(wanted).filter((path) => !has.has(path) && !without.includes(path));
};

test('a NIC has what the specification’s example has', async (t) => {
  const { arm, estate } = await withArm(t);
  const { body } = await rest(arm, 'GET', nicId(estate, 'hs-a-nic1'));
  t.deepEqual(
    missing(body, sample('nic_get'), [
      '.properties.ipConfigurations[].properties.privateIPAddressPrefixLength',
      '.properties.dnsSettings.internalDomainNameSuffix',
      '.properties.disableTcpStateTracking',
    ]),
    [],
  );
  t.is(body.properties.macAddress, '00-0D-3A-00-01-0A');
  const { body: second } = await rest(arm, 'GET', nicId(estate, 'hs-a-nic2'));
  t.is(second.properties.ipConfigurations[0].properties.loadBalancerBackendAddressPools, undefined);
  t.false(second.properties.primary);
});

test('a load balancer has what the specification’s example has', async (t) => {
  const { arm, estate } = await withArm(t);
  const { body } = await rest(arm, 'GET', loadBalancerId(estate, 'healthshare-ilb'));
  t.deepEqual(missing(body, sample('lb_get'), []), []);
});

test('an instance view has what the specification’s example has', async (t) => {
  const { arm, estate } = await withArm(t);
  const wanted = sample('vm_instanceview');
  const without = paths(wanted).filter((path) => path.startsWith('.vmAgent.extensionHandlers'));
  const { body } = await rest(arm, 'GET', `${vmId(estate, 'hs-a')}/instanceView`);
  t.deepEqual(missing(body, wanted, without), []);
  const expanded = await rest(arm, 'GET', `${vmId(estate, 'hs-a')}?$expand=instanceView`);
  t.deepEqual(expanded.body.properties.instanceView, body);
  t.is((await rest(arm, 'GET', vmId(estate, 'hs-a'))).body.properties.instanceView, undefined);
});

/** POSTs a rule's health and polls it to its end. */
async function health(arm: Arm, estate: Estate): Promise<{ accepted: RestAnswer; result: RestAnswer }> {
  const accepted = await rest(arm, 'POST', `${ruleId(estate, 'healthshare-ilb', 'patient-index-superserver')}/health`);
  const location = accepted.headers.get('location') ?? '';
  const result = await until('rule health', async () => {
    const answer = await rest(arm, 'GET', location);
    return answer.status !== 202 && answer;
  });
  return { accepted, result };
}

test('rule health answers 202 with a Location alone and a Retry-After, then what the specification’s example has', async (t) => {
  const { arm, estate } = await withArm(t, { healthRetryAfter: 20 });
  const { accepted, result } = await health(arm, estate);
  t.is(accepted.status, 202);
  const wanted = sample('lb_rule_health');
  const shape = (url: string) =>
    new URL(url).pathname.replace(/[0-9a-f-]{36}/g, 'ID').replace(/locations\/\w+/, 'locations/L');
  t.is(
    shape(accepted.headers.get('location') ?? ''),
    shape(wanted['202_headers'].Location).replace('/resourceGroups/myResourceGroup', ''),
  );
  t.is(accepted.headers.get('retry-after'), '20');
  t.is(accepted.headers.get('azure-asyncoperation'), null);
  t.deepEqual(missing(result.body, wanted['200'], []), []);
  t.is(result.body.up, 1);
  t.is(result.body.down, 1);
  t.true(result.body.loadBalancerBackendAddresses[0].networkInterfaceIPConfigurationId.includes('/IpConfigurations/'));
  const gone = (accepted.headers.get('location') ?? '').replace(/operationResults\/[^?]+/, 'operationResults/none');
  t.is((await rest(arm, 'GET', gone)).status, 404);
});

test('the list of status has the power state, in ids with a group in capitals, and no network profile', async (t) => {
  const { arm, estate } = await withArm(t);
  await arm.changes.setPower('hs-c', 'stopped');
  const path = `/subscriptions/${estate.subscriptionId}/providers/Microsoft.Compute/virtualMachines?statusOnly=true`;
  const { body } = await rest(arm, 'GET', path);
  t.is(body.value[2].id, vmId({ ...estate, resourceGroup: 'HEALTHSHARE-RG' }, 'hs-c'));
  t.deepEqual(Object.keys(body.value[2].properties), ['instanceView']);
  t.is(body.value[2].properties.instanceView.statuses[1].code, 'PowerState/stopped');
});

test('several estates of one subscription are one list; another subscription’s are not in it', async (t) => {
  const sites = [
    articleEstate(),
    articleEstate({ resourceGroup: 'second-rg' }),
    articleEstate({ subscriptionId: '00000000-0000-0000-0000-000000000001' }),
  ].map((estate) => ({ estate, lab: fakeLab(estate) }));
  const { arm, estate } = await withArm(t, { sites, pageSize: 4 });
  const list = `/subscriptions/${estate.subscriptionId}/providers/Microsoft.Compute/virtualMachines`;
  const first = await rest(arm, 'GET', list);
  t.is(first.body.value.length, 4);
  const second = await rest(arm, 'GET', first.body.nextLink);
  t.is(second.body.value.length, 2);
  t.is(second.body.nextLink, undefined);
  t.is((await rest(arm, 'GET', `${list}?$skiptoken=rubbish`)).status, 400);
});
