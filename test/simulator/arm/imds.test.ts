import type { ExecutionContext } from 'ava';
import test from 'ava';
import { type Imds, startImds } from '../../../simulator/arm/imds.ts';
import { type Principal, Tokens } from '../../../simulator/arm/tokens.ts';
import { articleEstate } from '../../../simulator/estate/articleEstate.ts';
import { vmId } from '../../../simulator/estate/ids.ts';

const ONE: Principal = {
  clientId: '00000000-0000-0000-0000-0000000000a1',
  principalId: '00000000-0000-0000-0000-0000000000b1',
};
const TWO: Principal = {
  clientId: '00000000-0000-0000-0000-0000000000a2',
  principalId: '00000000-0000-0000-0000-0000000000b2',
};
const VM = vmId(articleEstate(), 'hs-a');
const TOKEN = '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Feventgrid.azure.net';
const RESOURCE_ID = '/metadata/instance/compute/resourceId?api-version=2021-02-01&format=text';
const GOOD = { Metadata: 'true' };

async function start(t: ExecutionContext, identities: Principal[]): Promise<{ imds: Imds; tokens: Tokens }> {
  const tokens = new Tokens();
  const imds = await startImds({ tokens, resourceId: VM, identities });
  t.teardown(() => imds.close());
  return { imds, tokens };
}

const ask = async (imds: Imds, path: string, headers: Record<string, string> = GOOD, method = 'GET') => {
  const answer = await fetch(`${imds.endpoint}${path}`, { headers, method });
  const text = await answer.text();
  return {
    status: answer.status,
    text,
    json: (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, string>,
  };
};

test('a token for the asked resource, of the only identity or of the one that is named', async (t) => {
  const { imds, tokens } = await start(t, [ONE]);
  const { status, json } = await ask(imds, TOKEN);
  t.is(status, 200);
  t.like(json, { token_type: 'Bearer', resource: 'https://eventgrid.azure.net', refresh_token: '' });
  t.is(Number(json.expires_on) - Number(json.not_before), Number(json.expires_in));
  t.deepEqual(await tokens.check(`Bearer ${json.access_token}`, ['https://eventgrid.azure.net']), ONE);
  t.is((await ask(imds, `${TOKEN}&client_id=${ONE.clientId.toUpperCase()}`)).status, 200);
});

test('of several identities one must be named; a wrong one, and a VM without any, are refused', async (t) => {
  const { imds, tokens } = await start(t, [ONE, TWO]);
  const unnamed = await ask(imds, TOKEN);
  t.is(unnamed.status, 400);
  t.regex(unnamed.json.error_description ?? '', /^Multiple user assigned identities exist/);
  const named = await ask(imds, `${TOKEN}&client_id=${TWO.clientId}`);
  t.deepEqual(await tokens.check(`Bearer ${named.json.access_token}`, ['https://eventgrid.azure.net']), TWO);
  for (const { imds: other, query } of [
    { imds, query: '&client_id=00000000-0000-0000-0000-0000000000a9' },
    { imds: (await start(t, [])).imds, query: '' },
  ]) {
    const { status, json } = await ask(other, TOKEN + query);
    t.is(status, 400);
    t.is(json.error_description, 'Identity not found');
  }
});

test('the VM’s own id, as text or in the document', async (t) => {
  const { imds } = await start(t, []);
  t.deepEqual(await ask(imds, RESOURCE_ID), { status: 200, text: VM, json: {} });
  t.like(JSON.parse((await ask(imds, '/metadata/instance?api-version=2021-02-01')).text), {
    compute: { resourceId: VM },
  });
  t.is((await ask(imds, RESOURCE_ID.replace('&format=text', ''))).status, 400, 'a leaf needs format=text');
});

test('requests that a page or a proxy could have made are refused', async (t) => {
  const { imds } = await start(t, [ONE]);
  for (const path of [TOKEN, RESOURCE_ID]) {
    t.regex((await ask(imds, path, {})).text, /Required metadata header not specified/);
    t.is((await ask(imds, path, { Metadata: 'True' })).status, 400, 'lower case');
    t.is((await ask(imds, path, { ...GOOD, 'X-Forwarded-For': '10.0.0.1' })).status, 400);
    t.is((await ask(imds, path, GOOD, 'POST')).status, 405);
    t.is((await ask(imds, path.replace(/api-version=[^&]*/, ''))).status, 400);
  }
  t.is((await ask(imds, TOKEN.replace(/&resource=.*/, ''))).status, 400);
  t.is((await ask(imds, '/metadata/other?api-version=2021-02-01')).status, 404);
});

test('a fault stands for as many requests as it says; what was asked is kept', async (t) => {
  const { imds } = await start(t, [ONE]);
  imds.fail({ what: 'token', status: 410, times: 2 });
  const statuses = [];
  for (const path of [TOKEN, RESOURCE_ID, TOKEN, TOKEN]) statuses.push((await ask(imds, path)).status);
  t.deepEqual(statuses, [410, 200, 410, 200]);
  t.deepEqual(
    imds.requests.map(({ what, status }) => [what, status]),
    [
      ['token', 410],
      ['instance', 200],
      ['token', 410],
      ['token', 200],
    ],
  );
});
