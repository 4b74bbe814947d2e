import test from 'ava';
import type { Host } from '../../../simulator/host/host.ts';
import { until } from '../../../simulator/until.ts';
import { type Bench, runsOf, startBench } from './fixture/start.ts';

let bench: Bench;
let host: Host;

test.before(async () => {
  bench = await startBench();
  host = await bench.start({ settings: { GREETING: 'good day' } });
});
test.after.always(() => bench?.stop());

const get = (path: string, init?: RequestInit) => fetch(host.url + path, init);

test.serial('gives the request to the function and its response to the caller', async (t) => {
  const response = await get('/api/hello/Bob?q=1&r=2', {
    method: 'POST',
    body: 'the body',
    headers: { 'x-given': 'value' },
  });
  t.is(response.status, 201);
  t.is(response.headers.get('x-seen'), 'value');
  t.is(response.headers.get('content-type'), 'application/json');
  t.deepEqual(response.headers.getSetCookie(), ['seen=yes; path=/; samesite=strict; httponly']);
  t.deepEqual(await response.json(), {
    name: 'Bob',
    query: '1',
    body: 'the body',
    url: `${host.url}/api/hello/Bob?q=1&r=2`,
    setting: 'good day',
  });
});

test.serial('the more particular route wins, in any letter case, without a key', async (t) => {
  t.is(await (await get('/API/hello/ADA')).text(), 'particular');
});

test.serial('an optional route parameter may be missing', async (t) => {
  t.is(((await (await get('/api/hello')).json()) as { name: null }).name, null);
});

test.serial('another method of a known route answers 404, and so does an unknown route', async (t) => {
  t.is((await get('/api/hello/x', { method: 'DELETE' })).status, 404);
  t.is((await get('/api/hello/x', { method: 'HEAD' })).status, 404);
  t.is((await get('/api/unknown')).status, 404);
  t.is((await get('/hello/x')).status, 404);
});

test.serial('a function that throws answers 500 without a word of why', async (t) => {
  const response = await get('/api/broken');
  t.is(response.status, 500);
  t.is(await response.text(), '');
  t.is(runsOf(host, 'broken').at(-1)?.error, 'broken on purpose');
  t.true(
    host.logs.some(
      (line) => line.function === 'broken' && line.level === 'error' && line.message.includes('broken on purpose'),
    ),
  );
});

test.serial('a function that returns nothing answers 204', async (t) => {
  t.is((await get('/api/nothing')).status, 204);
});

test.serial('context.log becomes a line with function and invocation', async (t) => {
  await get('/api/hello/Eve');
  const line = await until('the log line', () => host.logs.find((each) => each.message === 'hello Eve'));
  t.is(line.function, 'hello');
  t.is(line.level, 'information');
  t.is(line.category, 'user');
  t.true(host.invocations.some((invocation) => invocation.id === line.invocationId && invocation.ok));
});

test.serial('console goes to the log, start hooks have run', (t) => {
  t.true(host.logs.some((line) => line.category === 'console' && line.message === 'app starts'));
});

test.serial('extra outputs are on the queue before the answer is sent', async (t) => {
  const quiet = await bench.start({ only: ['enqueue'], settings: { OUT_QUEUE: 'quiet' } });
  const response = await fetch(`${quiet.url}/api/enqueue`, {
    method: 'POST',
    body: JSON.stringify({ items: [{ a: 1 }, 'two'] }),
  });
  t.is(response.status, 202);
  const { receivedMessageItems } = await bench.queues.getQueueClient('quiet').receiveMessages({ numberOfMessages: 5 });
  t.deepEqual(receivedMessageItems.map((item) => item.messageText).sort(), ['two', '{"a":1}']);
});

test.serial('the host’s own paths', async (t) => {
  t.is((await get('/')).status, 200);
  t.is(((await (await get('/admin/host/status')).json()) as { state: string }).state, 'Running');
  const functions = (await (await get('/admin/functions')).json()) as { name: string }[];
  t.deepEqual(functions.map(({ name }) => name).sort(), [...host.functions].sort());
  t.is((await get('/admin/functions/none', { method: 'POST', body: '{}' })).status, 404);
  t.is((await get('/admin/functions/tick', { method: 'POST' })).status, 400);
  t.is((await get('/admin/functions/TICK', { method: 'POST', body: '{}' })).status, 202);
  const run = await until('the run by hand', () => runsOf(host, 'tick').find(({ trigger }) => trigger === 'manual'));
  t.true(run.ok);
});

test.serial('the app loads in less than half a second of CPU', (t) => {
  t.log(`fixture app: ${host.loadMs} ms`);
  t.true(host.loadMs > 0 && host.loadMs < 500, `${host.loadMs} ms`);
});
