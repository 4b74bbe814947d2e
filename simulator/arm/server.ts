/** The https front of the simulated ARM: token, right, limits and faults are looked at before a call is answered. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { matchCall } from './actions.ts';
import type { Certificate } from './certificate.ts';
import { ArmError, forbidden } from './errors.ts';
import { HANDLERS, type Parts, type Request } from './handlers.ts';
import type { Answer } from './operations.ts';
import type { Tokens } from './tokens.ts';

/** One answered call, for tests and people. */
export interface CallRecord {
  method: string;
  /** Path with query. */
  path: string;
  /** The RBAC action; `-` for a call that is not modelled. */
  action: string;
  /** 0: the connection was dropped instead of an answer. */
  status: number;
  ms: number;
}

export interface ServerParts extends Parts {
  tokens: Tokens;
  audiences: string[];
  record: (call: CallRecord) => void;
  /** An error that is the simulator's own. */
  broken: (text: string) => void;
  endpoint: () => string;
}

interface ServedAnswer extends Answer {
  /** Only half of the body is sent. */
  hangs?: boolean;
}

const MOST_BODY_BYTES = 4 * 1024 * 1024;

/** The simulated ARM's https server, not listening yet. */
export function createArmServer(certificate: Certificate, parts: ServerParts): Server {
  const { key, cert } = certificate;
  return createServer({ key, cert }, (incoming, outgoing) => {
    void serve(parts, incoming, outgoing);
  });
}

async function serve(parts: ServerParts, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const started = performance.now();
  const method = incoming.method ?? 'GET';
  const path = incoming.url ?? '/';
  let action = '-';
  let answer: ServedAnswer | 'drop';
  try {
    const url = new URL(path, parts.endpoint());
    const matched = matchCall(method, decodeURIComponent(url.pathname));
    if (matched) action = matched.call.action;
    answer = await answerTo(parts, incoming, url, matched);
  } catch (error) {
    answer = errorAnswer(error, (text) => parts.broken(`${method} ${path}: ${text}`));
  }
  const status = answer === 'drop' ? 0 : answer.status;
  parts.record({ method, path, action, status, ms: Math.round(performance.now() - started) });
  if (answer === 'drop') {
    incoming.socket.destroy();
    return;
  }
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
  outgoing.writeHead(answer.status, {
    ...(text ? { 'Content-Type': 'application/json; charset=utf-8' } : {}),
    'x-ms-request-id': crypto.randomUUID(),
    ...answer.headers,
  });
  if (answer.hangs) outgoing.write(text.slice(0, text.length / 2));
  else outgoing.end(text);
}

function errorAnswer(error: unknown, broken: (text: string) => void): Answer {
  if (error instanceof ArmError) return { status: error.status, headers: error.headers, body: error.body() };
  if (error instanceof URIError || (error instanceof TypeError && 'input' in error)) {
    return errorAnswer(new ArmError(400, 'InvalidRequestUri', 'The request URI is not valid.'), broken);
  }
  broken(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return errorAnswer(new ArmError(500, 'SimulatorBroken', `The simulator failed: ${String(error)}`), broken);
}

async function answerTo(
  parts: ServerParts,
  incoming: IncomingMessage,
  url: URL,
  matched: ReturnType<typeof matchCall>,
): Promise<ServedAnswer | 'drop'> {
  const body = await readBody(incoming);
  const principal = await parts.tokens.check(incoming.headers.authorization, parts.audiences);
  if (!matched)
    throw new ArmError(501, 'NotModelled', `${incoming.method} ${url.pathname} is not modelled by this simulator.`);
  if (!url.searchParams.get('api-version')) {
    throw new ArmError(
      400,
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    );
  }
  const { name, call, params } = matched;
  const target = { call: name, method: call.method, path: `${url.pathname}${url.search}`, vm: params.vm };
  const request: Request = {
    call: name,
    action: call.action,
    method: call.method,
    url,
    params,
    body,
    principal,
    target,
  };

  const scope = decodeURIComponent(url.pathname);
  // Everybody may ask for the subscriptions, and sees their own.
  if (name !== 'listSubscriptions' && !parts.authorize(principal, call.action, scope)) {
    throw forbidden(principal, call.action, scope);
  }
  const remaining = parts.throttle?.count(call, params.subscription ?? '', principal.clientId);

  const slow = parts.faults.take('slowMs', target);
  if (slow) await delay(slow.slowMs, undefined, { ref: false });
  const refused = parts.faults.take('status', target);
  if (refused) {
    throw new ArmError(refused.status, refused.code ?? 'Fault', refused.message ?? 'A fault on demand.', {
      ...(refused.retryAfterSeconds === undefined
        ? {}
        : { headers: { 'Retry-After': String(refused.retryAfterSeconds) } }),
    });
  }
  const dropped = parts.faults.take('drop', target);
  if (dropped?.drop === 'before') return 'drop';
  const answer = HANDLERS[name](parts, request);
  if (dropped) return 'drop';
  const edited = parts.faults.take('edit', target);
  if (edited && answer.body) {
    answer.body = structuredClone(answer.body);
    edited.edit(answer.body as Record<string, unknown>);
  }
  return {
    ...answer,
    hangs: parts.faults.take('hang', target) !== undefined,
    headers: { ...(remaining ? { [remaining.header]: String(remaining.left) } : {}), ...answer.headers },
  };
}

async function readBody(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BODY_BYTES)
      throw new ArmError(413, 'RequestContentTooLarge', 'The request content is larger than 4 MB.');
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new ArmError(400, 'InvalidRequestContent', 'The request content was invalid and could not be deserialized.');
  }
}
