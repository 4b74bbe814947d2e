/**
 * Every setting, described once: reading checks by this, and docs/settings.md is made from it. Schedules are
 * checked here and read again by the Functions host itself.
 * Long: it is one table.
 */
import { DEFAULT_TAGS } from '../model/scope.ts';

interface Described {
  /** What it does, for docs/settings.md. */
  meaning: string;
}

/** A whole number in a range. */
interface WholeSetting extends Described {
  kind: 'whole';
  least: number;
  most: number;
  unit: string;
  fallback: number;
}

/** One of some words, in any letter case. */
interface WordSetting extends Described {
  kind: 'word';
  words: readonly string[];
  fallback: string;
}

/** A text: what it must be, with an example. */
interface TextSetting extends Described {
  kind: 'text' | 'schedule';
  expected: string;
  example: string;
  /** Taken when it is not set. */
  fallback?: string;
  /** What holds when it is not set and there is no such text. */
  otherwise?: string;
}

export type Setting = WholeSetting | WordSetting | TextSetting;

const ZERO_ID = '00000000-0000-0000-0000-000000000000';
const SCHEDULE = 'an NCRONTAB expression: second, minute, hour, day, month and day of the week';
const PUBLIC_CLOUD = 'https://management.azure.com';

/** All settings, in the order in which a person meets them. */
export const SETTINGS = {
  HAIRPIN_SUBSCRIPTIONS: {
    kind: 'text',
    meaning: 'the subscriptions that are looked after',
    expected: 'subscription ids (GUIDs), with commas between',
    example: ZERO_ID,
    otherwise: 'required',
  },
  HAIRPIN_SCOPE: {
    kind: 'text',
    meaning: 'nothing outside these is touched',
    expected: 'ids of subscriptions, resource groups or resources in the configured subscriptions, with commas between',
    example: `/subscriptions/${ZERO_ID}/resourceGroups/healthshare`,
    otherwise: 'everything in the subscriptions',
  },
  HAIRPIN_OUTSIDE_LOAD_BALANCERS: {
    kind: 'word',
    meaning: 'load balancers outside `HAIRPIN_SCOPE` with a VM inside behind them: `serve` looks after their VIPs too',
    words: ['ignore', 'serve'],
    fallback: 'ignore',
  },
  HAIRPIN_NETWORKS: {
    kind: 'text',
    meaning:
      'public networks that are in the address space of your virtual networks: VIPs and NICs may have their addresses, besides private ones (RFC 1918) and shared ones (RFC 6598)',
    expected: 'at most 16 networks of /8 to /29, with commas between',
    example: '20.1.0.0/16',
    otherwise: 'none',
  },
  HAIRPIN_ENFORCEMENT: {
    kind: 'word',
    meaning:
      '`enforce` lets the app change guests; in `audit` it only looks into them, also where a run by hand asks for `apply` or `remove`',
    words: ['enforce', 'audit'],
    fallback: 'audit',
  },
  HAIRPIN_CHANGE_WINDOW: {
    kind: 'text',
    meaning: 'automatic repairs change guests between these times; outside they only check',
    expected: 'two times of day in UTC, HH:MM-HH:MM',
    example: '22:00-04:30',
    otherwise: 'always',
  },
  HAIRPIN_MAX_COMMANDS: {
    kind: 'whole',
    meaning: 'commands at a time per subscription',
    least: 1,
    most: 100,
    unit: 'commands',
    fallback: 10,
  },
  HAIRPIN_PROOF_HOURS: {
    kind: 'whole',
    meaning:
      'a look into a guest that is older is renewed by a sweep; guests that no service keeps (Windows, Linux without systemd) are looked at by each',
    least: 1,
    most: 720,
    unit: 'hours',
    fallback: 24,
  },
  HAIRPIN_COMMAND_SECONDS: {
    kind: 'whole',
    meaning: 'what the script may take in all; at least 3 more than `HAIRPIN_CONNECT_SECONDS`',
    least: 10,
    most: 3600,
    unit: 'seconds',
    fallback: 300,
  },
  HAIRPIN_COMMAND_SLACK_SECONDS: {
    kind: 'whole',
    meaning: 'what Azure may take beyond that to start it and to show its end',
    least: 5,
    most: 1800,
    unit: 'seconds',
    fallback: 180,
  },
  HAIRPIN_CONNECT_SECONDS: {
    kind: 'whole',
    meaning: 'what one connect in the guest may take',
    least: 1,
    most: 30,
    unit: 'seconds',
    fallback: 3,
  },
  HAIRPIN_BELL_SECONDS: {
    kind: 'whole',
    meaning: 'between two looks while something is open',
    least: 1,
    most: 60,
    unit: 'seconds',
    fallback: 5,
  },
  HAIRPIN_WATCH_SECONDS: {
    kind: 'whole',
    meaning: 'rule health that is older is asked again by the watch',
    least: 5,
    most: 3600,
    unit: 'seconds',
    fallback: 50,
  },
  HAIRPIN_HEALTH_PER_MINUTE: {
    kind: 'whole',
    meaning:
      'rule health questions per minute and subscription; up to a third is kept for failovers, two thirds while one waits',
    least: 1,
    most: 600,
    unit: 'questions',
    fallback: 30,
  },
  HAIRPIN_RUN_DAYS: {
    kind: 'whole',
    meaning: 'an ended run is removed when it is older',
    // The queue keeps a message for seven days, and one of a removed run would be taken for a new one.
    least: 8,
    most: 3650,
    unit: 'days',
    fallback: 90,
  },
  HAIRPIN_COMMAND_TAGS: {
    kind: 'text',
    meaning: 'tags for the Run Command resources, where a policy requires some',
    expected: 'a JSON object of texts',
    example: '{"owner":"mirror-team"}',
    otherwise: 'none',
  },
  HAIRPIN_EVENTS_TOPIC: {
    kind: 'text',
    meaning: 'Event Grid topic to which the app publishes what it finds, as docs/events.md says',
    expected: 'the https address of a custom topic that takes CloudEvents',
    example: 'https://hairpin-events.westeurope-1.eventgrid.azure.net/api/events',
    otherwise: 'none: nothing is published',
  },
  HAIRPIN_OPT_OUT_TAG: {
    kind: 'text',
    meaning: 'tag that keeps a VM, NIC or load balancer out, with the value `true`, `yes`, `on` or `1`',
    expected: 'the name of a tag',
    example: DEFAULT_TAGS.optOutTag,
    fallback: DEFAULT_TAGS.optOutTag,
  },
  HAIRPIN_AUDIT_TAG: {
    kind: 'text',
    meaning: 'tag of a VM that is only reported, with the same values',
    expected: 'the name of a tag',
    example: DEFAULT_TAGS.auditTag,
    fallback: DEFAULT_TAGS.auditTag,
  },
  HAIRPIN_VIA_TAG: {
    kind: 'text',
    meaning: 'tag of the NIC to take as the secondary one, with the same values',
    expected: 'the name of a tag',
    example: DEFAULT_TAGS.viaTag,
    fallback: DEFAULT_TAGS.viaTag,
  },
  HAIRPIN_PORT_TAG: {
    kind: 'text',
    meaning: 'tag of a load balancer with the port to prove',
    expected: 'the name of a tag',
    example: DEFAULT_TAGS.portTag,
    fallback: DEFAULT_TAGS.portTag,
  },
  HAIRPIN_CONTAINER_TAG: {
    kind: 'text',
    meaning:
      'tag of a Linux VM whose instances run in containers with published ports: their network, such as `172.17.0.0/16`',
    expected: 'the name of a tag',
    example: DEFAULT_TAGS.containerTag,
    fallback: DEFAULT_TAGS.containerTag,
  },
  HAIRPIN_SWEEP_SCHEDULE: {
    kind: 'schedule',
    meaning: 'when the compliance sweep runs',
    expected: SCHEDULE,
    example: '0 7 * * * *',
    otherwise: 'required',
  },
  HAIRPIN_WATCH_SCHEDULE: {
    kind: 'schedule',
    meaning: 'when the watch rings',
    expected: SCHEDULE,
    example: '30 * * * * *',
    otherwise: 'required',
  },
  HAIRPIN_ARM_ENDPOINT: {
    kind: 'text',
    meaning: 'Azure Resource Manager of a sovereign cloud',
    expected: 'an https URL',
    example: PUBLIC_CLOUD,
    fallback: PUBLIC_CLOUD,
  },
  HAIRPIN_ARM_AUDIENCE: {
    kind: 'text',
    meaning: 'what tokens are asked for there',
    expected: 'an https URL',
    example: PUBLIC_CLOUD,
    fallback: PUBLIC_CLOUD,
  },
  AZURE_CLIENT_ID: {
    kind: 'text',
    meaning: 'the client id of a user-assigned identity',
    expected: 'a client id',
    example: ZERO_ID,
    otherwise: 'the system-assigned identity',
  },
  AzureWebJobsStorage: {
    kind: 'text',
    meaning: 'storage by a key',
    expected: 'a connection string',
    example: 'UseDevelopmentStorage=true',
    otherwise: 'storage by identity',
  },
  AzureWebJobsStorage__accountName: {
    kind: 'text',
    meaning: 'storage by identity',
    expected: 'the name of the storage account (or AzureWebJobsStorage with a connection string)',
    example: 'hairpinstorage',
    otherwise: 'both of the addresses that follow',
  },
  AzureWebJobsStorage__queueServiceUri: {
    kind: 'text',
    meaning: 'address of its queues, where it is not the public cloud’s',
    expected: 'an https URL',
    example: 'https://hairpinstorage.queue.core.windows.net',
    otherwise: 'from the account’s name',
  },
  AzureWebJobsStorage__tableServiceUri: {
    kind: 'text',
    meaning: 'address of its tables, where it is not the public cloud’s',
    expected: 'an https URL',
    example: 'https://hairpinstorage.table.core.windows.net',
    otherwise: 'from the account’s name',
  },
  AzureWebJobsStorage__clientId: {
    kind: 'text',
    meaning: 'the client id of the identity for storage, where that is another',
    expected: 'a client id',
    example: ZERO_ID,
    otherwise: '`AZURE_CLIENT_ID`',
  },
} as const satisfies Record<string, Setting>;

type Settings = typeof SETTINGS;

/** Names of the settings of a kind. */
export type NameOf<Kind extends Settings[keyof Settings]['kind']> = {
  [Name in keyof Settings]: Settings[Name]['kind'] extends Kind ? Name : never;
}[keyof Settings];

/** Names of all settings. */
export type SettingName = NameOf<Settings[keyof Settings]['kind']>;

/** Names of the texts that have a value when they are not set. */
export type NameWithFallback = {
  [Name in NameOf<'text'>]: Settings[Name] extends { fallback: string } ? Name : never;
}[NameOf<'text'>];
