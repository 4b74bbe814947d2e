/**
 * The HTTP trigger. As in Core Tools no keys are asked for. A known route with another method answers 404, as the
 * real host does (Azure/azure-functions-host#10098); HEAD is not derived from GET (#11625).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RegisteredFunction } from './core.ts';
import type { RpcHttpCookie, RpcHttpData } from './functionsCore.ts';
import { type Invoker, triggerOf } from './invoke.ts';
import { parseRoute, type Route } from './routes.ts';

export interface HttpTrigger {
  target: RegisteredFunction;
  /** Template with the prefix, without the first slash. */
  template: string;
  route: Route;
  /** Upper case. */
  methods: string[];
}

export function httpTrigger(target: RegisteredFunction, routePrefix: string): HttpTrigger {
  const { options } = triggerOf(target);
  const own = typeof options.route === 'string' ? options.route : target.metadata.name;
  const template = [routePrefix, own]
    .filter(Boolean)
    .join('/')
    .replace(/\/{2,}/g, '/');
  const methods = (options.methods as string[] | undefined) ?? [];
  return { target, template, route: parseRoute(template), methods: methods.map((method) => method.toUpperCase()) };
}

/** Answers with the first matching function. False when there is none. */
export async function answerHttp(
  triggers: HttpTrigger[],
  invoker: Invoker,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<boolean> {
  for (const { target, route, methods } of triggers) {
    const parameters = route.match(url.pathname);
    if (!parameters || (methods.length > 0 && !methods.includes(request.method ?? ''))) continue;
    const { invocation, response: outcome } = await invoker.invoke(target, {
      trigger: 'http',
      data: { http: await toRpcHttp(request, url, parameters) },
    });
    if (!invocation.ok) response.writeHead(500).end();
    else sendResponse(response, outcome?.returnValue?.http ?? undefined);
    return true;
  }
  return false;
}

const nullable = (entries: Iterable<readonly [string, string]>): Record<string, { value: string }> =>
  Object.fromEntries([...entries].map(([key, value]) => [key, { value }]));

async function toRpcHttp(request: IncomingMessage, url: URL, parameters: Record<string, string>): Promise<RpcHttpData> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
  );
  return {
    method: request.method ?? 'GET',
    url: url.href,
    nullableHeaders: nullable(headers),
    nullableParams: nullable(Object.entries(parameters)),
    nullableQuery: nullable(url.searchParams),
    ...(body.length > 0 && { body: { bytes: body } }),
  };
}

function sendResponse(response: ServerResponse, http: RpcHttpData | undefined): void {
  // A function that returns nothing.
  if (!http) {
    response.writeHead(204).end();
    return;
  }
  for (const [name, value] of Object.entries(http.headers ?? {})) response.setHeader(name, value);
  if (http.cookies?.length) response.setHeader('set-cookie', http.cookies.map(cookie));
  const body = http.body?.bytes ?? (http.body?.string ? Buffer.from(http.body.string) : undefined);
  response.writeHead(Number(http.statusCode ?? 200)).end(body);
}

function cookie({ name, value, domain, path, expires, maxAge, secure, httpOnly, sameSite }: RpcHttpCookie): string {
  const parts = [`${name}=${encodeURIComponent(value)}`];
  if (maxAge?.value !== undefined) parts.push(`max-age=${maxAge.value}`);
  if (expires?.value?.seconds !== undefined)
    parts.push(`expires=${new Date(expires.value.seconds * 1000).toUTCString()}`);
  if (domain?.value) parts.push(`domain=${domain.value}`);
  parts.push(`path=${path?.value ?? '/'}`);
  if (secure?.value) parts.push('secure');
  if (sameSite === 'lax' || sameSite === 'strict') parts.push(`samesite=${sameSite}`);
  if (sameSite === 'explicitNone') parts.push('samesite=none');
  if (httpOnly?.value) parts.push('httponly');
  return parts.join('; ');
}
