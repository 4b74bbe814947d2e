/**
 * GETs over an SDK client's pipeline: its token, retries and limits, and the JSON as Azure wrote it. The SDKs' own
 * models are made of every property of an answer, so one of another type anywhere makes a whole list throw; and their
 * paging says "Pagination failed" where Azure gave its reason.
 */
import type { HttpClient, Pipeline, PipelineResponse } from '@azure/core-rest-pipeline';
import { AzureError } from '../errors.ts';
import type { ResourceId } from '../model/ids.ts';
import { objectOf, textIn } from './guards.ts';
import { RefusedError } from './pipeline.ts';

/** The versions that the SDKs ask for (@azure/arm-compute 25, @azure/arm-network 39). */
export const COMPUTE_VERSION = '2026-04-01';
export const NETWORK_VERSION = '2026-01-01';

/** What is needed of an SDK's client. */
export interface Piped {
  readonly pipeline: Pipeline;
}

let http: Promise<HttpClient> | undefined;

/** One GET with the app's token. Throws RefusedError for any answer of 300 or more. */
export async function get({ pipeline }: Piped, url: string, abortSignal: AbortSignal): Promise<PipelineResponse> {
  const { createDefaultHttpClient, createPipelineRequest } = await import('@azure/core-rest-pipeline');
  http ??= Promise.resolve(createDefaultHttpClient());
  const request = createPipelineRequest({ url, method: 'GET', abortSignal });
  request.headers.set('Accept', 'application/json');
  const answer = await pipeline.sendRequest(await http, request);
  if (answer.status >= 300) throw new RefusedError(answer);
  return answer;
}

/** A URL at the Resource Manager in use; each of the names is one segment of the path. */
export const urlOf = (endpoint: string, names: readonly string[], query: string): string =>
  new URL(`/${names.map(encodeURIComponent).join('/')}?${query}`, endpoint).href;

/** The segments of a VM’s path. */
export const vmNames = (
  { subscriptionId, resourceGroup }: Pick<ResourceId, 'subscriptionId' | 'resourceGroup'>,
  vm: string,
): string[] => [
  'subscriptions',
  subscriptionId,
  'resourceGroups',
  resourceGroup,
  'providers',
  'Microsoft.Compute',
  'virtualMachines',
  vm,
];

/** The JSON of an answer, or undefined for one without a body. Throws SyntaxError for what is no JSON. */
export const jsonOf = ({ bodyAsText }: PipelineResponse): unknown => (bodyAsText ? JSON.parse(bodyAsText) : undefined);

/**
 * All items of a paged list. Throws for a page without its array, for a next link that leads back to an earlier page,
 * and for one that leads elsewhere than to the Resource Manager in use: it would be followed with a token.
 */
export async function getPages(
  client: Piped,
  endpoint: string,
  first: string,
  action: string,
  signal: AbortSignal,
): Promise<unknown[]> {
  const items: unknown[] = [];
  const followed = new Set<string>();
  let url: string | undefined = first;
  while (url) {
    followed.add(url);
    const page = objectOf(jsonOf(await get(client, url, signal)));
    if (!Array.isArray(page?.value)) throw new Error('a page of the list holds no array of items');
    for (const item of page.value) items.push(item);
    url = textIn(page, 'nextLink') || undefined;
    if (url && followed.has(url)) throw new Error('nextLink leads back to an earlier page');
    if (url) checkPlace(endpoint, url, action);
  }
  return items;
}

/**
 * Throws AzureError unless a URL that Azure gave is https and on the very host and port of the Resource Manager in use:
 * whatever is asked gets the app's token.
 */
export function checkPlace(endpoint: string, url: string, action: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'https:' && parsed.origin === new URL(endpoint).origin) return;
  throw new AzureError({
    status: -1,
    azureCode: 'ForeignLink',
    action,
    message: `Azure’s answer leads to ${JSON.stringify(url.slice(0, 200))}, which is not at ${endpoint}; it was not followed`,
  });
}
