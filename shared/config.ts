/** The only reader of the environment. Every setting has a typed getter; a wrong one is told with its value and an example. */
import { SettingError } from './errors.ts';
import { isScopeId, isSubscriptionId } from './model/ids.ts';
import { DEFAULT_TAGS } from './model/scope.ts';
import type { LoopSettings } from './model/settings.ts';
import type { StorageAccount } from './state/storage.ts';

export interface AzureSettings {
  /** Azure Resource Manager, `https://management.azure.com`; another for sovereign clouds. */
  endpoint: string;
  /** What tokens are asked for, without `/.default`. */
  audience: string;
  clientId?: string;
}

export interface Config extends LoopSettings {
  azure: AzureSettings;
  storage: StorageAccount;
}

type Env = Record<string, string | undefined>;

const ZERO_ID = '00000000-0000-0000-0000-000000000000';

/** Reads and checks all settings. Throws SettingError for the first that is missing or wrong. */
export function readConfig(env: Env): Config {
  const subscriptionIds = readSubscriptions(env);
  const window = readWindow(env, 'HAIRPIN_CHANGE_WINDOW');
  const clientId = text(env, 'AZURE_CLIENT_ID');
  const connectSeconds = whole(env, 'HAIRPIN_CONNECT_SECONDS', 1, 30, 3);
  return {
    scope: {
      subscriptionIds,
      within: list(env, 'HAIRPIN_SCOPE').map((id) => scopeId(id, env.HAIRPIN_SCOPE, subscriptionIds)),
      optOutTag: text(env, 'HAIRPIN_OPT_OUT_TAG') ?? DEFAULT_TAGS.optOutTag,
      auditTag: text(env, 'HAIRPIN_AUDIT_TAG') ?? DEFAULT_TAGS.auditTag,
      viaTag: text(env, 'HAIRPIN_VIA_TAG') ?? DEFAULT_TAGS.viaTag,
      portTag: text(env, 'HAIRPIN_PORT_TAG') ?? DEFAULT_TAGS.portTag,
    },
    azure: {
      endpoint: httpsUrl(env, 'HAIRPIN_ARM_ENDPOINT', 'https://management.azure.com'),
      audience: httpsUrl(env, 'HAIRPIN_ARM_AUDIENCE', 'https://management.azure.com'),
      ...(clientId === undefined ? {} : { clientId }),
    },
    storage: readStorage(env),
    enforcement: oneOf(env, 'HAIRPIN_ENFORCEMENT', ['enforce', 'audit'], 'enforce'),
    maxCommands: whole(env, 'HAIRPIN_MAX_COMMANDS', 1, 100, 10),
    ...(window === undefined ? {} : { window }),
    proofAgeMs: whole(env, 'HAIRPIN_PROOF_HOURS', 1, 720, 24) * 3_600_000,
    // A script that is given less than its connects take could not even be rendered.
    commandSeconds: whole(env, 'HAIRPIN_COMMAND_SECONDS', Math.max(10, connectSeconds + 3), 3_600, 300),
    commandSlackSeconds: whole(env, 'HAIRPIN_COMMAND_SLACK_SECONDS', 5, 1_800, 180),
    connectSeconds,
    bellSeconds: whole(env, 'HAIRPIN_BELL_SECONDS', 1, 60, 5),
    watchSeconds: whole(env, 'HAIRPIN_WATCH_SECONDS', 5, 3_600, 50),
    healthPerMinute: whole(env, 'HAIRPIN_HEALTH_PER_MINUTE', 1, 600, 30),
    // Not below 8: the queue keeps a message for seven days, and one of a removed run would be taken for a new one.
    runAgeMs: whole(env, 'HAIRPIN_RUN_DAYS', 8, 3_650, 90) * 86_400_000,
    commandTags: readTags(env, 'HAIRPIN_COMMAND_TAGS'),
  };
}

/** The subscriptions, lower case, each once. */
function readSubscriptions(env: Env): string[] {
  const name = 'HAIRPIN_SUBSCRIPTIONS';
  const ids = list(env, name);
  const expected = 'subscription ids (GUIDs), with commas between';
  if (ids.length === 0) throw new SettingError(name, text(env, name), expected, ZERO_ID);
  for (const id of ids) if (!isSubscriptionId(id)) throw new SettingError(name, env[name], expected, ZERO_ID);
  return [...new Set(ids.map((id) => id.toLowerCase()))];
}

