/** host.json: the fields that this host obeys, with the real host's defaults. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, messageOf } from '../../shared/errors.ts';
import type { Settings } from './settings.ts';
import { timeSpanMs } from './timeSpan.ts';

/** `extensions.queues` (azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Common, QueuesOptions.cs). */
export interface QueuesOptions {
  messageEncoding: 'none' | 'base64';
  /** Messages per read, 1 to 32. */
  batchSize: number;
  /** The next read waits until no more than this many messages run. */
  newBatchThreshold: number;
  maxPollingIntervalMs: number;
  /** How long a message stays hidden after its function threw. */
  visibilityTimeoutMs: number;
  maxDequeueCount: number;
}

export interface HostJson {
  queues: QueuesOptions;
  /** First segment of HTTP routes; may be empty. */
  routePrefix: string;
}

/** Reads host.json of an app folder, with what app settings override in it. Throws InputError that names the field. */
export async function readHostJson(appFolder: string, settings: Settings = {}): Promise<HostJson> {
  const file = join(appFolder, 'host.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new InputError('INPUT_INVALID', 'host.json', file, `must be a file (${messageOf(error)})`);
  }
  return parseHostJson(overridden(JSON.parse(text), settings));
}

const OVERRIDE = 'azurefunctionsjobhost__';

/**
 * `AzureFunctionsJobHost__extensions__queues__visibilityTimeout` and the like take the place of fields of host.json,
 * in any letter case (learn.microsoft.com, "host.json reference", "Override host.json values").
 */
function overridden(json: unknown, settings: Settings): unknown {
  for (const [name, value] of Object.entries(settings)) {
    if (!name.toLowerCase().startsWith(OVERRIDE)) continue;
    const path = name.slice(OVERRIDE.length).split('__');
    const last = path.pop() ?? '';
    const holder = path.reduce((at, key) => {
      const known = spelled(at, key);
      at[known] = object(at[known]);
      return object(at[known]);
    }, object(json));
    holder[spelled(holder, last)] = /^\d+$/.test(value) ? Number(value) : value;
  }
  return json;
}

/** A field's name as it is written there already. */
const spelled = (fields: Fields, name: string): string =>
  Object.keys(fields).find((key) => key.toLowerCase() === name.toLowerCase()) ?? name;

/** Takes the parsed host.json. */
export function parseHostJson(json: unknown): HostJson {
  const root = object(json);
  if (root.version !== '2.0') throw new InputError('INPUT_INVALID', 'host.json version', root.version, 'must be "2.0"');
  const { queues, http } = objects(object(root.extensions));
  const batchSize = integer('batchSize', queues?.batchSize, 16, 1, 32);
  const span = (field: string, byDefault: string): number =>
    timeSpanMs(`host.json extensions.queues.${field}`, queues?.[field] ?? byDefault);
  const maxPollingIntervalMs = span('maxPollingInterval', '00:01:00');
  if (maxPollingIntervalMs < 100) {
    throw new InputError(
      'INPUT_INVALID',
      'host.json extensions.queues.maxPollingInterval',
      queues?.maxPollingInterval,
      'must not be less than 100 ms',
    );
  }
  return {
    routePrefix: String(http?.routePrefix ?? 'api').replace(/^\/+|\/+$/g, ''),
    queues: {
      messageEncoding: encoding(queues?.messageEncoding ?? 'base64'),
      batchSize,
      // The real host multiplies by the number of processors outside of Azure's small plans; one is what Flex has.
      newBatchThreshold: integer('newBatchThreshold', queues?.newBatchThreshold, Math.floor(batchSize / 2), 0, 1_000),
      maxPollingIntervalMs,
      visibilityTimeoutMs: span('visibilityTimeout', '00:00:00'),
      maxDequeueCount: integer('maxDequeueCount', queues?.maxDequeueCount, 5, 1, 1_000_000),
    },
  };
}

function encoding(value: unknown): 'none' | 'base64' {
  const known = String(value).toLowerCase();
  if (known === 'none' || known === 'base64') return known;
  throw new InputError('INPUT_INVALID', 'host.json extensions.queues.messageEncoding', value, 'must be none or base64');
}

function integer(name: string, value: unknown, byDefault: number, least: number, most: number): number {
  if (value === undefined) return byDefault;
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  throw new InputError(
    'INPUT_INVALID',
    `host.json extensions.queues.${name}`,
    value,
    `must be a whole number from ${least} to ${most}`,
  );
}

type Fields = Record<string, unknown>;

const object = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const objects = (value: Fields): Record<string, Fields | undefined> =>
  Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, object(inner)]));
