/**
 * All error classes. Each has a code that stays the same over versions, and the next step for a person.
 * Long: all errors are in one place, so that no code has two meanings.
 */

/** Codes of errors. `user`: the caller or the configuration is wrong. `system`: something outside failed. */
export type ErrorCode =
  | 'NODE_TOO_OLD'
  | 'SETTING_MISSING'
  | 'SETTING_INVALID'
  | 'INPUT_INVALID'
  | 'BODY_TOO_LARGE'
  | 'TYPE_NOT_JSON'
  | 'CROSS_SITE'
  | 'EVENT_INVALID'
  | 'EVENT_FOREIGN'
  | 'SCOPE_NOT_ALLOWED'
  | 'MESSAGE_INVALID'
  | 'MESSAGE_FOREIGN'
  | 'MESSAGE_VERSION_UNKNOWN'
  | 'NOT_FOUND'
  | 'RUN_OPEN'
  | 'RUN_NOT_FAILED'
  | 'RUN_ENDED'
  | 'IDEMPOTENCY_KEY_USED'
  | 'REPORT_MISSING'
  | 'REPORT_CUT'
  | 'REPORT_INVALID'
  | 'REPORT_OF_ANOTHER_RUN'
  | 'PLAN_INVALID'
  | 'AZURE_DENIED'
  | 'AZURE_NOT_FOUND'
  | 'AZURE_CONFLICT'
  | 'AZURE_THROTTLED'
  | 'AZURE_UNREACHABLE'
  | 'AZURE_FAILED'
  | 'STATE_CONFLICT'
  | 'STATE_VERSION_UNKNOWN'
  | 'STATE_ROW_BROKEN'
  | 'STATE_ROW_TOO_LARGE'
  | 'STATE_FAILED';

/**
 * What each code means, and whose side has to act. `user`: the caller or the configuration; `system`: what is outside, or
 * the program. What to do is said where the error is thrown. docs/errors.md is made from this.
 */
export const ERRORS: Readonly<Record<ErrorCode, { side: 'user' | 'system'; meaning: string }>> = {
  NODE_TOO_OLD: {
    side: 'user',
    meaning: 'The host started the app with an older Node than it needs. No function starts.',
  },
  SETTING_MISSING: { side: 'user', meaning: 'A setting that the app needs is not there. No function starts.' },
  SETTING_INVALID: { side: 'user', meaning: 'A setting holds what it may not. No function starts.' },
  INPUT_INVALID: { side: 'user', meaning: 'A field of a request is not right. Nothing was done.' },
  BODY_TOO_LARGE: { side: 'user', meaning: 'A request’s body is larger than is read. Nothing was done.' },
  TYPE_NOT_JSON: { side: 'user', meaning: 'A request that acts came with another type than JSON. Nothing was done.' },
  CROSS_SITE: {
    side: 'user',
    meaning: 'A browser says that a page of another site sent a request that acts. Nothing was done.',
  },
  EVENT_INVALID: { side: 'user', meaning: 'An event lacks what it must have, or says two things. It was dropped.' },
  EVENT_FOREIGN: { side: 'user', meaning: 'An event is of a type that this function does not take. It was dropped.' },
  SCOPE_NOT_ALLOWED: { side: 'user', meaning: 'What was named is outside the configured scope. Nothing was done.' },
  MESSAGE_INVALID: { side: 'system', meaning: 'A message on the queue is none that this program writes.' },
  MESSAGE_FOREIGN: { side: 'user', meaning: 'A message on the queue is about a subscription that is not configured.' },
  MESSAGE_VERSION_UNKNOWN: { side: 'user', meaning: 'A message on the queue was written by a later program.' },
  NOT_FOUND: { side: 'user', meaning: 'What was asked for is not there.' },
  RUN_OPEN: { side: 'user', meaning: 'A retry of a run that has not ended. Nothing was done.' },
  RUN_NOT_FAILED: { side: 'user', meaning: 'A retry of a run in which nothing is left to do. Nothing was done.' },
  RUN_ENDED: { side: 'user', meaning: 'A cancel of a run that has ended. Nothing was done.' },
  IDEMPOTENCY_KEY_USED: {
    side: 'user',
    meaning: 'An Idempotency-Key came again with another request. Nothing was done.',
  },
  REPORT_MISSING: { side: 'system', meaning: 'A guest’s script ended without its report.' },
  REPORT_CUT: { side: 'system', meaning: 'A guest’s report ends in the middle of its line.' },
  REPORT_INVALID: { side: 'system', meaning: 'A guest’s report is not one that this program’s scripts write.' },
  REPORT_OF_ANOTHER_RUN: {
    side: 'system',
    meaning: 'Azure showed the report of another command until the time was up.',
  },
  PLAN_INVALID: {
    side: 'system',
    meaning: 'A plan held something that is never put into a script. Nothing was sent to that VM.',
  },
  AZURE_DENIED: { side: 'user', meaning: 'Azure refused the app’s identity (401 or 403).' },
  AZURE_NOT_FOUND: { side: 'system', meaning: 'Azure does not know the resource (404).' },
  AZURE_CONFLICT: { side: 'system', meaning: 'Azure is busy with the resource, or forbids the change (409).' },
  AZURE_THROTTLED: { side: 'system', meaning: 'Azure takes no more calls for now (429).' },
  AZURE_UNREACHABLE: { side: 'system', meaning: 'Azure Resource Manager gave no answer.' },
  AZURE_FAILED: {
    side: 'system',
    meaning: 'Azure answered with any other error, or with something that is no answer.',
  },
  STATE_CONFLICT: { side: 'system', meaning: 'A row changed between a read and a write.' },
  STATE_VERSION_UNKNOWN: { side: 'user', meaning: 'A row was written by a later program.' },
  STATE_ROW_BROKEN: { side: 'system', meaning: 'A row is not one of this program’s, or was changed.' },
  STATE_ROW_TOO_LARGE: { side: 'system', meaning: 'A row is larger than the table takes.' },
  STATE_FAILED: { side: 'system', meaning: 'The app’s tables did not answer, or refused.' },
};