const text = (env: Env, name: string): string | undefined => env[name]?.trim() || undefined;

const list = (env: Env, name: string): string[] =>
  (env[name] ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** A scope in a subscription that is not configured would let nothing be touched, without a word. */
function scopeId(id: string, all: string | undefined, subscriptionIds: readonly string[]): string {
  const subscription = id.split('/')[2]?.toLowerCase() ?? '';
  if (isScopeId(id) && subscriptionIds.includes(subscription)) return id;
  throw new SettingError(
    'HAIRPIN_SCOPE',
    all,
    'ids of subscriptions, resource groups or resources in the configured subscriptions, with commas between',
    `/subscriptions/${ZERO_ID}/resourceGroups/healthshare`,
  );
}

function whole(env: Env, name: string, least: number, most: number, fallback: number): number {
  const given = text(env, name);
  if (given === undefined) return fallback;
  const value = Number(given);
  if (/^\d{1,9}$/.test(given) && value >= least && value <= most) return value;
  throw new SettingError(name, given, `a whole number from ${least} to ${most}`, String(fallback));
}

function oneOf<const T extends string>(env: Env, name: string, words: readonly T[], fallback: T): T {
  const given = text(env, name);
  if (given === undefined) return fallback;
  const word = words.find((candidate) => candidate === given.toLowerCase());
  if (word !== undefined) return word;
  throw new SettingError(name, given, `one of ${words.join(', ')}`, fallback);
}

function httpsUrl(env: Env, name: string, fallback: string): string {
  const given = text(env, name);
  if (given === undefined) return fallback;
  if (URL.canParse(given) && new URL(given).protocol === 'https:') return given.replace(/\/$/, '');
  throw new SettingError(name, given, 'an https URL', fallback);
}

function readWindow(env: Env, name: string): LoopSettings['window'] {
  const given = text(env, name);
  if (given === undefined) return undefined;
  const match = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(given);
  if (!match) throw new SettingError(name, given, 'two times of day in UTC, HH:MM-HH:MM', '22:00-04:30');
  const [h1, m1, h2, m2] = match.slice(1).map(Number) as [number, number, number, number];
  return { from: h1 * 60 + m1, to: h2 * 60 + m2 };
}

function readTags(env: Env, name: string): Record<string, string> {
  const given = text(env, name);
  if (given === undefined) return {};
  const wrong = () => new SettingError(name, given, 'a JSON object of texts', '{"owner":"mirror-team"}');
  let value: unknown;
  try {
    value = JSON.parse(given);
  } catch {
    throw wrong();
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong();
  const entries = Object.entries(value);
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) throw wrong();
  return Object.fromEntries(entries);
}

/** The host's own storage settings (learn.microsoft.com, "Connecting to host storage with an identity"). */
function readStorage(env: Env): StorageAccount {
  const connectionString = text(env, 'AzureWebJobsStorage');
  if (connectionString) return { kind: 'connectionString', connectionString };
  const account = text(env, 'AzureWebJobsStorage__accountName');
  const queueUrl = text(env, 'AzureWebJobsStorage__queueServiceUri');
  const tableUrl = text(env, 'AzureWebJobsStorage__tableServiceUri');
  const clientId = text(env, 'AzureWebJobsStorage__clientId') ?? text(env, 'AZURE_CLIENT_ID');
  const identity = clientId === undefined ? {} : { clientId };
  if (queueUrl && tableUrl) {
    return {
      kind: 'identity',
      queueUrl: queueUrl.replace(/\/$/, ''),
      tableUrl: tableUrl.replace(/\/$/, ''),
      ...identity,
    };
  }
  if (account && /^[a-z0-9]{3,24}$/.test(account)) {
    return {
      kind: 'identity',
      queueUrl: `https://${account}.queue.core.windows.net`,
      tableUrl: `https://${account}.table.core.windows.net`,
      ...identity,
    };
  }
  throw new SettingError(
    'AzureWebJobsStorage__accountName',
    account,
    'the name of the storage account (or AzureWebJobsStorage with a connection string)',
    'hairpinstorage',
  );
}
