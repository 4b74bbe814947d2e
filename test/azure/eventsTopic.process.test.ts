/**
 * The app's own events through the real SDK and the simulated Event Grid: by the app's identity, as CloudEvents, through
 * a process that is killed at each call of a publish, and back to the app, which takes none of them for a signal.
 */

import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import * as z from 'zod/mini';
import { createEventsTopic } from '../../shared/azure/eventsTopic.ts';
import { AzureError } from '../../shared/errors.ts';
import { newsEvent } from '../../shared/model/newsSchema.ts';
import type { EventsTopic } from '../../shared/model/ports.ts';
import type { LoopPorts } from '../../shared/reconcile/loop.ts';
import { type Certificate, makeCertificate } from '../../simulator/arm/certificate.ts';
import { Tokens } from '../../simulator/arm/tokens.ts';
import { type EventGrid, startEventGrid } from '../../simulator/eventgrid/eventGrid.ts';
import { senders } from '../../simulator/eventgrid/senders.ts';
import { articleWorld, SUBSCRIPTION, World } from '../helpers/world.ts';
import { wrapPorts } from '../reliability/calls.ts';
import { untold } from '../reliability/told.ts';

const APP = { clientId: '00000000-0000-0000-0000-0000000000a1', principalId: '00000000-0000-0000-0000-0000000000b1' };
const tokens = new Tokens();
let certificate: Certificate;
let ca: string;

test.before(async () => {
  certificate = await makeCertificate();
  ca = readFileSync(certificate.caFile, 'utf8');
});
test.after.always(() => rmSync(dirname(certificate.caFile), { recursive: true, force: true }));

interface Cloud {
  eventGrid: EventGrid;
  topic: EventsTopic;
  /** What a subscriber was given, once nothing is on its way. */
  delivered(): Promise<Record<string, unknown>[]>;
}

/** A topic that takes CloudEvents by token alone, with one subscriber. */
async function startCloud(t: ExecutionContext, principals = [APP]): Promise<Cloud> {
  const eventGrid = await startEventGrid({ tls: certificate, acceptToken: senders(tokens, principals) });
  t.teardown(() => eventGrid.stop());
  const events: Record<string, unknown>[] = [];
  const subscriber = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    events.push(JSON.parse(body));
    response.writeHead(202).end();
  }).listen(0, '127.0.0.1');
  t.teardown(() => void subscriber.close());
  await once(subscriber, 'listening');
  const custom = eventGrid.customTopic({
    name: 'operations',
    inputSchema: 'CloudEventSchemaV1_0',
    disableLocalAuth: true,
  });
  await custom.subscribe({
    name: 'tools',
    endpoint: `http://127.0.0.1:${(subscriber.address() as AddressInfo).port}/`,
  });
  const credential = {
    getToken: async (scopes: string | string[]) => {
      t.deepEqual([scopes].flat(), ['https://eventgrid.azure.net/.default']);
      const { token, expiresOn } = await tokens.issue(APP, 'https://eventgrid.azure.net');
      return { token, expiresOnTimestamp: expiresOn * 1000 };
    },
  };
  // The simulated cloud's own authority; in Azure none is given.
  const topic = createEventsTopic(custom.endpoint, credential, { ...{ tlsOptions: { ca } } });
  return {
    eventGrid,
    topic,
    delivered: async () => {
      await eventGrid.idle();
      return events;
    },
  };
}

/** A world whose process is killed at one of the calls that publishing makes, and whose topic is the real client. */
class PublishingWorld extends World {
  topic: EventsTopic | undefined;
  kill: { call: number; when: 'before' | 'after' } | undefined;
  calls = 0;

  override ports(): LoopPorts {
    const ports = super.ports();
    const own = this.topic ?? ports.topic;
    const life = { dead: false };
    const kept: EventsTopic = {
      publish: async (events) => {
        await own.publish(events);
        this.published.push([...events]);
      },
    };
    return wrapPorts({ ...ports, topic: kept }, async (name, act) => {
      const isOfPublishing = name === 'topic.publish' || name.startsWith('store.news.');
      if (!isOfPublishing || life.dead) return life.dead ? Promise.reject(new Error('dead')) : act();
      const call = this.calls++;
      if (call !== this.kill?.call) return act();
      life.dead = true;
      if (this.kill.when === 'after') await act();
      throw new Error('killed');
    });
  }
}

const publishing = (topic?: EventsTopic): PublishingWorld => {
  const { vms, mirrors } = articleWorld();
  const world = new PublishingWorld(vms, mirrors, { tellsEvents: true });
  world.topic = topic;
  return world;
};

/** A sweep that finds, repairs and proves, and the minutes after it. */
async function play(world: PublishingWorld): Promise<void> {
  const runId = world.sweep();
  for (let minute = 0; minute < 15; minute += 1) {
    world.bell();
    try {
      await world.run(60_000);
    } catch (error) {
      // The host delivers the dead process's message again.
      if (!/dead|killed/.test((error as Error).message)) throw error;
    }
    world.now = Math.max(world.now, Math.ceil((world.now + 1) / 60_000) * 60_000);
  }
  if ((await world.runRow(runId)).state !== 'settled') throw new Error('the run did not settle');
}

test('every event arrives as its schema says, sent by the app’s own identity', async (t) => {
  const { topic, delivered, eventGrid } = await startCloud(t);
  const world = publishing(topic);
  await play(world);
  const events = await delivered();
  t.is(events.length, 6);
  for (const event of events) t.true(z.safeParse(newsEvent, event).success, JSON.stringify(event));
  t.deepEqual(await untold(world), []);
  t.true(eventGrid.requests.every(({ status }) => status === 200));
});

test('killed before or after any call of publishing: each fact arrives, and under one id', async (t) => {
  t.timeout(600_000);
  const calm = publishing();
  await play(calm);
  t.true(calm.calls > 8, `${calm.calls} calls`);
  const { topic, delivered } = await startCloud(t);
  let expected = 0;
  for (let call = 0; call < calm.calls; call += 1) {
    for (const when of ['before', 'after'] as const) {
      const world = publishing(topic);
      world.kill = { call, when };
      await play(world);
      t.deepEqual(await untold(world), [], `${when} call ${call}`);
      expected += world.published.flat().length;
    }
  }
  const events = await delivered();
  t.true(events.length >= expected);
  const facts = new Set(calm.published.flat().map(({ id }) => id));
  for (const id of facts) t.true(events.some((event) => event.id === id));
});

test('an identity without the role is told so, and the work goes on', async (t) => {
  const { topic, eventGrid } = await startCloud(t, []);
  await t.throwsAsync(
    topic.publish([
      {
        id: '0'.repeat(32),
        type: 'IlbHairpinGuard.PathProved',
        source: `/ilb-hairpin-guard/subscriptions/${SUBSCRIPTION}`,
        subject: 'x',
        time: new Date(0),
        data: {},
      },
    ]),
    { instanceOf: AzureError, code: 'AZURE_DENIED', message: /does not have permission to send data/ },
  );
  t.is(eventGrid.requests.length, 1, 'not asked again at once');
  const world = publishing(topic);
  await play(world);
  t.true(world.log.some(({ step, fields }) => step === 'events-not-published' && fields.code === 'AZURE_DENIED'));
});
