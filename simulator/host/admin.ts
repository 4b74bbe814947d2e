/** The host's own paths, `/admin/...` (azure-functions-host, FunctionsController.cs and HostController.cs). */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface AdminActions {
  functions: { name: string }[];
  /** Starts a function by hand and returns at once. False when there is no such function. */
  run(name: string, input: string | undefined): boolean;
}

const FUNCTION = /^\/admin\/functions\/([^/]+)$/i;

/** True when the path is one of the host's own and was answered. */
export async function answerAdmin(
  actions: AdminActions,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<boolean> {
  if (path === '/') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('Your Functions app is up and running.');
    return true;
  }
  const route = `${request.method} ${path.toLowerCase()}`;
  if (route === 'GET /admin/host/status') return json(response, { id: 'local', state: 'Running', version: '4.1045.0' });
  if (route === 'GET /admin/host/ping' || route === 'POST /admin/host/ping') return json(response, {});
  if (route === 'GET /admin/functions') return json(response, actions.functions);
  const name = FUNCTION.exec(path)?.[1];
  if (!name) return false;
  if (request.method === 'GET') {
    const found = actions.functions.find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (found) return json(response, found);
    response.writeHead(404).end();
    return true;
  }
  if (request.method !== 'POST') return false;
  const invocation = await readInvocation(request);
  // Without a JSON body, `{}` at least, the real host answers 400.
  if (!invocation) response.writeHead(400).end();
  else response.writeHead(actions.run(name, invocation.input) ? 202 : 404).end();
  return true;
}

async function readInvocation(request: IncomingMessage): Promise<{ input?: string } | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof body === 'object' && body !== null ? (body as { input?: string }) : undefined;
  } catch {
    return undefined;
  }
}

function json(response: ServerResponse, body: unknown): true {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  return true;
}
