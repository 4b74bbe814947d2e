import test from 'ava';
import { APP_PRINCIPAL } from '../../../simulator/arm/tokens.ts';
import { vmId } from '../../../simulator/estate/ids.ts';
import { rest } from './rest.ts';
import { withArm } from './withArm.ts';

const OTHER = { clientId: '00000000-0000-0000-0000-0000000000a2', principalId: '00000000-0000-0000-0000-0000000000b2' };

test('the identity endpoint speaks App Service’s protocol', async (t) => {
  const { arm, estate } = await withArm(t, { principals: [APP_PRINCIPAL, OTHER] });
  const ask = async (query: Record<string, string>, header = arm.env.IDENTITY_HEADER, path = '') => {
    const url = `${arm.env.IDENTITY_ENDPOINT}${path}?${new URLSearchParams(query)}`;
    const answer = await fetch(url, { headers: { 'X-IDENTITY-HEADER': header } });
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };
  const good = { 'api-version': '2019-08-01', resource: 'https://management.azure.com/' };

  const { status, body } = await ask(good);
  t.is(status, 200);
  t.like(body, { token_type: 'Bearer', resource: good.resource, client_id: APP_PRINCIPAL.clientId });
  t.true(Number(body.expires_on) * 1000 > Date.now());
  const headers = { authorization: `Bearer ${body.access_token}` };
  t.is((await rest(arm, 'GET', vmId(estate, 'hs-a'), undefined, headers)).status, 200);

  t.is((await ask({ ...good, client_id: OTHER.clientId })).body.client_id, OTHER.clientId);
  t.is((await ask({ ...good, client_id: 'nobody' })).status, 400);
  t.is((await ask({ ...good, 'api-version': '2017-09-01' })).status, 400);
  t.is((await ask({ 'api-version': good['api-version'] })).status, 400);
  t.is((await ask(good, 'wrong')).status, 401);
  t.is((await ask(good, undefined, '/other')).status, 404);
});
