/** The adapters in a process of their own, with the identity and the trust that the environment gives. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import type { Arm } from '../../simulator/arm/arm.ts';
import type { ResourceEvent } from '../../simulator/arm/events.ts';
import { APP_PRINCIPAL } from '../../simulator/arm/tokens.ts';
import { ruleId } from '../../simulator/estate/ids.ts';
import { withArm } from '../simulator/arm/withArm.ts';

const run = promisify(execFile);
const ADAPTERS = new URL('../../shared/azure/adapters.ts', import.meta.url).href;

/** Runs statements with `azure` opened; resolves to what they leave in `result`, or to the error's fields. */
async function inChild(arm: Arm, place: Record<string, string>, statements: string, env: Record<string, string> = {}) {
  const program = `
    import { openAzure } from ${JSON.stringify(ADAPTERS)};
    const azure = openAzure(${JSON.stringify({ endpoint: arm.endpoint, audience: 'https://management.azure.com/.default', ...place })});
    let result;
    try { ${statements} } catch ({ code, status, azureCode, message }) { result = { code, status, azureCode, message }; }
    console.log(JSON.stringify(result));
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
    env: { PATH: process.env.PATH, AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential', ...arm.env, ...env },
  });
  return JSON.parse(stdout);
}

const readAll = (arm: Arm): string =>
  `const { vms, nics, loadBalancers } = await azure.topology.read(${JSON.stringify(arm.estates[0]?.subscriptionId)});
   result = [vms.length, nics.length, loadBalancers.length];`;

test('the managed identity reads the estate', async (t) => {
  const { arm } = await withArm(t);
  t.deepEqual(await inChild(arm, {}, readAll(arm)), [3, 5, 1]);
});

test('a user-assigned identity is asked for by its client id, and events name it', async (t: ExecutionContext) => {
  const events: ResourceEvent[] = [];
  const other = {
    clientId: '00000000-0000-0000-0000-0000000000a2',
    principalId: '00000000-0000-0000-0000-0000000000b2',
  };
  const { arm, estate } = await withArm(t, {
    principals: [APP_PRINCIPAL, other],
    onEvent: (event) => events.push(event),
  });
  const rule = ruleId(estate, 'healthshare-ilb', 'ucr-registry-superserver');
  const statements = `result = (await azure.health.read(${JSON.stringify(rule)})).length;`;
  t.is(await inChild(arm, { clientId: other.clientId }, statements), 3);
  t.deepEqual(
    events.map((event) => event.data.claims.appid),
    [other.clientId],
  );
});

test('an identity that is not there is told as a refusal', async (t) => {
  const { arm } = await withArm(t);
  const result = await inChild(arm, { clientId: '00000000-0000-0000-0000-0000000000ff' }, readAll(arm));
  t.like(result, { code: 'AZURE_DENIED', status: 401 });
});

test('a token for another audience is refused by ARM', async (t) => {
  const { arm } = await withArm(t);
  const result = await inChild(arm, { audience: 'https://vault.azure.net' }, readAll(arm));
  t.like(result, { code: 'AZURE_DENIED', status: 401, azureCode: 'InvalidAuthenticationTokenAudience' });
});

test('without the authority’s certificate nothing is sent', async (t) => {
  const { arm } = await withArm(t);
  const result = await inChild(arm, {}, readAll(arm), { NODE_EXTRA_CA_CERTS: '' });
  t.like(result, { code: 'AZURE_UNREACHABLE', status: 0 });
  t.deepEqual(arm.calls, []);
});
