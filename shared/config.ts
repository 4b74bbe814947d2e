/** The only reader of the environment: all settings, checked by their descriptions in settings/. */
import { isNetwork, MOST_NETWORKS } from './model/address.ts';
import type { AzurePlace } from './model/azurePlace.ts';
import { isScopeId, isSubscriptionId } from './model/ids.ts';
import { defined } from './model/optional.ts';
import { isInSubscriptions, type Scope, type ScopeTags } from './model/scope.ts';
import type { LoopSettings } from './model/settings.ts';
import { checkSchedule, type Env, httpsUrl, list, text, textOr, whole, word, wrong } from './settings/read.ts';
import { SETTINGS } from './settings/settings.ts';
import type { StorageAccount } from './state/storage.ts';

export interface Config extends LoopSettings {
  azure: AzurePlace;
  /**
   * App Service authentication stands in front: the platform says so (learn.microsoft.com, "Environment variables and app
   * settings in Azure App Service", WEBSITE_AUTH_ENABLED, which is injected and no setting of ours).
   */
  authenticated: boolean;
  storage: StorageAccount;
}

/** What a look from a person's terminal needs: where Azure is, and the names of tags. */
export interface LookConfig {
  azure: AzurePlace;
  tags: ScopeTags;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Reads and checks all settings. Throws SettingError for the first that is missing or wrong. */
export function readConfig(env: Env): Config {
  const scope = readScope(env);
  checkSchedule(env, 'HAIRPIN_SWEEP_SCHEDULE');
  checkSchedule(env, 'HAIRPIN_WATCH_SCHEDULE');
  const connectSeconds = whole(env, 'HAIRPIN_CONNECT_SECONDS');
  return {
    scope,
    azure: readPlace(env),
    authenticated: /^(true|1)$/i.test(env.WEBSITE_AUTH_ENABLED?.trim() ?? ''),
    storage: readStorage(env),
    enforcement: word(env, 'HAIRPIN_ENFORCEMENT'),
    maxCommands: whole(env, 'HAIRPIN_MAX_COMMANDS'),
    ...defined({ window: readWindow(env) }),
    proofAgeMs: whole(env, 'HAIRPIN_PROOF_HOURS') * HOUR_MS,
    // A script that is given less than its connects take could not even be rendered.
    commandSeconds: whole(env, 'HAIRPIN_COMMAND_SECONDS', connectSeconds + 3),
    commandSlackSeconds: whole(env, 'HAIRPIN_COMMAND_SLACK_SECONDS'),
    connectSeconds,
    bellSeconds: whole(env, 'HAIRPIN_BELL_SECONDS'),
    watchSeconds: whole(env, 'HAIRPIN_WATCH_SECONDS'),
    healthPerMinute: whole(env, 'HAIRPIN_HEALTH_PER_MINUTE'),
    runAgeMs: whole(env, 'HAIRPIN_RUN_DAYS') * DAY_MS,
    commandTags: readTags(env),
    tellsEvents: text(env, 'HAIRPIN_EVENTS_TOPIC') !== undefined,
  };
}

/** Reads what a look needs; every setting has a value that holds without it. Throws SettingError for a wrong one. */
export const readLookConfig = (env: Env): LookConfig => ({ azure: readPlace(env), tags: readScopeTags(env) });

const readPlace = (env: Env): AzurePlace => ({
  endpoint: httpsUrl(env, 'HAIRPIN_ARM_ENDPOINT') ?? SETTINGS.HAIRPIN_ARM_ENDPOINT.fallback,
  audience: httpsUrl(env, 'HAIRPIN_ARM_AUDIENCE') ?? SETTINGS.HAIRPIN_ARM_AUDIENCE.fallback,
  ...defined({ clientId: text(env, 'AZURE_CLIENT_ID'), eventsTopic: httpsUrl(env, 'HAIRPIN_EVENTS_TOPIC') }),
});

function readScope(env: Env): Scope {
  const subscriptionIds = readSubscriptions(env);
  const within = list(env, 'HAIRPIN_SCOPE');
  // A scope in a subscription that is not configured would let nothing be touched, without a word.
  const isRight = (id: string) => isScopeId(id) && isInSubscriptions(id, { subscriptionIds, within });
  if (!within.every(isRight)) throw wrong('HAIRPIN_SCOPE', text(env, 'HAIRPIN_SCOPE'));
  return {
    subscriptionIds,
    within,
    ...readScopeTags(env),
  };
}

/** What holds for everything in a scope: names of tags, and public networks. */
function readScopeTags(env: Env): ScopeTags {
  const networks = list(env, 'HAIRPIN_NETWORKS');
  if (networks.length > MOST_NETWORKS || !networks.every(isNetwork))
    throw wrong('HAIRPIN_NETWORKS', text(env, 'HAIRPIN_NETWORKS'));
  return {
    outsideLoadBalancers: word(env, 'HAIRPIN_OUTSIDE_LOAD_BALANCERS') === 'serve',
    networks,
    optOutTag: textOr(env, 'HAIRPIN_OPT_OUT_TAG'),
    auditTag: textOr(env, 'HAIRPIN_AUDIT_TAG'),
    viaTag: textOr(env, 'HAIRPIN_VIA_TAG'),
    portTag: textOr(env, 'HAIRPIN_PORT_TAG'),
    containerTag: textOr(env, 'HAIRPIN_CONTAINER_TAG'),
  };
}

/** The subscriptions, lower case, each once. */
function readSubscriptions(env: Env): string[] {
  const ids = list(env, 'HAIRPIN_SUBSCRIPTIONS');
  if (ids.length === 0 || !ids.every(isSubscriptionId)) {
    throw wrong('HAIRPIN_SUBSCRIPTIONS', text(env, 'HAIRPIN_SUBSCRIPTIONS'));
  }
  return [...new Set(ids.map((id) => id.toLowerCase()))];
}

const WINDOW = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;

function readWindow(env: Env): LoopSettings['window'] {
  const given = text(env, 'HAIRPIN_CHANGE_WINDOW');
  if (given === undefined) return undefined;
  const match = WINDOW.exec(given);
  if (!match) throw wrong('HAIRPIN_CHANGE_WINDOW', given);
  const [h1, m1, h2, m2] = match.slice(1).map(Number) as [number, number, number, number];
  return { from: h1 * 60 + m1, to: h2 * 60 + m2 };
}

function readTags(env: Env): Record<string, string> {
  const given = text(env, 'HAIRPIN_COMMAND_TAGS');
  if (given === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(given);
  } catch {
    throw wrong('HAIRPIN_COMMAND_TAGS', given);
  }
  if (!isTexts(value)) throw wrong('HAIRPIN_COMMAND_TAGS', given);
  return value;
}

const isTexts = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((item) => typeof item === 'string');

/** The host's own storage settings (learn.microsoft.com, "Connecting to host storage with an identity"). */
function readStorage(env: Env): StorageAccount {
  const connectionString = text(env, 'AzureWebJobsStorage');
  if (connectionString) return { kind: 'connectionString', connectionString };
  const account = text(env, 'AzureWebJobsStorage__accountName');
  const queueUrl = httpsUrl(env, 'AzureWebJobsStorage__queueServiceUri');
  const tableUrl = httpsUrl(env, 'AzureWebJobsStorage__tableServiceUri');
  const identity = defined({ clientId: text(env, 'AzureWebJobsStorage__clientId') ?? text(env, 'AZURE_CLIENT_ID') });
  if (queueUrl && tableUrl) return { kind: 'identity', queueUrl, tableUrl, ...identity };
  if (!account || !/^[a-z0-9]{3,24}$/.test(account)) throw wrong('AzureWebJobsStorage__accountName', account);
  return {
    kind: 'identity',
    queueUrl: `https://${account}.queue.core.windows.net`,
    tableUrl: `https://${account}.table.core.windows.net`,
    ...identity,
  };
}
