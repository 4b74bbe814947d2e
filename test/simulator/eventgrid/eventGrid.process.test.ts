/** The simulated Event Grid over http: delivery, retry, filters, dead letters. Long: one table of cases about one thing. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import test from 'ava';
import { generate } from 'selfsigned';
import { resourceEvent } from '../../../simulator/arm/events.ts';
import { type EventGrid, type EventGridOptions, startEventGrid } from '../../../simulator/eventgrid/eventGrid.ts';
import { type Bench, runsOf, seen, startBench } from '../host/fixture/start.ts';

/** 10 s become 10 ms. */
const TIME_FACTOR = 0.001;
const event = (id: string, data: object = {}) => ({ id, subject: '/s', eventType: 'T', dataVersion: '1', data });

let bench: Bench;
let tls: { key: string; cert: string };
const grids: EventGrid[] = [];
const servers: Server[] = [];

test.before(async () => {
  const made = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  tls = { key: made.private, cert: made.cert };
  bench = await startBench();
});
test.afterEach.always(async () => {
  await Promise.all(grids.splice(0).map((grid) => grid.stop()));
  await bench.killHosts();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});
test.after.always(() => bench?.stop());

async function start(options: Partial<EventGridOptions> = {}): Promise<EventGrid> {
  const grid = await startEventGrid({ tls, timeFactor: TIME_FACTOR, ...options });
  grids.push(grid);
  return grid;
}

const publisher = <S extends 'EventGrid' | 'CloudEvent'>(endpoint: string, schema: S, key: string) =>
  new EventGridPublisherClient(endpoint, schema, new AzureKeyCredential(key), {
    tlsOptions: { ca: tls.cert },
    retryOptions: { maxRetries: 0 },
  });

/** An endpoint that answers as told, with the bodies and headers that it got. */
async function endpoint(
  answer: (request: IncomingMessage, count: number, response: ServerResponse) => number | Promise<number>,
) {
  const got: { headers: IncomingMessage['headers']; body: unknown; at: number }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    got.push({
      headers: request.headers,
      body: JSON.parse(Buffer.concat(chunks).toString() || 'null'),
      at: Date.now(),
    });
    response.writeHead(await answer(request, got.length, response)).end();
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got };
}

for (const schema of ['EventGridSchema', 'CloudEventSchemaV1_0'] as const) {
  test.serial(`from the publisher client to a function in the host, delivered as ${schema}`, async (t) => {
    const host = await bench.start({ only: ['onEvent'] });
    const grid = await start();
    const topic = grid.customTopic({ name: 'failover' });
    const webhook = `${host.url}/runtime/webhooks/EventGrid?functionName=onEvent`;
    await topic.subscribe({ name: 'sub', endpoint: webhook, endpointType: 'WebHook', eventDeliverySchema: schema });
    await publisher(topic.endpoint, 'EventGrid', topic.keys[1]).send([event('a', { n: 1 }), event('b', { n: 2 })]);
    await grid.idle();
    t.is(runsOf(host, 'onEvent').length, 2);
    const events = seen(host, 'onEvent').map((entry) => entry.event as Record<string, unknown>);
    t.deepEqual(events.map(({ id }) => id).sort(), ['a', 'b']);
    t.is(schema === 'EventGridSchema' ? events[0]?.topic : events[0]?.source, topic.id);
    t.deepEqual(topic.counts, { published: 2, matched: 2 });
  });
}

test.serial('a topic for CloudEvents takes them from the publisher client, and nothing else', async (t) => {
  const grid = await start();
  const { url, got } = await endpoint(() => 200);
  const topic = grid.customTopic({ name: 'cloud', inputSchema: 'CloudEventSchemaV1_0' });
  await topic.subscribe({ name: 'sub', endpoint: url });
  await publisher(topic.endpoint, 'CloudEvent', topic.keys[0]).send([
    { type: 'T', source: '/s', id: 'c', data: { n: 1 }, extensionAttributes: { mirror: 'm1' } },
  ]);
  await grid.idle();
  t.like(got[0]?.body, { specversion: '1.0', id: 'c', source: '/s', type: 'T', mirror: 'm1', data: { n: 1 } });
  t.regex(got[0]?.headers['content-type'] ?? '', /^application\/cloudevents\+json/);
  const error = await t.throwsAsync(publisher(topic.endpoint, 'EventGrid', topic.keys[0]).send([event('x')]));
  t.is((error as { statusCode?: number }).statusCode, 400);
});

test.serial('a wrong key is 401, a topic that is not there 404, too much 413', async (t) => {
  const grid = await start();
  const topic = grid.customTopic({ name: 'failover' });
  const status = async (work: Promise<void>): Promise<unknown> =>
    ((await t.throwsAsync(work)) as { statusCode?: number }).statusCode;
  t.is(await status(publisher(topic.endpoint, 'EventGrid', 'wrong').send([event('x')])), 401);
  t.is(
    await status(publisher(topic.endpoint.replace('failover', 'none'), 'EventGrid', topic.keys[0]).send([event('x')])),
    404,
  );
  t.is(
    await status(
      publisher(topic.endpoint, 'EventGrid', topic.keys[0]).send([event('x', { big: 'x'.repeat(1024 * 1024) })]),
    ),
    413,
  );
  t.is(topic.counts.published, 0);
});

