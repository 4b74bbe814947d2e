/**
 * Event Grid on this machine: custom topics over https that Azure's publisher client talks to, system topics that
 * are fed, subscriptions that deliver to a Functions host. Delivery is at least once and in no order.
 *
 * What differs from Event Grid:
 * - Topics lie under one address, `https://127.0.0.1:PORT/NAME/api/events`; endpoints may be plain http.
 * - Publishing takes the access keys, and tokens by a function that is given; no shared access signatures.
 * - Events live in memory: what is not delivered when it stops is lost. No delayed delivery for sick endpoints.
 * - One event per request (Event Grid's default); batches for output are not made.
 * - Number filters and filters on arrays are refused by name. Keys below `data` keep their letter case.
 * - Waits can be shortened by a factor. Dead letters are kept in a list with the blobs' names and contents.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { InputError, messageOf } from '../../shared/errors.ts';
import type { DeadLetterBlob } from './deadLetter.ts';
import { errorBody, isKey, MOST_BYTES, type Refusal, readPublished } from './publish.ts';
import { seededRandom } from './random.ts';
import { ANSWER_LIMIT_MS } from './retry.ts';
import type { AnyEvent, CloudEvent, EventGridEvent, SchemaName } from './schemas.ts';
import type { DeliveryAttempt, DeliveryContext, Disturbance } from './subscription.ts';
import { createTopic, type Topic } from './topic.ts';

export interface EventGridOptions {
  /** PEM of the certificate for 127.0.0.1 and its key. */
  tls: { key: string; cert: string };
  /** 0, the default: any. */
  port?: number;
  /** Multiplies Event Grid's waits (10 s before the first retry, 5 minutes before a dead letter). Default 1. */
  timeFactor?: number;
  /** How long endpoints have for an answer. Default 30 s, not shortened by timeFactor. */
  answerLimitMs?: number;
  /** Of all that is drawn at random. Default 1. */
  seed?: number;
  /** Tells whether a bearer token may publish to a topic, see senders.ts. Default: none may. */
  acceptToken?: (token: string, topicName: string) => boolean | Promise<boolean>;
}

export interface CustomTopicOptions {
  name: string;
  /** ARM id. Default: one made of zeros and the name. */
  id?: string;
  inputSchema?: SchemaName;
  /** Access keys. Default: two random ones. */
  keys?: [string, string];
  /** ARM's `disableLocalAuth`: only tokens are taken, no key. */
  disableLocalAuth?: boolean;
}

export interface CustomTopic extends Pick<Topic, 'id' | 'counts' | 'subscribe' | 'unsubscribe'> {
  /** What publishers are given. */
  endpoint: string;
  keys: [string, string];
}

export interface SystemTopic extends Pick<Topic, 'counts' | 'subscribe' | 'unsubscribe'> {
  /** Publishes events of the source, in either schema, see arm/events.ts. */
  feed(...events: (EventGridEvent | CloudEvent)[]): void;
}

/** Answers to publishers in place of the right one. */
export interface PublishFault {
  /** 0: no answer at all, until whoever publishes gives up. */
  status: number;
  /** For so many requests; default: for all that come. */
  times?: number;
}

export interface EventGrid {
  port: number;
  /** Publish requests so far: the topic's name in the address, and the answer. */
  requests: { topic: string; status: number }[];
  failPublishing(fault: PublishFault): void;
  customTopic(options: CustomTopicOptions): CustomTopic;
  /** `source`: the resource whose events these are, `/subscriptions/...`; `schema`: the one they are published in. */
  systemTopic(source: string, schema?: SchemaName): SystemTopic;
  /** From now on; an empty object ends it. */
  disturb(disturbance: Disturbance): void;
  attempts: DeliveryAttempt[];
  deadLetters: DeadLetterBlob[];
  dropped: { subscription: string; eventId: string; reason: string }[];
  /** Resolves when nothing is on its way. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

const NOWHERE =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.EventGrid/topics';

interface Registered {
  topic: Topic;
  schema: SchemaName;
  /** None: keys are not taken. */
  keys: readonly string[];
}

