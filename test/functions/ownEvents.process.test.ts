/** The app's own events, from the bundle that is deployed to a subscriber: and back to the app, which makes nothing of them. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import * as z from 'zod/mini';
import { sameId } from '../../shared/model/ids.ts';
import { newsEvent } from '../../shared/model/newsSchema.ts';
import { vmId } from '../../simulator/estate/ids.ts';
import { until } from '../../simulator/until.ts';
import { type App, LONG_MS, startApp } from './app.ts';

let app: App;
let closing = (): void => undefined;
const events: { id: string; type: string; subject: string; data: { vip?: string } }[] = [];

test.before(async (t) => {
  t.timeout(2 * LONG_MS);
  app = await startApp({ ownEvents: true });
  const tools = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    events.push(JSON.parse(body));
    response.writeHead(202).end();
  }).listen(0, '127.0.0.1');
  closing = () => void tools.close();
  await once(tools, 'listening');
  await app.operations.subscribe({
    name: 'tools',
    endpoint: `http://127.0.0.1:${(tools.address() as AddressInfo).port}/`,
  });
  // What a person might do by mistake: the app's own events back into its functions, through no filter.
  for (const name of ['mirrorFailover', 'resourceChange']) {
    const endpoint = `${app.host.url}/runtime/webhooks/EventGrid?functionName=${name}`;
    await app.operations.subscribe({ name, endpoint, endpointType: 'AzureFunction' });
  }
});
test.after.always(async () => {
  closing();
  await app?.stop();
});

test('a sweep tells what it proved, by the app’s own identity; sent back, the events make no run', async (t) => {
  t.timeout(3 * LONG_MS);
  const watch = app.watch();
  const run = await app.sweep(LONG_MS);
  t.is(run.state, 'settled');
  const proved = () => events.filter(({ type }) => type === 'IlbHairpinGuard.PathProved');
  await until(
    () => `two paths of hs-a to be told: ${events.map(({ type, subject }) => `${type} ${subject}`)}`,
    async () => proved().filter(({ subject }) => sameId(subject, vmId(app.estate, 'hs-a'))).length >= 2,
    LONG_MS,
  );
  await watch.step(({ step }) => step === 'events-published');
  await app.eventGrid.idle();
  for (const event of events) t.true(z.safeParse(newsEvent, event).success, JSON.stringify(event));
  t.true(
    events.some(({ type, subject }) => type.endsWith('PathNeedsPerson') && sameId(subject, vmId(app.estate, 'hs-c'))),
  );
  t.true(app.eventGrid.requests.every(({ topic, status }) => topic !== 'operations' || status === 200));

  const refused = await until(
    () => 'each event to be refused by the function of failovers',
    async () => {
      const found = watch.all('refused-event').filter(({ code }) => code === 'EVENT_FOREIGN');
      return found.length >= events.length && found;
    },
    LONG_MS,
  );
  t.true(refused.length >= events.length);
  t.deepEqual(
    watch.all('signal').filter(({ signal }) => signal !== 'sweep'),
    [],
  );
  t.deepEqual([...new Set(watch.all('accepted').map(({ signal }) => signal))], ['sweep']);
});