test.serial('a token publishes where it is accepted', async (t) => {
  const grid = await start({ acceptToken: (token, topicName) => token === 'good' && topicName === 'failover' });
  const topic = grid.customTopic({ name: 'failover' });
  const client = (token: string) =>
    new EventGridPublisherClient(
      topic.endpoint,
      'EventGrid',
      { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) },
      { tlsOptions: { ca: tls.cert }, retryOptions: { maxRetries: 0 } },
    );
  await client('good').send([event('x')]);
  const refused = (await t.throwsAsync(client('bad').send([event('x')]))) as { statusCode?: number } & Error;
  t.is(refused.statusCode, 401);
  t.true(refused.message.includes(`does not have permission to send data to ${topic.id}`), refused.message);
  t.is(topic.counts.published, 1);
});

test.serial('with local authentication off a key publishes nothing, and a token does', async (t) => {
  const grid = await start({ acceptToken: async (token) => token === 'good' });
  const topic = grid.customTopic({ name: 'failover', disableLocalAuth: true });
  const error = await t.throwsAsync(publisher(topic.endpoint, 'EventGrid', topic.keys[0]).send([event('x')]));
  t.is((error as { statusCode?: number }).statusCode, 401);
  const credential = { getToken: async () => ({ token: 'good', expiresOnTimestamp: Date.now() + 3_600_000 }) };
  await new EventGridPublisherClient(topic.endpoint, 'EventGrid', credential, {
    tlsOptions: { ca: tls.cert },
  }).send([event('x')]);
  t.is(topic.counts.published, 1);
});

test.serial('publishing fails as often as it is told to, and what was asked is kept', async (t) => {
  const grid = await start();
  const topic = grid.customTopic({ name: 'failover' });
  grid.failPublishing({ status: 503, times: 1 });
  const send = () => publisher(topic.endpoint, 'EventGrid', topic.keys[0]).send([event('x')]);
  t.is(((await t.throwsAsync(send())) as { statusCode?: number }).statusCode, 503);
  await send();
  t.deepEqual(grid.requests, [
    { topic: 'failover', status: 503 },
    { topic: 'failover', status: 200 },
  ]);
});

test.serial('a failed delivery is tried again by the schedule until it is acknowledged', async (t) => {
  const grid = await start();
  const { url, got } = await endpoint((_request, count) => (count < 4 ? 500 : 202));
  const topic = grid.customTopic({ name: 'failover' });
  await topic.subscribe({ name: 'sub', endpoint: url });
  await publisher(topic.endpoint, 'EventGrid', topic.keys[0]).send([event('x')]);
  await grid.idle();
  t.deepEqual(
    got.map(({ headers }) => headers['aeg-delivery-count']),
    ['0', '1', '2', '3'],
  );
  t.is(got[0]?.headers['aeg-subscription-name'], 'SUB');
  t.deepEqual(
    grid.attempts.map(({ status }) => status),
    [500, 500, 500, 202],
  );
  // 10 s, 30 s and 60 s, by the factor.
  const apart = got.slice(1).map(({ at }, index) => at - (got[index]?.at ?? 0));
  t.true((apart[0] ?? 0) >= 9 && (apart[1] ?? 0) >= 29 && (apart[2] ?? 0) >= 59, `${apart}`);
});

test.serial('what cannot be delivered becomes a dead letter, or is dropped where none are kept', async (t) => {
  const grid = await start();
  const broken = await endpoint(() => 500);
  const refusing = await endpoint(() => 400);
  const topic = grid.customTopic({ name: 'failover' });
  await topic.subscribe({
    name: 'often',
    endpoint: broken.url,
    deadLetter: true,
    retryPolicy: { maxDeliveryAttempts: 3 },
  });
  await topic.subscribe({ name: 'once', endpoint: refusing.url, deadLetter: true });
  await topic.subscribe({ name: 'nobody', endpoint: 'http://127.0.0.1:9/', retryPolicy: { maxDeliveryAttempts: 2 } });
  await publisher(topic.endpoint, 'EventGrid', topic.keys[0]).send([event('x')]);
  await grid.idle();
  t.is(broken.got.length, 3);
  t.is(refusing.got.length, 1);
  const [once1, often] = grid.deadLetters.toSorted((a, b) => (a.subscription > b.subscription ? 1 : -1)).toReversed();
  t.like(often?.content[0], {
    id: 'x',
    deadLetterReason: 'MaxDeliveryAttemptsExceeded',
    deliveryAttempts: 3,
    lastDeliveryOutcome: 'InternalServerError',
  });
  t.like(once1?.content[0], {
    id: 'x',
    deadLetterReason: 'UndeliverableDueToHttpBadRequest',
    deliveryAttempts: 1,
    lastHttpStatusCode: 400,
  });
  t.deepEqual(grid.dropped, [{ subscription: 'nobody', eventId: 'x', reason: 'MaxDeliveryAttemptsExceeded' }]);
});

