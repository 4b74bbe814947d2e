import test from 'ava';
import { LongWaitError, RequestTimeoutError, requestLimit, shortWaits } from '../../shared/azure/pipeline.ts';
import { withArm } from '../simulator/arm/withArm.ts';

/** A network client whose single requests may take three seconds. */
async function limitedClient(endpoint: string, token: string, subscription: string) {
  const { NetworkManagementClient } = await import('@azure/arm-network');
  const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 60_000 }) };
  return new NetworkManagementClient(credential, subscription, {
    endpoint,
    retryOptions: { maxRetries: 0 },
    additionalPolicies: [{ policy: requestLimit(3), position: 'perRetry' }],
  });
}

for (const [title, kind] of [
  ['a first page that does not come', { slowMs: 60_000 }],
  ['a body that stops in its middle', { hang: 'body' }],
] as const) {
  test(`the limit ends ${title}`, async (t) => {
    const { arm, estate } = await withArm(t, { pageSize: 2 });
    const client = await limitedClient(arm.endpoint, await arm.token(), estate.subscriptionId);
    arm.fault({ match: { call: 'listNics' }, kind });
    await t.throwsAsync(client.networkInterfaces.listAll().next(), { instanceOf: RequestTimeoutError });
  });

  test(`the limit ends a later page: ${title}`, async (t) => {
    const { arm, estate } = await withArm(t, { pageSize: 2 });
    const client = await limitedClient(arm.endpoint, await arm.token(), estate.subscriptionId);
    arm.fault({ match: { call: 'listNics', path: /skiptoken/ }, kind });
    const pages = client.networkInterfaces.listAll().byPage();
    t.is((await pages.next()).value?.length, 2);
    await t.throwsAsync(pages.next(), { instanceOf: RequestTimeoutError });
  });
}

type Policy = ReturnType<typeof shortWaits>;
type Send = Parameters<Policy['sendRequest']>[1];
type Answer = Awaited<ReturnType<Send>>;

const answer = (status: number, retryAfter?: string): Answer =>
  ({ status, headers: { get: () => retryAfter } }) as unknown as Answer;
const send = (policy: Policy, given: Answer): Promise<Answer> =>
  policy.sendRequest({} as Parameters<Policy['sendRequest']>[0], async () => given);

test('only a long wait goes back at once', async (t) => {
  const policy = shortWaits(3);
  for (const given of [answer(200, '60'), answer(429, '3'), answer(429), answer(500, '60')]) {
    t.is(await send(policy, given), given);
  }
  for (const given of [answer(429, '4'), answer(503, '60')]) {
    const error = await t.throwsAsync(send(policy, given), { instanceOf: LongWaitError });
    t.is(error.response, given);
  }
});

test('the limit leaves the caller’s own signal in its place', async (t) => {
  const own = new AbortController().signal;
  const request = { abortSignal: own } as unknown as Parameters<Policy['sendRequest']>[0];
  let seen: unknown;
  await requestLimit(1).sendRequest(request, async (given) => {
    seen = given.abortSignal;
    return answer(200);
  });
  t.not(seen, own);
  t.is(request.abortSignal as unknown, own);
});
