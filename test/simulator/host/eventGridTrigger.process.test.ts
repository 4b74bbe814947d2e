import test from 'ava';
import type { Host } from '../../../simulator/host/host.ts';
import { until } from '../../../simulator/until.ts';
import { type Bench, runsOf, seen, startBench } from './fixture/start.ts';

let bench: Bench;
let host: Host;
test.before(async () => {
  bench = await startBench();
  host = await bench.start({ only: ['onEvent'] });
});
test.after.always(() => bench?.stop());

const post = (body: unknown, kind = 'Notification', name = 'onEvent') =>
  fetch(`${host.url}/runtime/webhooks/EventGrid?functionName=${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'aeg-event-type': kind },
    body: JSON.stringify(body),
  });

test.serial('splits an array: one event per run, its output on the queue', async (t) => {
  const events = [1, 2, 3].map((n) => ({ id: `e${n}`, subject: 's', eventType: 'T', data: { n } }));
  t.is((await post(events)).status, 202);
  t.is(runsOf(host, 'onEvent').length, 3);
  t.deepEqual(
    seen(host, 'onEvent')
      .map(({ event }) => (event as { id: string }).id)
      .sort(),
    ['e1', 'e2', 'e3'],
  );
  t.deepEqual(
    seen(host, 'onEvent')
      .map(({ data }) => (data as { n: number }).n)
      .sort(),
    [1, 2, 3],
  );
  const { receivedMessageItems } = await bench.queues.getQueueClient('out').receiveMessages({ numberOfMessages: 10 });
  t.deepEqual(receivedMessageItems.map((item) => JSON.parse(item.messageText).seen).sort(), ['e1', 'e2', 'e3']);
});

test.serial('a CloudEvent comes alone or in a batch', async (t) => {
  const event = (id: string) => ({ specversion: '1.0', id, source: '/s', type: 'T', data: {} });
  t.is((await post(event('c1'))).status, 202);
  t.is((await post([event('c2'), event('c3')])).status, 202);
  const ids = await until('the runs', () => {
    const found = seen(host, 'onEvent').map(({ event: each }) => (each as { id: string }).id);
    return found.includes('c3') && found;
  });
  t.true(['c1', 'c2', 'c3'].every((id) => ids.includes(id)));
});

test.serial('one that throws fails the delivery, the others have run', async (t) => {
  const before = runsOf(host, 'onEvent').length;
  const response = await post([
    { id: 'f1', data: { fail: true } },
    { id: 'f2', data: {} },
  ]);
  t.is(response.status, 500);
  t.is(await response.text(), 'event refused');
  t.is(runsOf(host, 'onEvent').length, before + 2);
});

test.serial('answers the validation event, also of CloudEvents, and the OPTIONS handshake', async (t) => {
  const answer = await post([{ id: '1', data: { validationCode: 'ABC' } }], 'SubscriptionValidation');
  t.deepEqual(await answer.json(), { validationResponse: 'ABC' });
  const cloud = await post({ id: '1', data: JSON.stringify({ validationCode: 'DEF' }) }, 'subscriptionvalidation');
  t.deepEqual(await cloud.json(), { validationResponse: 'DEF' });
  const options = await fetch(`${host.url}/runtime/webhooks/eventgrid?functionName=onEvent`, {
    method: 'OPTIONS',
    headers: { 'webhook-request-origin': 'eventgrid.azure.net' },
  });
  t.is(options.status, 200);
  t.is(options.headers.get('webhook-allowed-origin'), 'eventgrid.azure.net');
});

test.serial('404 for another function, 400 for another kind, 202 for an unsubscribe, 500 for no JSON', async (t) => {
  t.is((await post([], 'Notification', 'tick')).status, 404);
  t.is((await post([], 'Something')).status, 400);
  t.is((await post([], 'Unsubscribe')).status, 202);
  const broken = await fetch(`${host.url}/runtime/webhooks/EventGrid?functionName=onEvent`, {
    method: 'POST',
    headers: { 'aeg-event-type': 'Notification' },
    body: '{',
  });
  t.is(broken.status, 500);
});
