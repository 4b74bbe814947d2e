/**
 * The managed identity endpoint of App Service, over plain http on loopback as there.
 * Source: "How to use managed identities for App Service and Azure Functions", REST endpoint reference
 * (api-version 2019-08-01, header X-IDENTITY-HEADER, parameters resource and client_id).
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Principal, Tokens } from './tokens.ts';

export interface Identity {
  /** For IDENTITY_ENDPOINT and IDENTITY_HEADER. */
  endpoint: string;
  header: string;
  close(): Promise<void>;
}

/** Starts the endpoint. A request with a `client_id` must name one of the principals; without, it gets the first. */
export async function startIdentity(tokens: Tokens, principals: [Principal, ...Principal[]]): Promise<Identity> {
  const header = randomUUID();
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
    };
    const refuse = (status: number, message: string): void => answer(status, { statusCode: status, message });

    if (request.method !== 'GET' || url.pathname !== '/msi/token') return refuse(404, 'Not found.');
    if (request.headers['x-identity-header'] !== header) return refuse(401, 'X-IDENTITY-HEADER is missing or wrong.');
    if (url.searchParams.get('api-version') !== '2019-08-01') return refuse(400, 'The API version is not supported.');
    const resource = url.searchParams.get('resource');
    if (!resource) return refuse(400, 'The parameter resource is missing.');

    const clientId = url.searchParams.get('client_id');
    const principal = clientId === null ? principals[0] : principals.find((p) => p.clientId === clientId);
    if (!principal) {
      return refuse(
        400,
        'No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.',
      );
    }
    const { token, expiresOn } = await tokens.issue(principal, resource);
    answer(200, {
      access_token: token,
      expires_on: String(expiresOn),
      resource,
      token_type: 'Bearer',
      client_id: principal.clientId,
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/msi/token`,
    header,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
