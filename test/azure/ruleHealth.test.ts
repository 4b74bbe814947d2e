import test from 'ava';
import { createRuleHealthReader, mapRuleHealth } from '../../shared/azure/ruleHealth.ts';
import { AzureError, InputError } from '../../shared/errors.ts';
import { sameId } from '../../shared/model/ids.ts';
import { ipConfigurationId, ruleId, vmId } from '../../simulator/estate/ids.ts';
import { sample } from '../samples.ts';
import { withArm } from '../simulator/arm/withArm.ts';

const RULE = ['healthshare-ilb', 'ucr-registry-superserver'] as const;

test('asks a rule for its backends and follows the primary', async (t) => {
  const { clients, estate, lab } = await withArm(t);
  const reader = createRuleHealthReader(clients, { pollMs: 20 });
  const rule = ruleId(estate, ...RULE);
  const backends = async () => (await reader.read(rule)) ?? [];
  const up = async () => (await backends()).filter((backend) => backend.up).map((backend) => backend.address);
  t.deepEqual(await up(), ['10.0.1.10']);
  await lab.setPrimary('ucr-registry', 'hs-b');
  t.deepEqual(await up(), ['10.0.1.20']);
  const [first] = await backends();
  t.is(first?.reason, 'Down_Probe_HttpStatusCodeError');
  t.true(sameId(first?.ipConfigurationId ?? '', ipConfigurationId(estate, 'hs-a-nic1', 'ipconfig1')));
});

test('is undefined when Azure does not finish in time', async (t) => {
  const { arm, clients, estate } = await withArm(t);
  arm.fault({ kind: { health: 'never-finishes' } });
  const reader = createRuleHealthReader(clients, { seconds: 1, pollMs: 50 });
  t.is(await reader.read(ruleId(estate, ...RULE)), undefined);
});

test('a refusal is thrown, and so is a rule without probe or one that is gone', async (t) => {
  const { arm, clients, estate } = await withArm(t);
  const reader = createRuleHealthReader(clients, { pollMs: 20 });
  arm.fault({ kind: { status: 403, code: 'AuthorizationFailed' } });
  t.like(await t.throwsAsync(reader.read(ruleId(estate, ...RULE)), { instanceOf: AzureError }), {
    code: 'AZURE_DENIED',
  });
  arm.changes.writeLoadBalancer('healthshare-ilb', (lb) => delete lb.rules[0]?.probe);
  t.like(await t.throwsAsync(reader.read(ruleId(estate, ...RULE)), { instanceOf: AzureError }), { status: 400 });
  const gone = ruleId(estate, 'healthshare-ilb', 'gone');
  t.like(await t.throwsAsync(reader.read(gone), { instanceOf: AzureError }), { code: 'AZURE_NOT_FOUND' });
});

test('an operation that fails is thrown with Azure’s words', async (t) => {
  const { clients, estate, lab } = await withArm(t);
  lab.health = () => Promise.reject(new Error('probe service is away'));
  const reader = createRuleHealthReader(clients, { pollMs: 20 });
  const error = await t.throwsAsync(reader.read(ruleId(estate, ...RULE)), { instanceOf: AzureError });
  t.regex(error.message, /probe service is away/);
});

test('an administrator’s word is passed on as such', async (t) => {
  const { arm, clients, estate } = await withArm(t);
  arm.fault({ kind: { health: 'up-admin' } });
  const backends = await createRuleHealthReader(clients, { pollMs: 20 }).read(ruleId(estate, ...RULE));
  t.deepEqual(
    backends?.map(({ up, reason }) => [up, reason]),
    [
      [true, 'Up_Admin'],
      [true, 'Up_Admin'],
      [true, 'Up_Admin'],
    ],
  );
});

test('an id that is no rule is told at once', async (t) => {
  const { arm, clients, estate } = await withArm(t);
  await t.throwsAsync(createRuleHealthReader(clients).read(vmId(estate, 'hs-a')), { instanceOf: InputError });
  t.deepEqual(arm.calls, []);
});

test('the specification’s example', (t) => {
  t.deepEqual(mapRuleHealth(sample('lb_rule_health')['200']), [
    {
      address: '10.1.0.4',
      ipConfigurationId:
        '/subscriptions/subid/resourceGroups/rg1/providers/Microsoft.Network/networkInterfaces/NIC1/IpConfigurations/ipConfig',
      up: true,
      reason: 'Up_Probe_Success',
    },
  ]);
});

test('backends with gaps', (t) => {
  t.deepEqual(mapRuleHealth({}), []);
  t.deepEqual(
    mapRuleHealth({
      loadBalancerBackendAddresses: [
        { state: 'Up' },
        { ipAddress: '10.0.1.10', networkInterfaceIPConfigurationId: '', state: 'UP' },
        { ipAddress: '10.0.1.20' },
      ],
    }),
    [
      { address: '10.0.1.10', up: true, reason: '' },
      { address: '10.0.1.20', up: false, reason: '' },
    ],
  );
});
