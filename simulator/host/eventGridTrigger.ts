/**
 * The Event Grid trigger's webhook, `/runtime/webhooks/EventGrid?functionName=NAME` (azure-sdk-for-net,
 * Microsoft.Azure.WebJobs.Extensions.EventGrid: HttpRequestProcessor.cs, EventGridExtensionConfigProvider.cs).
 * Arrays are split, all events of a delivery run side by side, and one that throws fails the whole delivery.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../../shared/errors.ts';
import type { RegisteredFunction } from './core.ts';
import type { Invoker } from './invoke.ts';

export const WEBHOOK_PATH = '/runtime/webhooks/eventgrid';

export async function answerEventGrid(
  functions: ReadonlyMap<string, RegisteredFunction>,
  invoker: Invoker,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const name = url.searchParams.get('functionName') ?? '';
  const target = functions.get(name);
  if (!target) {
    response.writeHead(404).end(`cannot find function: '${name}'`);
    return;
  }
  // CloudEvents' own handshake (HTTP 1.1 Web Hooks for Event Delivery, 4: Abuse Protection).
  if (request.method === 'OPTIONS') {
    const origin = String(request.headers['webhook-request-origin'] ?? '*');
    response.writeHead(200, { 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '*' }).end();
    return;
  }
  const kind = String(request.headers['aeg-event-type'] ?? '').toLowerCase();
  if (kind === 'unsubscribe') {
    response.writeHead(202).end();
    return;
  }
  let events: unknown[];
  try {
    events = await readEvents(request);
  } catch (error) {
    // The real host throws and answers 500, which Event Grid tries again.
    response.writeHead(500).end(messageOf(error));
    return;
  }
  if (kind === 'subscriptionvalidation') {
    response.writeHead(200).end(JSON.stringify({ validationResponse: validationCode(events[0]) }));
    return;
  }
  if (kind !== 'notification') {
    response.writeHead(400).end();
    return;
  }
  const outcomes = await Promise.all(
    events.map((event) =>
      invoker.invoke(target, {
        trigger: 'eventGrid',
        data: { json: JSON.stringify(event) },
        metadata: { data: { json: JSON.stringify((event as { data?: unknown } | null)?.data ?? null) } },
      }),
    ),
  );
  const failed = outcomes.find(({ invocation }) => !invocation.ok);
  if (failed) response.writeHead(500).end(failed.invocation.error);
  else response.writeHead(202).end();
}

async function readEvents(request: IncomingMessage): Promise<unknown[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  if (Array.isArray(body)) return body;
  if (typeof body === 'object' && body !== null) return [body];
  throw new RangeError(`The request content should be parseable into a JSON object or array, but was ${typeof body}.`);
}

/** In a CloudEvent the data is a string that holds JSON. */
function validationCode(event: unknown): unknown {
  const data = (event as { data?: unknown } | undefined)?.data;
  const fields: unknown = typeof data === 'string' ? JSON.parse(data) : data;
  return (fields as { validationCode?: unknown } | undefined)?.validationCode;
}