/** Base of all errors of this program. `message` says what is wrong, `nextStep` what to do. */
export class GuardError extends Error {
  readonly code: ErrorCode;
  readonly nextStep: string;

  constructor(code: ErrorCode, message: string, nextStep: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.nextStep = nextStep;
  }
}

/** What a line of the log says of anything that was thrown. */
export const toldOf = (error: unknown): { code: ErrorCode | 'UNEXPECTED'; text: string; nextStep: string } =>
  error instanceof GuardError
    ? { code: error.code, text: error.message, nextStep: error.nextStep }
    : { code: 'UNEXPECTED', text: messageOf(error), nextStep: 'Report this with the text and the host’s stack trace.' };

/** A setting is missing or wrong: found at start, names the setting, its value and an example. */
export class SettingError extends GuardError {
  constructor(name: string, value: string | undefined, expected: string, example: string) {
    super(
      value === undefined ? 'SETTING_MISSING' : 'SETTING_INVALID',
      value === undefined
        ? `Setting ${name} is missing: ${expected}.`
        : `Setting ${name} is ${JSON.stringify(clip(value))}: ${expected}.`,
      `Set ${name}, for example ${name}=${example}`,
    );
  }
}

/** Input from outside is wrong; `field` is the path of the field, `value` what was given (clipped). */
export class InputError extends GuardError {
  readonly field: string;
  readonly value: string;

  constructor(
    code: Extract<
      ErrorCode,
      | 'INPUT_INVALID'
      | 'BODY_TOO_LARGE'
      | 'TYPE_NOT_JSON'
      | 'CROSS_SITE'
      | 'EVENT_INVALID'
      | 'EVENT_FOREIGN'
      | 'SCOPE_NOT_ALLOWED'
      | 'MESSAGE_INVALID'
      | 'MESSAGE_FOREIGN'
      | 'MESSAGE_VERSION_UNKNOWN'
      | 'NOT_FOUND'
      | 'RUN_OPEN'
      | 'RUN_NOT_FAILED'
      | 'RUN_ENDED'
      | 'IDEMPOTENCY_KEY_USED'
    >,
    field: string,
    value: unknown,
    expected: string,
    nextStep = 'Correct the field and send it again.',
  ) {
    const shown = clip(typeof value === 'string' ? value : jsonOf(value));
    super(code, `${field} is ${JSON.stringify(shown)}: ${expected}`, nextStep);
    this.field = field;
    this.value = shown;
  }
}

/** A guest's output held no usable report. */
export class ReportError extends GuardError {
  declare readonly code: ReportErrorCode;

  constructor(code: ReportErrorCode, message: string) {
    super(code, message, 'Look at the command’s output in the portal; the VM is tried again by the next run.');
  }
}

type ReportErrorCode = Extract<ErrorCode, `REPORT_${string}`>;

