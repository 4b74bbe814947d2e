/** Calls to the simulated ARM by hand, to see status, headers and bodies as they are. */
import type { Arm } from '../../../simulator/arm/arm.ts';

// biome-ignore lint/suspicious/noExplicitAny: bodies are foreign JSON; tests pick from them by name.
type Json = any;

export interface RestAnswer {
  status: number;
  headers: Headers;
  body: Json;
}

const VERSION = '2024-07-01';

/** One call with a person's token; `path` may carry a query, the api-version is added. */
export async function rest(
  arm: Arm,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<RestAnswer> {
  const url = new URL(path, arm.endpoint);
  if (!url.searchParams.has('api-version')) url.searchParams.set('api-version', VERSION);
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${await arm.personsToken()}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}

/** The body of a Run Command PUT. */
export const commandBody = (script: string, properties: Record<string, unknown> = {}): Record<string, unknown> => ({
  location: 'westeurope',
  properties: { source: { script }, asyncExecution: true, timeoutInSeconds: 60, ...properties },
});

/** The header of a call as the app. */
export const asApp = async (arm: Arm): Promise<Record<string, string>> => ({
  authorization: `Bearer ${await arm.token()}`,
});