export async function startEventGrid(options: EventGridOptions): Promise<EventGrid> {
  const topics = new Map<string, Registered>();
  const underWay = new Set<Promise<void>>();
  const stopping = new AbortController();
  const attempts: DeliveryAttempt[] = [];
  const deadLetters: DeadLetterBlob[] = [];
  const dropped: EventGrid['dropped'] = [];
  let disturbance: Disturbance = {};
  const context: DeliveryContext = {
    random: seededRandom(options.seed ?? 1),
    timeFactor: options.timeFactor ?? 1,
    answerLimitMs: options.answerLimitMs ?? ANSWER_LIMIT_MS,
    disturbance: () => disturbance,
    signal: stopping.signal,
    attempted: (attempt) => attempts.push(attempt),
    deadLettered: (blob) => deadLetters.push(blob),
    dropped: (subscription, eventId, reason) => dropped.push({ subscription, eventId, reason }),
  };
  const track = (delivery: Promise<void>): void => {
    underWay.add(delivery);
    void delivery.finally(() => underWay.delete(delivery));
  };

  const requests: EventGrid['requests'] = [];
  const faults: Required<PublishFault>[] = [];
  const server = createServer(options.tls, (request, response) => {
    publish(request)
      .catch((error: unknown): Refusal => ({ status: 400, message: messageOf(error) }))
      .then((refusal) => {
        requests.push({ topic: topicOf(request), status: refusal?.status ?? 200 });
        if (refusal?.status !== 0) answer(response, refusal);
      });
  });

  /** Undefined when the events were taken. */
  async function publish(request: IncomingMessage): Promise<Refusal | undefined> {
    const url = new URL(request.url ?? '/', 'https://127.0.0.1');
    const name = topicOf(request);
    const found = topics.get(name.toLowerCase());
    const body = await readLimited(request);
    const fault = faults.find((one) => one.times > 0);
    if (fault) {
      fault.times -= 1;
      return { status: fault.status, message: 'A fault on demand.' };
    }
    if (!found || request.method !== 'POST') return { status: 404, message: `There is no topic at ${url.pathname}.` };
    const refused = await unauthorized(request, name, found);
    if (refused !== undefined) return { status: 401, message: refused };
    if (!url.searchParams.has('api-version'))
      return { status: 400, message: 'The api-version query parameter is missing.' };
    if (body === undefined) return { status: 413, message: `The request is larger than ${MOST_BYTES} bytes.` };
    const read = readPublished(body, request.headers['content-type'] ?? '', found.schema, found.topic.id);
    if ('refusal' in read) return read.refusal;
    found.topic.accept(read.events);
    return undefined;
  }

  /** Undefined when the request may publish; else why not, a token's refusal in Event Grid's words (azure-sdk-for-net#22831). */
  async function unauthorized(request: IncomingMessage, name: string, found: Registered): Promise<string | undefined> {
    if (isKey(request.headers['aeg-sas-key']?.toString(), found.keys)) return undefined;
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) return 'Request authorization failed: no valid aeg-sas-key or token was given.';
    if (await options.acceptToken?.(token, name)) return undefined;
    return `The principal associated with access token presented with the incoming request does not have permission to send data to ${found.topic.id}.`;
  }

  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    port,
    attempts,
    deadLetters,
    dropped,
    requests,
    failPublishing: (fault) => void faults.push({ times: Number.POSITIVE_INFINITY, ...fault }),
    customTopic({ name, id = `${NOWHERE}/${name}`, inputSchema = 'EventGridSchema', ...access }) {
      if (topics.has(name.toLowerCase()))
        throw new InputError('INPUT_INVALID', 'name', name, 'there is a topic of that name');
      const topic = createTopic(id, inputSchema, context, track);
      const keys = access.keys ?? [newKey(), newKey()];
      topics.set(name.toLowerCase(), { topic, schema: inputSchema, keys: access.disableLocalAuth ? [] : keys });
      return { ...topic, keys, endpoint: `https://127.0.0.1:${port}/${name}/api/events` };
    },
    systemTopic(source, schema = 'EventGridSchema') {
      const { counts, subscribe, unsubscribe, accept } = createTopic(source, schema, context, track);
      const feed = (...events: (EventGridEvent | CloudEvent)[]): void =>
        accept(events.map((event) => ({ schema, event }) as AnyEvent));
      return { counts, subscribe, unsubscribe, feed };
    },
    disturb(next) {
      disturbance = next;
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    async stop() {
      stopping.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await Promise.all([closed, ...underWay]);
    },
  };
}

/** The name in `/NAME/api/events`; empty for another path. */
const topicOf = (request: IncomingMessage): string =>
  /^\/([^/?]+)\/api\/events(?:\?|$)/i.exec(request.url ?? '')?.[1] ?? '';

const newKey = (): string => randomBytes(32).toString('base64');

/** The body, or undefined when it is too large; it is read to its end either way, so that the answer arrives. */
async function readLimited(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MOST_BYTES) chunks.push(chunk);
  }
  return bytes <= MOST_BYTES ? Buffer.concat(chunks).toString('utf8') : undefined;
}

function answer(response: ServerResponse, refusal: Refusal | undefined): void {
  if (!refusal) response.writeHead(200).end();
  else
    response.writeHead(refusal.status, { 'content-type': 'application/json' }).end(JSON.stringify(errorBody(refusal)));
}
