import test from 'ava';
import { readConfig } from '../shared/config.ts';
import { SettingError } from '../shared/errors.ts';

const ID = '00000000-0000-0000-0000-000000000000';
const NEEDED = {
  HAIRPIN_SUBSCRIPTIONS: ID,
  HAIRPIN_SWEEP_SCHEDULE: '0 7 * * * *',
  HAIRPIN_WATCH_SCHEDULE: '30 * * * * *',
};
const GOOD = { ...NEEDED, AzureWebJobsStorage: 'UseDevelopmentStorage=true' };

test('defaults', (t) => {
  t.like(readConfig(GOOD), {
    enforcement: 'audit',
    maxCommands: 10,
    bellSeconds: 5,
    proofAgeMs: 86_400_000,
    runAgeMs: 90 * 86_400_000,
    azure: { endpoint: 'https://management.azure.com', audience: 'https://management.azure.com' },
    storage: { kind: 'connectionString' },
    scope: { subscriptionIds: [ID], within: [], outsideLoadBalancers: false, optOutTag: 'ilb-hairpin-guard-opt-out' },
  });
});

test('whether App Service authentication stands in front is what the platform says', (t) => {
  const on = (value?: string) =>
    readConfig({ ...GOOD, ...(value === undefined ? {} : { WEBSITE_AUTH_ENABLED: value }) }).authenticated;
  t.deepEqual(['True', 'true', '1', 'False', '', 'yes', undefined].map(on), [
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

test('everything set', (t) => {
  const group = `/subscriptions/${ID}/resourceGroups/healthshare`;
  const config = readConfig({
    ...NEEDED,
    HAIRPIN_SUBSCRIPTIONS: ` ${ID.toUpperCase()}, ${ID} `,
    HAIRPIN_SCOPE: `${group},`,
    HAIRPIN_NETWORKS: '20.1.0.0/16, 20.2.0.0/16',
    HAIRPIN_OUTSIDE_LOAD_BALANCERS: 'Serve',
    HAIRPIN_CHANGE_WINDOW: '22:00-04:30',
    HAIRPIN_COMMAND_TAGS: '{"owner":"mirror-team"}',
    HAIRPIN_ARM_ENDPOINT: 'https://management.usgovcloudapi.net/',
    AzureWebJobsStorage__accountName: 'hairpinstorage',
    AZURE_CLIENT_ID: ID,
  });
  t.like(config, {
    scope: {
      subscriptionIds: [ID],
      within: [group],
      outsideLoadBalancers: true,
      networks: ['20.1.0.0/16', '20.2.0.0/16'],
    },
    window: { from: 1320, to: 270 },
    commandTags: { owner: 'mirror-team' },
    azure: { endpoint: 'https://management.usgovcloudapi.net', clientId: ID },
    storage: { kind: 'identity', queueUrl: 'https://hairpinstorage.queue.core.windows.net', clientId: ID },
  });
});

test('a command is given more time than a connect in it', (t) => {
  t.is(readConfig({ ...GOOD, HAIRPIN_CONNECT_SECONDS: '30', HAIRPIN_COMMAND_SECONDS: '33' }).commandSeconds, 33);
  const error = t.throws(() => readConfig({ ...GOOD, HAIRPIN_CONNECT_SECONDS: '30', HAIRPIN_COMMAND_SECONDS: '32' }));
  t.is(error?.message, 'Setting HAIRPIN_COMMAND_SECONDS is "32": a whole number from 33 to 3600.');
});

/** The storage's key goes before its addresses: without it they are read. */
const without = (name: string) => (name.startsWith('AzureWebJobsStorage__') ? NEEDED : GOOD);

for (const [name, value, shown] of [
  ['HAIRPIN_SUBSCRIPTIONS', '', 'missing'],
  ['HAIRPIN_SUBSCRIPTIONS', 'my-subscription', 'my-subscription'],
  ['HAIRPIN_SCOPE', 'healthshare', 'healthshare'],
  ['HAIRPIN_SCOPE', `/subscriptions/${ID}/resourceGroups/a/../b`, 'a/../b'],
  ['HAIRPIN_SCOPE', '/subscriptions/00000000-0000-0000-0000-000000000009/resourceGroups/x', '0009/resourceGroups/x'],
  ['HAIRPIN_NETWORKS', '20.1.0.0', '20.1.0.0'],
  ['HAIRPIN_NETWORKS', '20.1.0.1/16', '20.1.0.1/16'],
  ['HAIRPIN_OUTSIDE_LOAD_BALANCERS', 'yes', 'yes'],
  ['HAIRPIN_ENFORCEMENT', 'maybe', 'maybe'],
  ['HAIRPIN_MAX_COMMANDS', '0', '"0"'],
  ['HAIRPIN_MAX_COMMANDS', '1e2', '1e2'],
  ['HAIRPIN_PROOF_HOURS', 'n/a', 'n/a'],
  ['HAIRPIN_RUN_DAYS', '7', '"7"'],
  ['HAIRPIN_ARM_ENDPOINT', 'http://management.azure.com', 'http://'],
  ['HAIRPIN_CHANGE_WINDOW', '25:00-04:00', '25:00'],
  ['HAIRPIN_COMMAND_TAGS', '{"a":1}', '{\\"a\\":1}'],
  ['HAIRPIN_COMMAND_TAGS', 'x', '"x"'],
  ['HAIRPIN_SWEEP_SCHEDULE', '', 'missing'],
  ['HAIRPIN_WATCH_SCHEDULE', '@hourly', '@hourly'],
  ['AzureWebJobsStorage', '', 'missing'],
  ['AzureWebJobsStorage__queueServiceUri', 'http://hairpinstorage.queue.core.windows.net', 'http://'],
] as const) {
  test(`told with an example: ${name}=${value}`, (t) => {
    const error = t.throws(() => readConfig({ ...without(name), [name]: value }), { instanceOf: SettingError });
    t.true(error?.message.includes(name), error?.message);
    t.true(error?.message.includes(shown), error?.message);
    t.regex(error?.nextStep ?? '', /for example \w+=./);
  });
}
