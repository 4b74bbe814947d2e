/**
 * Every step that the app logs: how loud it is, what it says, and which fields its line has. `Log` takes nothing else,
 * and docs/logs.md is made from this.
 * Long: it is one table.
 */

import type { FIELDS, FieldName, FieldTypes } from './logFields.ts';
import { OUTCOME_RESULTS } from './rows.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

interface StepRule {
  level: Level;
  /** It is a warning when this holds; said in words for docs. */
  warning?: { when: string; holds: (fields: Readonly<Record<string, unknown>>) => boolean };
  meaning: string;
  fields: readonly FieldName[];
  /** Fields that a line may lack. */
  optional?: readonly FieldName[];
}

/** Every step, in the order in which a signal meets them. */
export const STEPS = {
  started: {
    level: 'info',
    meaning: 'The app has started: told with the first function that runs in a process.',
    fields: ['version', 'commit', 'node', 'enforcement'],
  },
  signal: {
    level: 'info',
    meaning: 'A signal was accepted by a handler and is on its way to the loop.',
    fields: ['runId', 'signal'],
    optional: ['scope', 'eventId', 'mode', 'subscriptions', 'retryOf', 'askedBy', 'repeated'],
  },
  'mirror-test': {
    level: 'info',
    meaning: 'A mirror’s notifier was tested: its event came through, and the VM is in the scope. No run comes of it.',
    fields: ['vmId', 'eventId'],
    optional: ['vip'],
  },
  'ignored-event': {
    level: 'debug',
    meaning: 'An event is of no concern. Most are: every write in a subscription makes one.',
    fields: ['why', 'operation', 'resource'],
  },
  'refused-event': {
    level: 'error',
    meaning: 'An event is not right. Event Grid does not deliver it again.',
    fields: ['code', 'field', 'value', 'text', 'nextStep'],
  },
  'refused-request': {
    level: 'warn',
    meaning: 'A request over HTTP is not right, and was answered with why (4xx).',
    fields: ['status', 'code', 'text', 'nextStep'],
    optional: ['field'],
  },
  'failed-request': {
    level: 'error',
    meaning: 'The app could not do what a request asked for (5xx): storage that does not answer, for example.',
    fields: ['status', 'code', 'text', 'nextStep'],
  },
  'refused-message': {
    level: 'error',
    meaning:
      'A message of the queue cannot be read, or is about a subscription that is not configured. After five tries it is in the poison queue.',
    fields: ['code', 'text', 'nextStep'],
  },
  'failed-message': {
    level: 'error',
    meaning: 'The loop failed on a message, for want of storage for example. The host delivers it again.',
    fields: ['subscriptionId', 'code', 'text', 'nextStep'],
    optional: ['runId'],
  },
  'dead-letter': {
    level: 'error',
    meaning: 'The app failed on a signal five times. Its run is marked failed.',
    fields: ['runId', 'signal', 'subscriptionId'],
  },
  'dead-cancel': {
    level: 'error',
    meaning: 'The app failed on a cancel five times. The run goes on: cancel it again.',
    fields: ['runId', 'subscriptionId', 'askedBy'],
  },
  'dead-bell': {
    level: 'warn',
    meaning: 'The app failed on a bell five times. It carries nothing: the next minute rings anew.',
    fields: ['subscriptionId'],
  },
  'dead-message': {
    level: 'error',
    meaning:
      'A message in the poison queue cannot be read, or is about a subscription that is not configured. It stays there, and is told again every ten minutes.',
    fields: ['code', 'text', 'nextStep'],
  },
  'failed-dead-letter': {
    level: 'error',
    meaning: 'The run of a dead letter could not be marked failed, for want of storage for example. It is tried again.',
    fields: ['runId', 'signal', 'subscriptionId', 'code', 'text', 'nextStep'],
  },
  accepted: {
    level: 'info',
    meaning: 'The loop has taken a signal: its run is kept.',
    fields: ['runId', 'signal', 'mode', 'scope'],
  },
  repeated: {
    level: 'info',
    meaning: 'A signal came again; its run was there already.',
    fields: ['runId', 'signal', 'mode', 'scope'],
  },
  joined: {
    level: 'info',
    meaning: 'A run is about the same as another, which does the work for both.',
    fields: ['runId', 'signal', 'joined'],
  },
  'cancel-asked': {
    level: 'info',
    meaning: 'Somebody asked over HTTP that a run be cancelled.',
    fields: ['runId', 'askedBy', 'subscriptions'],
  },
  'cancel-noted': {
    level: 'info',
    meaning: 'The loop has taken a cancel: it is kept on the run.',
    fields: ['runId', 'subscriptionId', 'askedBy'],
  },
  'cancel-late': {
    level: 'info',
    meaning: 'A run that was to be cancelled has ended already.',
    fields: ['runId', 'subscriptionId', 'askedBy'],
  },
  cancelled: {
    level: 'info',
    meaning: 'A run was cancelled: what had not begun is dropped, and commands that serve no other run are stopped.',
    fields: ['runId', 'signal', 'askedBy', 'dropped', 'stopped'],
  },
  planned: {
    level: 'info',
    meaning: 'The VMs of a run are known.',
    fields: ['runId', 'signal', 'vms', 'fresh'],
    optional: ['askedBy'],
  },
  'topology-note': {
    level: 'warn',
    meaning: 'Azure listed something that the app cannot make sense of.',
    fields: ['id', 'text'],
  },
  'azure-refuses': {
    level: 'error',
    meaning:
      'Azure refuses the lists or rule health, or no token can be had. Told at each change and every ten minutes while it lasts, with runs and without.',
    fields: ['subscriptionId', 'code', 'azureCode', 'action', 'text', 'nextStep', 'since'],
  },
  'azure-answers': {
    level: 'info',
    meaning: 'What Azure refused is answered again.',
    fields: ['subscriptionId', 'azureCode', 'action', 'lastedMs'],
  },
  'health-unknown': {
    level: 'warn',
    meaning: 'Azure did not say which members of a frontend are healthy.',
    fields: ['frontendId', 'why'],
  },
  'primary-moved': {
    level: 'info',
    meaning: 'Health shows the primary of a mirror elsewhere than before. Where nothing announced it, it begins a run.',
    fields: ['frontendId', 'vip', 'from', 'to', 'explained'],
    optional: ['runId'],
  },
  'failover-confirmed': {
    level: 'info',
    meaning: 'The probes show what a mirror announced.',
    fields: ['runId', 'vmId', 'afterMs'],
  },
  'failover-not-confirmed': {
    level: 'warn',
    meaning: 'The probes did not come to show what a mirror announced.',
    fields: ['runId', 'vmId', 'afterMs'],
  },
  intend: {
    level: 'info',
    meaning: 'A VM is to get a command.',
    fields: ['runId', 'vmId', 'seq', 'mode', 'vips'],
  },
  send: {
    level: 'info',
    meaning: 'A command is sent to Azure. An equal one may follow until Azure shows it.',
    fields: ['runId', 'vmId', 'seq', 'mode'],
  },
  refused: {
    level: 'warn',
    meaning: 'Azure refused a command or its cancelling. What comes of it follows in a step of its own.',
    fields: ['runId', 'vmId', 'seq', 'effect', 'code', 'status', 'action', 'text', 'retryAt'],
  },
  withdrawn: {
    level: 'info',
    meaning: 'Azure was busy with the VM or took no more calls. The VM takes its turn again.',
    fields: ['runId', 'vmId', 'seq', 'retryAt', 'code', 'text'],
  },
  'taken-back': {
    level: 'info',
    meaning:
      'A command was meant and not sent: another goes first, of a member of the same mirror or because there is no place. The VM takes its turn again.',
    fields: ['runId', 'vmId', 'seq'],
  },
  'look-failed': {
    level: 'warn',
    meaning: 'Azure did not show a command. It is looked at again.',
    fields: ['runId', 'vmId', 'seq', 'code', 'status', 'text'],
  },
  cancel: {
    level: 'warn',
    meaning: 'A command ran out of its time, or its run was cancelled, and is stopped.',
    fields: ['runId', 'vmId', 'seq', 'code'],
  },
  report: {
    level: 'info',
    meaning: 'A guest has reported.',
    fields: ['runId', 'vmId', 'seq', 'changed', 'errorCode'],
  },
  'command-failed': {
    level: 'warn',
    meaning: 'A command ended without a report.',
    fields: ['runId', 'vmId', 'seq', 'code', 'text'],
  },
  halted: {
    level: 'warn',
    meaning:
      'A repair broke or cannot be known: no other member of the frontend is changed until one works or a person asks.',
    fields: ['runId', 'vmId', 'frontendId'],
  },
  settled: {
    level: 'info',
    warning: {
      when: '`result` is `failed` or `blocked`',
      holds: ({ result }) => result === 'failed' || result === 'blocked',
    },
    meaning: 'A VM’s part in a run has ended.',
    fields: ['runId', 'vmId', 'result', 'changed', 'findings'],
  },
  'run-settled': {
    level: 'info',
    warning: {
      when: '`failed` or `blocked` is above 0',
      holds: ({ failed, blocked }) => Number(failed) + Number(blocked) > 0,
    },
    meaning: 'A run has ended.',
    fields: ['runId', 'signal', 'afterMs', 'vms', 'commands', 'looked', 'believed', ...OUTCOME_RESULTS],
    optional: ['askedBy'],
  },
  'run-failed': {
    level: 'error',
    meaning: 'A run has ended because the estate could not be read for too long.',
    fields: ['runId', 'code', 'text'],
  },
  'path-exposed': {
    level: 'info',
    meaning:
      'Connections of a VM to a VIP come back to it and nothing shows that they work, or a failover would make it so and something is known to be wrong. Told when it begins and with each sweep while it lasts.',
    fields: ['vmId', 'frontendId', 'vip', 'exposure', 'verdict', 'findings', 'since'],
  },
  'exposure-over': {
    level: 'info',
    meaning: 'A path is exposed no more: it is compliant, gone, no backend any more, or nothing is known of it.',
    fields: ['vmId', 'frontendId', 'vip', 'why', 'lastedMs'],
  },
  'path-proved': {
    level: 'info',
    meaning:
      'A path was proved, for the first time, after it was exposed, or through the VM itself for the first time.',
    fields: ['vmId', 'frontendId', 'vip', 'exposure', 'proof'],
    optional: ['lastedMs'],
  },
  'needs-person': {
    level: 'info',
    meaning:
      'A person is needed for a path: `settled` of its VM warns of it. Told when it begins or its findings change, and with each sweep.',
    fields: ['vmId', 'frontendId', 'vip', 'exposure', 'findings', 'text'],
  },
  'events-published': {
    level: 'info',
    meaning: 'Events were published to the topic of HAIRPIN_EVENTS_TOPIC.',
    fields: ['subscriptionId', 'events'],
  },
  'events-not-published': {
    level: 'warn',
    meaning: 'The topic did not take events. They are published later.',
    fields: ['subscriptionId', 'code', 'text', 'retryAt'],
  },
  'events-dropped': {
    level: 'warn',
    meaning: 'Events were given up: more waited than are kept, they waited for a day, or the topic takes none such.',
    fields: ['subscriptionId', 'events'],
    optional: ['text'],
  },
  'row-unreadable': {
    level: 'error',
    meaning: 'A row in storage is not one of the app’s, or is broken. What it is about is left alone.',
    fields: ['subscriptionId', 'row', 'code', 'text'],
  },
  'row-not-written': {
    level: 'error',
    meaning: 'A row is too large for storage. What it is about is left alone.',
    fields: ['subscriptionId', 'table', 'row', 'code', 'text'],
    optional: ['runId'],
  },
  'rows-changed': {
    level: 'info',
    meaning: 'A row changed while the loop decided. It decides anew.',
    fields: ['subscriptionId', 'text'],
  },
  'subscription-unread': {
    level: 'warn',
    meaning: 'The lists of another subscription could not be read. VMs that have nothing to do with it go on.',
    fields: ['subscriptionId', 'unread', 'text'],
  },
  'lease-lost': {
    level: 'warn',
    meaning: 'The loop took longer than it may, and another one goes on.',
    fields: ['subscriptionId'],
  },
  tidied: {
    level: 'info',
    meaning: 'Old runs were removed, or written anew.',
    fields: ['subscriptionId', 'removed', 'renewed'],
  },
} as const satisfies Record<string, StepRule>;

export type Step = keyof typeof STEPS;

type Held<Name extends FieldName> = FieldTypes[(typeof FIELDS)[Name]['type']];
type Needed<S extends Step> = (typeof STEPS)[S]['fields'][number];
type Optional<S extends Step> = (typeof STEPS)[S] extends { optional: readonly (infer Name extends FieldName)[] }
  ? Name
  : never;

/** The fields of each step's line. */
export type StepFields = {
  [S in Step]: { [Name in Needed<S>]: Held<Name> } & { [Name in Optional<S>]?: Held<Name> };
};

/** A line of the log. */
export interface LogLine<S extends Step = Step> {
  step: S;
  fields: StepFields[S];
}

/** Writes one structured line. No secrets, no scripts. */
export type Log = <S extends Step>(step: S, fields: StepFields[S]) => void;

/** How loud a line is. */
export function levelOf({ step, fields }: LogLine): Level {
  const { level, warning }: StepRule = STEPS[step];
  return warning?.holds({ ...fields }) ? 'warn' : level;
}

/** The value of `runId` for runs that share something. */
export const oneOrAll = (runIds: readonly string[]): string | readonly string[] =>
  runIds.length === 1 ? (runIds[0] as string) : runIds;