test.serial('an endpoint that does not answer in time gets the event again', async (t) => {
  const grid = await start({ answerLimitMs: 2_000 });
  const again = Promise.withResolvers<void>();
  const { url, got } = await endpoint(async (_request, count) => {
    if (count === 1) await again.promise;
    else again.resolve();
    return 200;
  });
  const topic = grid.customTopic({ name: 'failover' });
  await topic.subscribe({ name: 'sub', endpoint: url });
  await publisher(topic.endpoint, 'EventGrid', topic.keys[0]).send([event('x')]);
  await grid.idle();
  t.is(got.length, 2);
  t.deepEqual(
    grid.attempts.map(({ outcome }) => outcome),
    ['TimedOut', 'Success'],
  );
});

test.serial('duplicates, another order and lost answers, the same for the same seed', async (t) => {
  const run = async (seed: number): Promise<string[]> => {
    const grid = await start({ seed });
    const { url, got } = await endpoint(() => 200);
    const topic = grid.customTopic({ name: 'failover' });
    await topic.subscribe({ name: 'sub', endpoint: url });
    grid.disturb({ duplicates: 0.5, holdBackMs: 400, lostAnswers: 0.2 });
    await publisher(topic.endpoint, 'EventGrid', topic.keys[0]).send(
      Array.from({ length: 20 }, (_, index) => event(`e${String(index).padStart(2, '0')}`)),
    );
    await grid.idle();
    return got.map(({ body }) => (body as { id: string }[])[0]?.id ?? '');
  };
  const first = await run(3);
  const firstSeen = [...new Set(first)];
  t.is(firstSeen.length, 20, 'every event arrives');
  t.true(first.length > 24, `${first.length} deliveries of 20 events`);
  t.notDeepEqual(firstSeen, firstSeen.toSorted());
  t.is((await run(3)).length, first.length);
});

test.serial('a system topic delivers only what the filter lets through', async (t) => {
  const grid = await start();
  const { url, got } = await endpoint(() => 200);
  const topic = grid.systemTopic('/subscriptions/s');
  await topic.subscribe({
    name: 'changes',
    endpoint: url,
    eventDeliverySchema: 'CloudEventSchemaV1_0',
    filter: {
      includedEventTypes: ['Microsoft.Resources.ResourceWriteSuccess', 'Microsoft.Resources.ResourceActionSuccess'],
      advancedFilters: [
        {
          operatorType: 'StringIn',
          key: 'data.operationName',
          values: ['Microsoft.Compute/virtualMachines/start/action'],
        },
      ],
    },
  });
  const resourceId = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm1';
  topic.feed(
    resourceEvent({
      operationName: 'Microsoft.Compute/virtualMachines/start/action',
      resourceId,
      subscriptionId: 's',
    }),
    resourceEvent({
      operationName: 'Microsoft.Compute/virtualMachines/runCommands/write',
      resourceId,
      subscriptionId: 's',
    }),
  );
  await grid.idle();
  t.is(got.length, 1);
  t.like(got[0]?.body, {
    source: '/subscriptions/s',
    type: 'Microsoft.Resources.ResourceActionSuccess',
    subject: resourceId,
  });
  t.deepEqual(topic.counts, { published: 2, matched: 1 });
});

test.serial('a webhook that does not answer the handshake gets no subscription', async (t) => {
  const grid = await start();
  const { url } = await endpoint(() => 204);
  const topic = grid.customTopic({ name: 'failover' });
  await t.throwsAsync(topic.subscribe({ name: 'sub', endpoint: url, endpointType: 'WebHook' }), {
    message: /handshake failed/,
  });
  await t.throwsAsync(
    topic.subscribe({
      name: 'sub',
      endpoint: url,
      endpointType: 'WebHook',
      eventDeliverySchema: 'CloudEventSchemaV1_0',
    }),
    {
      message: /handshake failed/,
    },
  );
});

test.serial('stop ends waits and leaves nothing under way', async (t) => {
  const grid = await start({ timeFactor: 1 });
  const { url } = await endpoint(() => 500);
  const topic = grid.customTopic({ name: 'failover' });
  await topic.subscribe({ name: 'sub', endpoint: url });
  await publisher(topic.endpoint, 'EventGrid', topic.keys[0]).send([event('x')]);
  while (grid.attempts.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  // The next attempt is due after ten seconds; stop does not wait for it.
  await grids.pop()?.stop();
  t.is(grid.attempts.length, 1);
});
