/** What stands before every call: token, right, api-version, what is modelled; and the log of calls. */
import test from 'ava';
import { CALLS, type Call, type CallName, matchCall } from '../../../simulator/arm/actions.ts';
import { HANDLERS } from '../../../simulator/arm/handlers.ts';
import { APP_PRINCIPAL, Tokens } from '../../../simulator/arm/tokens.ts';
import { loadBalancerId, vmId } from '../../../simulator/estate/ids.ts';
import { asApp, rest } from './rest.ts';
import { withArm } from './withArm.ts';

test('every call of the table is found by its own path, in any letter case, and has an answer', (t) => {
  t.deepEqual(Object.keys(HANDLERS).sort(), Object.keys(CALLS).sort());
  for (const [name, call] of Object.entries(CALLS) as [CallName, Call][]) {
    const path = call.path.replace(/\{\w+\}/g, 'x');
    t.is(matchCall(call.method, path)?.name, name);
    t.is(matchCall(call.method, path.toUpperCase())?.name, name);
    t.is(matchCall(call.method, `${path}/x/y/z`), undefined);
    t.regex(call.action, /^Microsoft\.(Authorization|Compute|Network|Resources)\/[\w/]+\/(read|write|delete|action)$/);
    t.regex(call.source, /^\[(compute|network|management)\] \w+/);
  }
});

test('what is not modelled says so', async (t) => {
  const { arm, estate } = await withArm(t);
  const { status, body } = await rest(arm, 'PATCH', vmId(estate, 'hs-a'), {});
  t.is(status, 501);
  t.is(body.error.code, 'NotModelled');
  t.true(body.error.message.includes(`PATCH ${vmId(estate, 'hs-a')}`));
});

test('a token is needed, of this identity, for this audience, and not too old', async (t) => {
  const { arm, estate } = await withArm(t);
  const refused = async (authorization: string) => {
    const { status, body, headers } = await rest(arm, 'GET', vmId(estate, 'hs-a'), undefined, { authorization });
    t.true(headers.get('www-authenticate')?.startsWith('Bearer'));
    return [status, body.error.code];
  };
  t.deepEqual(await refused(''), [401, 'AuthenticationFailed']);
  t.deepEqual(await refused('Basic x'), [401, 'InvalidAuthenticationToken']);
  const foreign = (await new Tokens().issue(APP_PRINCIPAL, 'https://management.azure.com')).token;
  t.deepEqual(await refused(`Bearer ${foreign}`), [401, 'InvalidAuthenticationToken']);
  t.deepEqual(await refused(`Bearer ${await arm.token('https://storage.azure.com')}`), [
    401,
    'InvalidAuthenticationTokenAudience',
  ]);

  const tokens = new Tokens();
  const old = (await tokens.issue(APP_PRINCIPAL, 'https://management.azure.com', -1)).token;
  await t.throwsAsync(tokens.check(`Bearer ${old}`, ['https://management.azure.com/']), {
    message: /^The access token expiry UTC time '20.* is earlier than current UTC time '20.*Z'/,
  });
});

test('both of Azure’s audiences are taken, with and without slash', async (t) => {
  const { arm, estate } = await withArm(t);
  for (const audience of [
    'https://management.azure.com',
    'https://management.azure.com/',
    'https://management.core.windows.net/',
  ]) {
    const headers = { authorization: `Bearer ${await arm.token(audience)}` };
    t.is((await rest(arm, 'GET', vmId(estate, 'hs-a'), undefined, headers)).status, 200, audience);
  }
});

test('the right is asked for by action and scope', async (t) => {
  const asked: string[][] = [];
  const { arm, estate } = await withArm(t, {
    authorize: (principal, action, scope) => {
      asked.push([principal.principalId, action, scope]);
      return !action.endsWith('/health/action');
    },
  });
  const lb = loadBalancerId(estate, 'healthshare-ilb');
  t.is((await rest(arm, 'GET', lb, undefined, await asApp(arm))).status, 200);
  const { status, body } = await rest(arm, 'POST', `${lb}/loadBalancingRules/ucr-registry-superserver/health`);
  t.is(status, 403);
  t.is(body.error.code, 'AuthorizationFailed');
  t.true(body.error.message.includes("action 'Microsoft.Network/loadBalancers/loadBalancingRules/health/action'"));
  t.deepEqual(asked[0], [APP_PRINCIPAL.principalId, 'Microsoft.Network/loadBalancers/read', lb]);
});

test('the api-version is needed, and a path must be one', async (t) => {
  const { arm, estate } = await withArm(t);
  const headers = { authorization: `Bearer ${await arm.token()}` };
  const missing = await fetch(`${arm.endpoint}${vmId(estate, 'hs-a')}`, { headers });
  t.is(missing.status, 400);
  t.is(((await missing.json()) as { error: { code: string } }).error.code, 'MissingApiVersionParameter');
  t.is((await fetch(`${arm.endpoint}/%E0%A4%A`, { headers })).status, 400);
  const garbled = await fetch(`${arm.endpoint}${vmId(estate, 'hs-a')}/runCommands/x?api-version=1`, {
    method: 'PUT',
    headers,
    body: '{',
  });
  t.is(garbled.status, 400);
});

test('resources that are not there, of a subscription that is not there', async (t) => {
  const { arm, estate } = await withArm(t);
  for (const path of [
    vmId(estate, 'gone'),
    loadBalancerId(estate, 'gone'),
    vmId({ ...estate, resourceGroup: 'other' }, 'hs-a'),
  ]) {
    const { status, body } = await rest(arm, 'GET', path);
    t.is(status, 404);
    t.is(body.error.code, 'ResourceNotFound');
  }
  const other = '/subscriptions/00000000-0000-0000-0000-000000000001/providers/Microsoft.Compute/virtualMachines';
  t.deepEqual((await rest(arm, 'GET', other)).body, { value: [] });
});

test('the log holds method, path, action, status and time of each call', async (t) => {
  const { arm, estate } = await withArm(t);
  await rest(arm, 'GET', `${vmId(estate, 'hs-a')}?$expand=instanceView`);
  arm.fault({ kind: { drop: 'before' } });
  await t.throwsAsync(rest(arm, 'GET', vmId(estate, 'hs-b')));
  await rest(arm, 'GET', '/nothing');
  t.deepEqual(
    arm.calls.map(({ method, path, action, status }) => [method, path.split('?')[0], action, status]),
    [
      ['GET', vmId(estate, 'hs-a'), 'Microsoft.Compute/virtualMachines/read', 200],
      ['GET', vmId(estate, 'hs-b'), 'Microsoft.Compute/virtualMachines/read', 0],
      ['GET', '/nothing', '-', 501],
    ],
  );
  t.true(arm.calls.every((call) => call.ms >= 0));
});
