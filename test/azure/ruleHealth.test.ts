import test from 'ava';
import { createRuleHealthReader, mapRuleHealth } from '../../shared/azure/ruleHealth.ts';
import { AzureError, InputError } from '../../shared/errors.ts';
import { sameId } from '../../shared/model/ids.ts';
import type { RuleHealthReader } from '../../shared/model/ports.ts';
import type { BackendHealth } from '../../shared/model/topology.ts';
import { ipConfigurationId, ruleId, vmId } from '../../simulator/estate/ids.ts';
import { until } from '../../simulator/until.ts';
import { sample } from '../samples.ts';
import { withArm } from '../simulator/arm/withArm.ts';

const RULE = ['healthshare-ilb', 'ucr-registry-superserver'] as const;

type Answer = Awaited<ReturnType<RuleHealthReader['read']>>;

/** The backends of an answer that is there. */
function backendsOf(answer: Answer): BackendHealth[] {
  if (!Array.isArray(answer)) throw new Error(`Azure has not answered: ${JSON.stringify(answer)}`);
  return answer;
}

/** The location of an answer that is not there yet. */
function locationOf(answer: Answer): string {
  if (Array.isArray(answer)) throw new Error('Azure has answered');
  return answer.location;
}

test('asks a rule for its backends and follows the primary', async (t) => {
  const { clients, estate, lab } = await withArm(t);
  const reader = createRuleHealthReader(clients, { pollMs: 20 });
  const rule = ruleId(estate, ...RULE);
  const backends = async () => backendsOf(await reader.read(rule));
  const up = async () => (await backends()).filter((backend) => backend.up).map((backend) => backend.address);
  t.deepEqual(await up(), ['10.0.1.10']);
  await lab.setPrimary('ucr-registry', 'hs-b');
  t.deepEqual(await up(), ['10.0.1.20']);
  const [first] = await backends();
  t.is(first?.reason, 'Down_Probe_HttpStatusCodeError');
  t.true(sameId(first?.ipConfigurationId ?? '', ipConfigurationId(estate, 'hs-a-nic1', 'ipconfig1')));
});

for (const healthRetryAfter of [1, 20, 60]) {
  test(`a Retry-After of ${healthRetryAfter} s holds nothing up: the Location is asked at an own pace`, async (t) => {
    const { arm, clients, estate } = await withArm(t, { healthRetryAfter, healthMs: 50 });
    const reader = createRuleHealthReader(clients, { seconds: 15, pollMs: 20 });
    const up = backendsOf(await reader.read(ruleId(estate, ...RULE))).filter((backend) => backend.up);
    t.deepEqual(
      up.map((backend) => backend.address),
      ['10.0.1.10'],
    );
    t.is(arm.calls.filter((call) => call.method === 'POST').length, 1);
  });
}

test('what Azure has not answered in time is gone on with, and not asked anew', async (t) => {
  const { arm, clients, estate } = await withArm(t, { healthMs: 400, healthRetryAfter: 20 });
  const reader = createRuleHealthReader(clients, { seconds: 0 });
  const rule = ruleId(estate, ...RULE);
  let answer = await reader.read(rule);
  t.like(answer, { retryAfterSeconds: 20 });
  const location = locationOf(answer);
  t.true(location.startsWith(`${arm.endpoint}/`));
  await until('the answer', async () => {
    answer = await reader.read(rule, location);
    return Array.isArray(answer);
  });
  t.is(backendsOf(answer).length, 3);
  t.is(arm.calls.filter((call) => call.method === 'POST').length, 1);
});

test('a question that Azure never answers ends with its location', async (t) => {
  const { arm, clients, estate } = await withArm(t);
  arm.fault({ kind: { health: 'never-finishes' } });
  const reader = createRuleHealthReader(clients, { seconds: 0.2, pollMs: 50 });
  t.true(locationOf(await reader.read(ruleId(estate, ...RULE))).length > 0);
});

test('a location elsewhere is not followed: it would get the token', async (t) => {
  const { arm, clients, estate } = await withArm(t);
  const reader = createRuleHealthReader(clients, { pollMs: 20 });
  const { host, port } = new URL(arm.endpoint);
  const path = '/subscriptions/0/providers/Microsoft.Network/locations/x/operationResults/1?api-version=1';
  for (const location of [
    `https://management.azure.com.example.org${path}`,
    `http://${host}${path}`,
    `https://127.0.0.1:${Number(port) - 1}${path}`,
    `https://${host}@example.org${path}`,
    path,
    'nothing',
  ]) {
    const error = await t.throwsAsync(reader.read(ruleId(estate, ...RULE), location), { instanceOf: AzureError });
    t.is(error.azureCode, 'ForeignLink', location);
  }
  t.deepEqual(arm.calls, []);
});

test('an answer with an empty body is told as that, not as Azure that cannot be reached or as nobody healthy', async (t) => {
  const { arm, clients, estate } = await withArm(t);
  arm.fault({ kind: { health: 'no-body' } });
  const reader = createRuleHealthReader(clients, { pollMs: 20 });
  const error = await t.throwsAsync(reader.read(ruleId(estate, ...RULE)), { instanceOf: AzureError });
  t.like(error, { code: 'AZURE_FAILED', azureCode: 'BodyMissing' });
  t.regex(error?.message ?? '', /empty body/);
  t.is(backendsOf(await reader.read(ruleId(estate, ...RULE))).length, 3, 'the next one has one');
});

test('a VM that is off shows empty values, which are no evidence of anything', async (t) => {
  const { arm, clients, estate } = await withArm(t);
  await arm.changes.setPower('hs-a', 'deallocated');
  const backends = backendsOf(await createRuleHealthReader(clients, { pollMs: 20 }).read(ruleId(estate, ...RULE)));
  t.like(
    backends.find((backend) => backend.address === '10.0.1.10'),
    { up: false, reason: '' },
  );
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
  const answer = await createRuleHealthReader(clients, { pollMs: 20 }).read(ruleId(estate, ...RULE));
  t.deepEqual(
    backendsOf(answer).map(({ up, reason }) => [up, reason]),
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
  for (const body of [{}, undefined, null, [], 'text', { loadBalancerBackendAddresses: null }]) {
    t.deepEqual(mapRuleHealth(body), []);
  }
  t.deepEqual(
    mapRuleHealth({
      loadBalancerBackendAddresses: [
        { state: 'Up' },
        null,
        7,
        { ipAddress: 7, state: 'Up' },
        { ipAddress: '10.0.1.30', state: null, reason: ['Up_Probe_Success'] },
        { ipAddress: '10.0.1.10', networkInterfaceIPConfigurationId: '', state: 'UP' },
        { ipAddress: '10.0.1.20' },
      ],
    }),
    [
      { address: '10.0.1.30', up: false, reason: '' },
      { address: '10.0.1.10', up: true, reason: '' },
      { address: '10.0.1.20', up: false, reason: '' },
    ],
  );
});
