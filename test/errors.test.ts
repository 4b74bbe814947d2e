import test from 'ava';
import {
  AzureError,
  clip,
  type ErrorCode,
  GuardError,
  InputError,
  messageOf,
  PlanError,
  ReportError,
  SettingError,
  StateError,
} from '../shared/errors.ts';

const azure = (status: number, more = {}) =>
  new AzureError({
    status,
    azureCode: 'Code',
    action: 'Microsoft.Compute/virtualMachines/read',
    message: 'no',
    ...more,
  });

test('each is one of ours, named after its class, with a code and a next step', (t) => {
  const all: [GuardError, string, ErrorCode][] = [
    [new GuardError('NOT_FOUND', 'gone', 'look'), 'GuardError', 'NOT_FOUND'],
    [new SettingError('A', 'b', 'c', 'd'), 'SettingError', 'SETTING_INVALID'],
    [new InputError('EVENT_INVALID', 'data', 1, 'x'), 'InputError', 'EVENT_INVALID'],
    [new ReportError('REPORT_CUT', 'cut'), 'ReportError', 'REPORT_CUT'],
    [new PlanError('plan.vip', 'x', 'an address'), 'PlanError', 'PLAN_INVALID'],
    [azure(500), 'AzureError', 'AZURE_FAILED'],
    [new StateError('STATE_CONFLICT', 'changed'), 'StateError', 'STATE_CONFLICT'],
  ];
  for (const [error, name, code] of all) {
    t.true(error instanceof GuardError && error instanceof Error);
    t.is(error.name, name);
    t.is(error.code, code);
    t.regex(error.nextStep, /^\p{Lu}.{8,}|^look$/u);
    t.true(error.stack?.includes('errors.test.ts'), name);
  }
});

test('a setting is told with its value and an example; one that is missing is missing', (t) => {
  const wrong = new SettingError('HAIRPIN_MAX_COMMANDS', 'many', 'a whole number from 1 to 100', '10');
  t.is(wrong.message, 'Setting HAIRPIN_MAX_COMMANDS is "many": a whole number from 1 to 100.');
  t.is(wrong.nextStep, 'Set HAIRPIN_MAX_COMMANDS, for example HAIRPIN_MAX_COMMANDS=10');
  const missing = new SettingError('HAIRPIN_SUBSCRIPTIONS', undefined, 'subscription ids', '0');
  t.is(missing.code, 'SETTING_MISSING');
  t.is(missing.message, 'Setting HAIRPIN_SUBSCRIPTIONS is missing: subscription ids.');
  t.is(new SettingError('A', '', 'b', 'c').code, 'SETTING_INVALID', 'set to nothing is not missing');
  t.true(new SettingError('A', 'x'.repeat(1 << 20), 'b', 'c').message.length < 300);
});

test('input is echoed as it was given, clipped, with the field', (t) => {
  for (const [value, shown] of [
    ['hs-a', 'hs-a'],
    ['"; reboot\n', '"; reboot\n'],
    [undefined, 'nothing'],
    [null, 'null'],
    [0, '0'],
    [{ a: [1] }, '{"a":[1]}'],
    [() => 1, 'nothing'],
  ] as const) {
    const error = new InputError('INPUT_INVALID', 'scope', value, 'must be an id');
    t.is(error.value, shown);
    t.is(error.field, 'scope');
    t.is(error.message, `scope is ${JSON.stringify(shown)}: must be an id`);
  }
  const long = new InputError('INPUT_INVALID', 'body', 'x'.repeat(200_000), 'must be short');
  t.is(long.value.length, 201);
  t.true(long.message.endsWith('…": must be short'));
});

test('what cannot be written as JSON is told all the same', (t) => {
  const ring: { self?: unknown } = {};
  ring.self = ring;
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i += 1) deep = [deep];
  for (const value of [ring, deep, 10n]) {
    const error = new InputError('MESSAGE_INVALID', 'message', value, 'must be a message');
    t.true(error.message.startsWith('message is "') && error.message.length < 300, error.message);
  }
});

test('Azure’s status becomes a code with what to do; the rest of it is kept', (t) => {
  const codes = [401, 403, 404, 409, 429, 0, 400, 500, 503].map((status) => [status, azure(status).code]);
  t.deepEqual(codes, [
    [401, 'AZURE_DENIED'],
    [403, 'AZURE_DENIED'],
    [404, 'AZURE_NOT_FOUND'],
    [409, 'AZURE_CONFLICT'],
    [429, 'AZURE_THROTTLED'],
    [0, 'AZURE_UNREACHABLE'],
    [400, 'AZURE_FAILED'],
    [500, 'AZURE_FAILED'],
    [503, 'AZURE_FAILED'],
  ]);
  t.is(
    new Set(codes.map(([status]) => azure(Number(status)).nextStep)).size,
    7,
    'a next step for each code, and one for a sign-in that fails',
  );
  const cause = new Error('socket hang up');
  const error = azure(429, { retryAfterSeconds: 17, cause });
  t.is(error.message, 'Microsoft.Compute/virtualMachines/read: no');
  t.like(error, {
    status: 429,
    azureCode: 'Code',
    action: 'Microsoft.Compute/virtualMachines/read',
    retryAfterSeconds: 17,
  });
  t.is(error.cause, cause);
  t.is(azure(500).retryAfterSeconds, undefined);
});

test('a plan’s and a report’s errors say which field, and what a person does next', (t) => {
  t.is(
    new PlanError('plan.frontends.0.vip', '10.0.0.256', 'an IPv4 address').message,
    'plan.frontends.0.vip is "10.0.0.256": an IPv4 address',
  );
  t.regex(new ReportError('REPORT_MISSING', 'The command printed nothing.').nextStep, /tried again by the next run/);
});

test('clip cuts at its length and says so; the message of anything thrown', (t) => {
  t.is(clip('abc', 3), 'abc');
  t.is(clip('abcd', 3), 'abc…');
  t.is(clip(''), '');
  t.is(clip('x'.repeat(201)).length, 201);
  t.is(messageOf(new TypeError('no')), 'no');
  t.is(messageOf('text'), 'text');
  t.is(messageOf(undefined), 'undefined');
});
