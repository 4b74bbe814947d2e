/** What both notifiers, for Linux and for Windows, are held to. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext, Implementation } from 'ava';
import type { Certificate } from '../../simulator/arm/certificate.ts';
import type { Imds } from '../../simulator/arm/imds.ts';
import { MIRROR_PRINCIPAL } from '../../simulator/eventgrid/senders.ts';
import { type Cloud, startCloud, VM } from './cloud.ts';
import type { Asked, Notifier } from './run.ts';

const OTHER = { clientId: '00000000-0000-0000-0000-0000000000a4', principalId: '00000000-0000-0000-0000-0000000000b4' };
/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9';
const GUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
/** How a token in JWT's form begins. */
const TOKEN = /eyJ/;

export interface Setup {
  notifier: Notifier;
  certificate: () => Certificate;
  declare: (title: string, run: Implementation<[]>) => void;
}

const way = ({ topic, imds }: Cloud): Asked => ({ topic: topic.endpoint, metadata: imds.endpoint });
const asked = (imds: Imds, what: string): number[] =>
  imds.requests.filter((one) => one.what === what).map(({ status }) => status);

export function declareCases({ notifier, certificate, declare }: Setup): void {
  const cloud = (t: ExecutionContext, ...more: [Parameters<typeof startCloud>[2]?]) =>
    startCloud(t, certificate(), ...more);

  declare('one event, as the app reads it', async (t) => {
    const it = await cloud(t);
    const ran = await notifier({ ...way(it), vip: '10.0.1.100', mirror: 'UCR-REGISTRY' });
    t.is(ran.exitCode, 0, ran.output);
    const [event, ...others] = await it.told();
    t.deepEqual(others, []);
    t.like(event, {
      specversion: '1.0',
      type: 'IlbHairpinGuard.MirrorFailover',
      source: VM,
      subject: VM,
      data: { vmId: VM, vip: '10.0.1.100', mirror: 'UCR-REGISTRY' },
    });
    t.regex(String(event?.id), new RegExp(`^${GUID.source}$`));
    t.true(Math.abs(Date.parse(String(event?.time)) - Date.now()) < 600_000, String(event?.time));
    t.true(ran.output.includes(String(event?.id)), ran.output);
    t.notRegex(ran.output, TOKEN);
    t.deepEqual(it.eventGrid.requests, [{ topic: 'mirror-failover', status: 200 }]);
  });

  declare('what is not given is not in the event, and a test says so', async (t) => {
    const it = await cloud(t);
    t.is((await notifier(way(it))).exitCode, 0);
    t.is((await notifier({ ...way(it), test: true })).exitCode, 0);
    const events = await it.told();
    t.deepEqual(
      events.map(({ data }) => data),
      [{ vmId: VM }, { vmId: VM, test: true }],
    );
    t.not(events[0]?.id, events[1]?.id);
  });

  declare('of several identities the named one is taken', async (t) => {
    const it = await cloud(t, { identities: [OTHER, MIRROR_PRINCIPAL] });
    const unnamed = await notifier(way(it));
    t.is(unnamed.exitCode, 3);
    t.regex(unnamed.output, /Multiple user assigned identities exist/);
    t.is((await notifier({ ...way(it), clientId: MIRROR_PRINCIPAL.clientId })).exitCode, 0);
    t.is((await it.told()).length, 1);
  });

  declare('what passes by is tried again, as Azure documents it', async (t) => {
    const one = async (what: 'token' | 'instance' | 'topic', status: number) => {
      const it = await cloud(t);
      if (what === 'topic') it.eventGrid.failPublishing({ status, times: 1 });
      else it.imds.fail({ what, status, times: 1 });
      const ran = await notifier(way(it));
      t.is(ran.exitCode, 0, `${what} ${status}: ${ran.output}`);
      const statuses = what === 'topic' ? it.eventGrid.requests.map((each) => each.status) : asked(it.imds, what);
      t.deepEqual(statuses, [status, 200], what);
      t.is((await it.told()).length, 1);
    };
    await Promise.all([
      ...[404, 410, 429, 500, 503].map((status) => one('token', status)),
      ...[410, 429, 500].map((status) => one('instance', status)),
      ...[408, 429, 500, 503].map((status) => one('topic', status)),
    ]);
  });

  declare('what stays wrong is asked once, and told in the service’s words', async (t) => {
    const none = await cloud(t, { identities: [] });
    const noIdentity = await notifier(way(none));
    t.is(noIdentity.exitCode, 3);
    t.regex(noIdentity.output, /HTTP 400.*Identity not found/);
    t.deepEqual(asked(none.imds, 'token'), [400]);

    const foreign = await cloud(t, { identities: [OTHER] });
    const noRole = await notifier(way(foreign));
    t.is(noRole.exitCode, 4);
    t.regex(noRole.output, /HTTP 401.*does not have permission to send data to/);
    t.regex(noRole.output, /EventGrid Data Sender/);
    t.notRegex(noRole.output, TOKEN);

    for (const status of [400, 403, 404, 413]) {
      const refusing = await cloud(t);
      refusing.eventGrid.failPublishing({ status });
      const ran = await notifier(way(refusing));
      t.is(ran.exitCode, 4, ran.output);
      t.regex(ran.output, new RegExp(`HTTP ${status}`));
      t.deepEqual(refusing.eventGrid.requests, [{ topic: 'mirror-failover', status }]);
    }
  });

  declare('an answer that is none ends it', async (t) => {
    const noToken = await cloud(t);
    noToken.imds.fail({ what: 'token', status: 200 });
    const noVm = await cloud(t, {
      resourceId: VM.replace('virtualMachines', 'virtualMachineScaleSets/x/virtualMachines'),
    });
    const quoted = await cloud(t, { resourceId: `${VM}","vip":"10.0.1.9` });
    for (const it of [noToken, noVm, quoted]) {
      const ran = await notifier(way(it));
      t.is(ran.exitCode, 3, ran.output);
      t.deepEqual(it.eventGrid.requests, []);
    }
  });

  declare('letters that are no ASCII in the VM’s id arrive as they are', async (t) => {
    const resourceId = VM.replace(/resourceGroups\/[^/]+/, 'resourceGroups/krankenhäuser');
    const it = await cloud(t, { resourceId });
    const ran = await notifier(way(it));
    t.is(ran.exitCode, 0, ran.output);
    t.like((await it.told())[0], { subject: resourceId, data: { vmId: resourceId } });
  });

  declare('the time limit holds for all that can hang, and is told as such', async (t) => {
    const one = async (what: string, prepare: (it: Cloud) => Asked | undefined) => {
      const it = await cloud(t);
      const change = prepare(it);
      const begun = performance.now();
      const ran = await notifier({ ...way(it), seconds: '3', ...change });
      t.is(ran.exitCode, 5, `${what}: ${ran.output}`);
      t.regex(ran.output, /3 seconds/, what);
      t.true(performance.now() - begun >= 2000, `${what}: not before its time`);
      t.deepEqual(await it.told(), []);
    };
    await Promise.all([
      one('metadata gone', ({ imds }) => imds.fail({ what: 'token', status: 410 }) as undefined),
      one('metadata silent', ({ imds }) => imds.fail({ what: 'instance', status: 0 }) as undefined),
      one('metadata nowhere', () => ({ metadata: NOWHERE })),
      one('topic busy', ({ eventGrid }) => eventGrid.failPublishing({ status: 503 }) as undefined),
      one('topic silent', ({ eventGrid }) => eventGrid.failPublishing({ status: 0 }) as undefined),
    ]);
  });

  declare('wrong arguments are named, and nothing is asked', async (t) => {
    const it = await cloud(t);
    const good = way(it);
    const wrong: [name: RegExp, change: Asked][] = [
      [/topic/i, { topic: '' }],
      [/topic/i, { topic: good.topic?.replace('https', 'http') ?? '' }],
      [/topic/i, { topic: good.topic?.replace('/api/events', '') ?? '' }],
      [/topic/i, { topic: good.topic?.replace('//', '//user:word@') ?? '' }],
      [/topic/i, { topic: `${good.topic}\n` }],
      [/topic/i, { topic: `${good.topic}?key=1` }],
      [/metadata/i, { metadata: 'https://169.254.169.254' }],
      [/metadata/i, { metadata: 'http://169.254.169.254/x' }],
      [/client-?id/i, { clientId: 'hs-identity' }],
      [/client-?id/i, { clientId: `${OTHER.clientId}&resource=x` }],
      [/vip/i, { vip: '10.0.1.300' }],
      [/vip/i, { vip: '010.0.1.100' }],
      [/vip/i, { vip: '10.0.1.100"' }],
      [/mirror/i, { mirror: 'UCR"},"x":"' }],
      [/mirror/i, { mirror: 'x'.repeat(65) }],
      [/seconds/i, { seconds: '0' }],
      [/seconds/i, { seconds: '601' }],
      [/seconds/i, { seconds: '-1' }],
      [/stray/, { more: ['stray'] }],
    ];
    for (const [name, change] of wrong) {
      const ran = await notifier({ ...good, ...change });
      t.is(ran.exitCode, 2, `${JSON.stringify(change)}: ${ran.output}`);
      t.regex(ran.output, name);
    }
    t.deepEqual([it.imds.requests, it.eventGrid.requests], [[], []]);
  });

  declare('the log holds the last run, and no secret', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tell failover-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const log = join(folder, 'last.log');
    writeFileSync(log, 'of a run before\n');
    const it = await cloud(t);
    it.imds.fail({ what: 'token', status: 429, times: 1 });
    const ran = await notifier({ ...way(it), log });
    t.is(ran.exitCode, 0, ran.output);
    const text = readFileSync(log, 'utf8');
    t.notRegex(text, /of a run before/);
    t.regex(text, /HTTP 429/);
    t.true(text.includes(String((await it.told())[0]?.id)));
    t.notRegex(text, TOKEN);
    const unwritable = await notifier({ ...way(it), log: join(folder, 'none', 'last.log') });
    t.is(unwritable.exitCode, 2);
    t.regex(unwritable.output, /log/i);
  });
}

export interface TestProxy {
  url: string;
  /** What was asked of it. */
  asked: string[];
  close(): void;
}

/** A proxy that answers everything itself, so that what goes through it shows. */
export async function startProxy(): Promise<TestProxy> {
  const urls: string[] = [];
  const server = createServer((request, response) => {
    urls.push(request.url ?? '');
    response.writeHead(502).end('of the proxy');
  });
  server.on('connect', (request, socket) => {
    urls.push(request.url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked: urls, close: () => void server.close() };
}