/** A plan holds something that must not be rendered into a script. */
export class PlanError extends GuardError {
  declare readonly code: 'PLAN_INVALID';

  constructor(field: string, value: unknown, expected: string) {
    super(
      'PLAN_INVALID',
      `${field} is ${JSON.stringify(clip(String(value)))}: ${expected}`,
      'Report this: Azure listed an address or MAC that is none.',
    );
  }
}

/** A call to Azure failed. `status` is 0 when there was no answer; `action` names what was asked for. */
export class AzureError extends GuardError {
  declare readonly code: AzureErrorCode;
  readonly status: number;
  readonly azureCode: string;
  readonly action: string;
  /** What Azure said, without the action. */
  readonly said: string;
  /** Seconds from Retry-After, when given. */
  readonly retryAfterSeconds: number | undefined;

  constructor(fields: {
    status: number;
    azureCode: string;
    action: string;
    message: string;
    retryAfterSeconds?: number | undefined;
    cause?: unknown;
  }) {
    const code = azureErrorCode(fields.status);
    const nextStep = fields.status === 401 ? NO_TOKEN : NEXT_STEP[code];
    super(code, `${fields.action}: ${fields.message}`, nextStep, { cause: fields.cause });
    this.status = fields.status;
    this.azureCode = fields.azureCode;
    this.action = fields.action;
    this.said = fields.message;
    this.retryAfterSeconds = fields.retryAfterSeconds;
  }
}

/** Adapters throw AzureError; anything else is a fault of ours and is told as such, not swallowed. */
export const asAzureError = (error: unknown, action: string): AzureError =>
  error instanceof AzureError
    ? error
    : new AzureError({ status: -1, azureCode: '', action, message: messageOf(error), cause: error });

/** A row changed under us, or a store call failed. */
export class StateError extends GuardError {
  constructor(code: StateErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, STATE_NEXT_STEP[code], options);
  }
}

type StateErrorCode = Extract<ErrorCode, `STATE_${string}`>;

const STATE_NEXT_STEP: Record<StateErrorCode, string> = {
  STATE_CONFLICT: 'Nothing to do: the loop reads the rows again.',
  STATE_VERSION_UNKNOWN: 'Deploy the later program again: this one cannot know what its rows mean.',
  STATE_ROW_BROKEN: 'Look at the row: somebody else wrote it, or changed it. Where nothing of it is needed, delete it.',
  STATE_ROW_TOO_LARGE: 'Report this: what is kept of a VM has a bound.',
  STATE_FAILED:
    'Look at the message: the app must reach the tables of its storage account, and may read and write them.',
};

type AzureErrorCode = Extract<ErrorCode, `AZURE_${string}`>;

const NEXT_STEP: Record<AzureErrorCode, string> = {
  AZURE_DENIED: 'Give the app’s identity a role with this action.',
  AZURE_NOT_FOUND: 'Nothing to do: the resource is gone, the next run sees the estate without it.',
  AZURE_CONFLICT: 'Nothing to do: somebody else’s operation runs on the VM; the loop comes back.',
  AZURE_THROTTLED: 'Nothing to do: the loop comes back after the time that Azure named.',
  AZURE_UNREACHABLE: 'Check the network path to Azure Resource Manager; the loop comes back.',
  AZURE_FAILED: 'Look at the message; the loop comes back within its budget.',
};

/** What to do, for the codes of which the same holds wherever they come from. */
export const NEXT_STEPS: Readonly<Partial<Record<ErrorCode, string>>> = {
  ...NEXT_STEP,
  ...STATE_NEXT_STEP,
};

const NO_TOKEN =
  'Look whether the app has its managed identity, and whether AZURE_CLIENT_ID names it: it could not sign in.';

function azureErrorCode(status: number): AzureErrorCode {
  if (status === 401 || status === 403) return 'AZURE_DENIED';
  if (status === 404) return 'AZURE_NOT_FOUND';
  if (status === 409) return 'AZURE_CONFLICT';
  if (status === 429) return 'AZURE_THROTTLED';
  return status === 0 ? 'AZURE_UNREACHABLE' : 'AZURE_FAILED';
}

/** Cuts a value for a message, so that a megabyte body does not end up in a log. */
export const clip = (text: string, length = 200): string =>
  text.length <= length ? text : `${text.slice(0, length)}…`;

/** A value as JSON; JSON.stringify calls itself for each level and overflows on arrays in arrays without end. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'nothing';
  } catch (error) {
    return `a value that cannot be shown (${messageOf(error)})`;
  }
}

/** The message of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
