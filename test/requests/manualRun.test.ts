import test from 'ava';
import { InputError } from '../../shared/errors.ts';
import { readManualRun } from '../../shared/requests/manualRun.ts';

const ONE = '00000000-0000-0000-0000-000000000001';
const TWO = '00000000-0000-0000-0000-000000000002';
const ALLOWED = { subscriptionIds: [ONE, TWO], within: [] as string[] };
const RUN = 'a'.repeat(32);
const vm = (subscription: string, name = 'hs-a') =>
  `/subscriptions/${subscription}/resourceGroups/healthshare/providers/Microsoft.Compute/virtualMachines/${name}`;

const read = (body: unknown, allowed = ALLOWED) =>
  readManualRun(typeof body === 'string' ? body : JSON.stringify(body), allowed, RUN, 1000);

const refused = (body: unknown, allowed = ALLOWED): InputError => {
  try {
    read(body, allowed);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('it was taken');
};

test('one id or several; one signal per subscription, one run', (t) => {
  t.deepEqual(read({ scope: vm(ONE), mode: 'apply' }), [
    {
      subscriptionId: ONE,
      runId: RUN,
      signal: 'manual',
      scope: [{ kind: 'vm', id: vm(ONE) }],
      mode: 'apply',
      dryRun: false,
      observedAt: 1000,
    },
  ]);
  const signals = read({ scope: [vm(ONE), vm(TWO), `/subscriptions/${ONE}`], mode: 'check', dryRun: true });
  t.deepEqual(
    signals.map((signal) => [signal.subscriptionId, signal.scope.length, signal.dryRun]),
    [
      [ONE, 2, true],
      [TWO, 1, true],
    ],
  );
});

test('what a scope can be', (t) => {
  const group = `/subscriptions/${ONE}/resourceGroups/health.share-(1)`;
  const network = `${group}/providers/Microsoft.Network`;
  const kinds = [
    `/subscriptions/${ONE}/`,
    group,
    vm(ONE),
    vm(ONE).toUpperCase(),
    `${network}/networkInterfaces/n`,
    `${network}/loadBalancers/lb`,
    `${network}/loadBalancers/lb/frontendIPConfigurations/f`,
  ].map((scope) => read({ scope, mode: 'check' })[0]?.scope[0]?.kind);
  t.deepEqual(kinds, ['subscription', 'resourceGroup', 'vm', 'vm', 'nic', 'loadBalancer', 'frontend']);
});

for (const [title, body, field, value] of [
  ['no JSON', '{', 'body', '{'],
  ['no object', '[]', 'body', '[]'],
  ['levels without end', `{"scope": ${'['.repeat(60_000)}`, 'body', '[[['],
  ['no scope', { mode: 'apply' }, 'scope', 'nothing'],
  ['no mode', { scope: vm(ONE) }, 'mode', 'nothing'],
  ['an unknown mode', { scope: vm(ONE), mode: 'destroy' }, 'mode', 'destroy'],
  ['an unknown field', { scope: vm(ONE), mode: 'apply', force: true }, 'force', 'true'],
  ['dryRun as text', { scope: vm(ONE), mode: 'apply', dryRun: 'no' }, 'dryRun', 'no'],
  ['an empty scope', { scope: [], mode: 'apply' }, 'scope', '[]'],
  ['a name for an id', { scope: 'hs-a', mode: 'apply' }, 'scope', 'hs-a'],
  ['the second id', { scope: [vm(ONE), '/etc/passwd'], mode: 'apply' }, 'scope[1]', '/etc/passwd'],
  ['a path trick', { scope: `${vm(ONE)}/..`, mode: 'apply' }, 'scope', '/..'],
  [
    'a type that is none of ours',
    { scope: vm(ONE).replace('virtualMachines', 'disks'), mode: 'apply' },
    'scope',
    'disks',
  ],
  [
    'a group with a shell trick',
    { scope: `/subscriptions/${ONE}/resourceGroups/$(id)`, mode: 'apply' },
    'scope',
    '$(id)',
  ],
] as const) {
  test(`refused: ${title}`, (t) => {
    const error = refused(body);
    t.is(error.code, 'INPUT_INVALID');
    t.is(error.field, field);
    t.true(error.message.includes(value), error.message);
  });
}

const IDS =
  'must be the id of a subscription, resource group, virtual machine, network interface, load balancer or frontend, such as /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/healthshare/providers/Microsoft.Compute/virtualMachines/hs-a';

for (const [title, body, says] of [
  ['the body', '7', /^body is "7": must be an object with scope and mode \(.+\)$/],
  ['the mode', { scope: vm(ONE), mode: 1 }, 'mode is "1": must be check, apply or remove'],
  ['dryRun', { scope: vm(ONE), mode: 'apply', dryRun: 1 }, 'dryRun is "1": must be true or false'],
  ['the scope', { scope: 1, mode: 'apply' }, `scope is "1": ${IDS}`],
  ['an id', { scope: 'a', mode: 'apply' }, `scope is "a": ${IDS}`],
  [
    'another field',
    { scope: vm(ONE), mode: 'apply', a: 1 },
    'a is "1": is not known; known are scope, mode and dryRun',
  ],
  ['a field whose name ends alike', { scope: vm(ONE), mode: 'apply', ascope: 1 }, /^ascope is "1": is not known; /],
] as const) {
  test(`what was expected is said: ${title}`, (t) => {
    const { message } = refused(body);
    if (typeof says === 'string') t.is(message, says);
    else t.regex(message, says);
  });
}

for (const [title, id] of [
  ['no slash at its start', `subscriptions/${ONE}`],
  ['something before it', `x/subscriptions/${ONE}`],
  ['another word for subscriptions', `/subscription/${ONE}`],
  ['no subscription', '/subscriptions/'],
  ['a slash alone', '/'],
  ['a subscription that is no GUID', '/subscriptions/one'],
  ['a group without a name', `/subscriptions/${ONE}/resourceGroups`],
  ['another word for resource groups', `/subscriptions/${ONE}/groups/healthshare`],
  ['something behind the group', `/subscriptions/${ONE}/resourceGroups/healthshare/x`],
  ['a group with something behind its name', `/subscriptions/${ONE}/resourceGroups/healthshare;reboot`],
  ['a group with a long name', `/subscriptions/${ONE}/resourceGroups/${'g'.repeat(91)}`],
] as const) {
  test(`no scope: ${title}`, (t) => {
    t.like(refused({ scope: id, mode: 'check' }), { code: 'INPUT_INVALID', field: 'scope', value: id });
  });
}

test('slashes at the end are taken off, however many', (t) => {
  for (const id of [`/subscriptions/${ONE}`, `/subscriptions/${ONE}/resourceGroups/${'g'.repeat(90)}`])
    t.is(read({ scope: `${id}//`, mode: 'check' })[0]?.scope[0]?.id, id);
});

test('an id of 1,024 characters is looked at, a longer one is not', (t) => {
  const long = (length: number) => refused({ scope: '/'.padEnd(length, 'x'), mode: 'check' }).message;
  t.true(long(1024).endsWith(IDS));
  t.true(long(1025).endsWith(': must be at most 1024 characters'));
});

test('a frontend’s members may lie in each of the subscriptions, too', (t) => {
  const frontend = `/subscriptions/${ONE}/resourceGroups/healthshare/providers/Microsoft.Network/loadBalancers/lb/frontendIPConfigurations/f`;
  const signals = read({ scope: [frontend, vm(TWO)], mode: 'check' });
  t.deepEqual(
    signals.map(({ scope }) => scope.map(({ kind }) => kind)),
    [['frontend'], ['frontend', 'vm']],
  );
});

test('outside the scope', (t) => {
  const outside = refused({ scope: vm('00000000-0000-0000-0000-000000000009'), mode: 'apply' });
  t.regex(outside.message, /: is outside the configured scope$/);
  t.is(refused({ scope: vm('00000000-0000-0000-0000-000000000009'), mode: 'apply' }).code, 'SCOPE_NOT_ALLOWED');
  const within = [`/subscriptions/${ONE}/resourceGroups/other`];
  t.is(refused({ scope: vm(ONE), mode: 'apply' }, { ...ALLOWED, within }).code, 'SCOPE_NOT_ALLOWED');
  t.notThrows(
    () => read({ scope: `/subscriptions/${ONE}`, mode: 'check' }, { ...ALLOWED, within }),
    'a wider scope is narrowed by what is allowed',
  );
});

test('too many ids, and one that is too long', (t) => {
  t.is(refused({ scope: Array(101).fill(vm(ONE)), mode: 'apply' }).field, 'scope');
  // Slashes at the end took seconds once, by a pattern that began anew at each of them.
  const started = process.cpuUsage();
  t.is(refused({ scope: ['/'.repeat(131_000)], mode: 'apply' }).field, 'scope[0]');
  t.true(process.cpuUsage(started).user < 1_000_000);
});

test('remove names each VM', (t) => {
  const group = `/subscriptions/${ONE}/resourceGroups/healthshare`;
  for (const scope of [`/subscriptions/${ONE}`, group, `${group}/providers/Microsoft.Network/loadBalancers/lb`]) {
    const error = refused({ scope: [vm(ONE), scope], mode: 'remove' });
    t.is(error.field, 'scope[1]');
    t.true(error.message.includes('remove names each VM'));
  }
  t.is(read({ scope: [vm(ONE), vm(TWO)], mode: 'remove' }).length, 2);
});

test('prototype keys are plain unknown fields', (t) => {
  t.is(
    refused(`{"scope": ${JSON.stringify(vm(ONE))}, "mode": "apply", "__proto__": {"dryRun": true}}`).code,
    'INPUT_INVALID',
  );
});

test('each subscription is given what lies in it, and every load balancer and frontend: their members may lie there', (t) => {
  const lb = `/subscriptions/${ONE}/resourceGroups/healthshare/providers/Microsoft.Network/loadBalancers/lb`;
  const signals = read({ scope: [lb, vm(ONE), vm(TWO)], mode: 'check' });
  t.deepEqual(
    signals.map((signal) => [signal.subscriptionId, signal.scope.map(({ id }) => id)]),
    [
      [ONE, [lb, vm(ONE)]],
      [TWO, [lb, vm(TWO)]],
    ],
  );
});
