import test from 'ava';
import { createClients } from '../../shared/azure/clients.ts';
import { withArm } from '../simulator/arm/withArm.ts';

test('one client of each kind per subscription, whatever its letter case', async (t) => {
  const credential = { getToken: async () => null };
  const clients = createClients({ credential, endpoint: 'https://127.0.0.1:1', audience: 'https://127.0.0.1:1' });
  const id = '00000000-0000-0000-0000-00000000000a';
  t.is(await clients.compute(id), await clients.compute(id.toUpperCase()));
  t.not(await clients.compute(id), await clients.compute('00000000-0000-0000-0000-00000000000b'));
  t.is(await clients.network(id), await clients.network(id));
});

for (const audience of [
  'https://management.azure.com',
  'https://management.azure.com/',
  'https://management.azure.com/.default',
]) {
  test(`a token is asked for once, for the audience ${audience}`, async (t) => {
    const { arm, estate } = await withArm(t);
    const asked: (string | string[])[] = [];
    const credential = {
      getToken: async (scopes: string | string[]) => {
        asked.push(scopes);
        return { token: await arm.token(), expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    };
    const network = await createClients({ credential, endpoint: arm.endpoint, audience }).network(
      estate.subscriptionId,
    );
    for (let i = 0; i < 2; i++) t.false((await network.loadBalancers.listAll().next()).done);
    t.deepEqual(asked.flat(), ['https://management.azure.com/.default']);
  });
}
