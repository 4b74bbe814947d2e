/**
 * The instance metadata service (IMDS) of one VM, over plain http as there: tokens of its managed identities, and its
 * own resource id.
 *
 * Sources: MicrosoftDocs/azure-compute-docs, virtual-machines/instance-metadata-service.md (headers, verbs, versions,
 * text for a leaf, errors); MicrosoftDocs/entra-docs, managed-identities-azure-resources/how-to-use-vm-token.md (token
 * request, answer, errors). The sentence on several identities is the service's own, as issues of Azure's SDKs quote it.
 *
 * What differs: loopback and any port in place of 169.254.169.254:80; of the instance document the resource id alone;
 * no limit of requests per second (429 comes as a fault only).
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';
import type { Principal, Tokens } from './tokens.ts';

export interface ImdsOptions {
  tokens: Tokens;
  /** Of the VM that asks. */
  resourceId: string;
  /** The user-assigned identities of the VM. Several: a request must name one. */
  identities: Principal[];
}

export type ImdsCategory = 'token' | 'instance' | 'other';

export interface ImdsFault {
  what: ImdsCategory;
  /** 0: no answer at all, until whoever asks gives up. */
  status: number;
  /** For so many requests; default: for all that come. */
  times?: number;
}

export interface Imds {
  /** `http://127.0.0.1:PORT`. */
  endpoint: string;
  /** What was asked so far, and what was answered. */
  requests: { what: ImdsCategory; status: number }[];
  fail(fault: ImdsFault): void;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  body: string | object;
}

const TOKEN_PATH = '/metadata/identity/oauth2/token';
const INSTANCE_PATH = '/metadata/instance';
const NEWEST_VERSIONS = ['2025-04-07', '2024-07-17', '2024-03-15'];
/** Since which API version: tokens, and the resource id. */
const SINCE = { token: '2018-02-01', instance: '2019-03-11' };

/** Starts the service of one VM. */
export async function startImds(options: ImdsOptions): Promise<Imds> {
  const requests: Imds['requests'] = [];
  const faults: Required<ImdsFault>[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const what = categoryOf(url.pathname);
    const fault = faults.find((one) => one.what === what && one.times > 0);
    if (fault) fault.times -= 1;
    const { status, body } = fault ? failed(fault.status) : await answerTo(options, what, request, url);
    requests.push({ what, status });
    if (status === 0) return;
    const isText = typeof body === 'string';
    response
      .writeHead(status, { 'Content-Type': isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8' })
      .end(isText ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    fail: (fault) => void faults.push({ times: Number.POSITIVE_INFINITY, ...fault }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function categoryOf(path: string): ImdsCategory {
  if (path === TOKEN_PATH) return 'token';
  return path === INSTANCE_PATH || path.startsWith(`${INSTANCE_PATH}/`) ? 'instance' : 'other';
}

const failed = (status: number): Answer => refuse(status, 'fault', 'A fault on demand.');
const refuse = (status: number, error: string, text: string): Answer => ({
  status,
  body: { error, error_description: text },
});

async function answerTo(options: ImdsOptions, what: ImdsCategory, request: IncomingMessage, url: URL): Promise<Answer> {
  if (request.headers.metadata !== 'true' || request.headers['x-forwarded-for'] !== undefined)
    return refuse(400, 'bad_request_102', 'Required metadata header not specified');
  if (what === 'other') return refuse(404, 'Not found', 'The requested element does not exist.');
  if (request.method !== 'GET') return refuse(405, 'Method not allowed', 'The HTTP method is not allowed.');
  const version = url.searchParams.get('api-version') ?? '';
  if (!/^\d{4}-\d{2}-\d{2}$/.test(version) || version < SINCE[what]) {
    const error =
      'Bad request. api-version is invalid or was not specified in the request. For more information refer to aka.ms/azureimds';
    return { status: 400, body: { error, 'newest-versions': NEWEST_VERSIONS } };
  }
  return what === 'token' ? tokenOf(options, url.searchParams) : instanceOf(options.resourceId, url);
}

async function tokenOf({ tokens, identities }: ImdsOptions, query: URLSearchParams): Promise<Answer> {
  const resource = query.get('resource');
  if (!resource) return refuse(400, 'invalid_request', 'Required query variable resource is missing');
  const clientId = query.get('client_id')?.toLowerCase();
  if (clientId === undefined && identities.length > 1) {
    return refuse(
      400,
      'invalid_request',
      'Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request',
    );
  }
  const found = clientId === undefined ? identities[0] : identities.find((one) => one.clientId === clientId);
  if (!found) return refuse(400, 'invalid_request', 'Identity not found');
  const { token, expiresOn } = await tokens.issue(found, resource);
  const notBefore = decodeJwt(token).nbf ?? 0;
  return {
    status: 200,
    body: {
      access_token: token,
      client_id: found.clientId,
      expires_in: String(expiresOn - notBefore),
      expires_on: String(expiresOn),
      not_before: String(notBefore),
      refresh_token: '',
      resource,
      token_type: 'Bearer',
    },
  };
}

function instanceOf(resourceId: string, url: URL): Answer {
  const isText = url.searchParams.get('format') === 'text';
  const path = url.pathname.slice(INSTANCE_PATH.length);
  if (path === '/compute/resourceId')
    return isText ? { status: 200, body: resourceId } : refuse(400, 'Bad request', 'A leaf needs format=text.');
  if (isText) return refuse(501, 'NotModelled', 'Only a leaf is modelled as text.');
  if (path === '/compute') return { status: 200, body: { resourceId } };
  if (path === '') return { status: 200, body: { compute: { resourceId } } };
  return refuse(501, 'NotModelled', `${path} is not modelled by this simulator.`);
}
