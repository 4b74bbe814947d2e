/** The app settings that the template deploys are those that the app reads, and it takes each of them. */
import test from 'ava';
import { readConfig } from '../../shared/config.ts';
import { SETTINGS } from '../../shared/settings/settings.ts';
import { deployedSettings, settingsAtRunTime } from '../../simulator/deployment.ts';

/** Read by others than the app's own code. */
const OF_OTHERS: Record<string, string> = {
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'the host, which ships the log',
  APPLICATIONINSIGHTS_CONNECTION_STRING: 'the host, which ships the log',
  AZURE_TOKEN_CREDENTIALS: '@azure/identity',
  AzureWebJobsStorage__blobServiceUri: 'the host, for its locks and keys',
  AzureWebJobsStorage__credential: 'the host, for its triggers',
};

/** Storage by a key, or by a name that fits the public cloud alone. */
const NEVER_DEPLOYED = ['AzureWebJobsStorage', 'AzureWebJobsStorage__accountName'];

test('every setting can be deployed, and none that nobody reads', (t) => {
  const read = [...Object.keys(SETTINGS), ...Object.keys(OF_OTHERS)].filter((name) => !NEVER_DEPLOYED.includes(name));
  t.deepEqual(Object.keys(deployedSettings('full')).sort(), read.sort());
  for (const name of Object.keys(deployedSettings('plain'))) t.true(read.includes(name), name);
});

test('the app takes what is deployed by default: audit, everything in the subscription, storage by identity', (t) => {
  const config = readConfig(settingsAtRunTime(deployedSettings('plain')));
  t.like(config, {
    enforcement: 'audit',
    tellsEvents: false,
    commandTags: {},
    azure: {
      endpoint: 'https://management.azure.com',
      audience: 'https://management.azure.com',
      clientId: '00000000-0000-0000-0000-000000000000',
    },
    storage: {
      kind: 'identity',
      queueUrl: 'https://example.queue.core.windows.net',
      tableUrl: 'https://example.table.core.windows.net',
    },
  });
  t.deepEqual(config.scope.subscriptionIds, ['00000000-0000-0000-0000-000000000000']);
  t.deepEqual(config.scope.within, []);
});

test('the app takes every setting that can be given', (t) => {
  const config = readConfig(settingsAtRunTime(deployedSettings('full')));
  t.like(config, {
    enforcement: 'enforce',
    commandTags: { owner: 'mirror-team', costCenter: '0000' },
    maxCommands: 20,
    commandSeconds: 600,
    connectSeconds: 5,
    window: { from: 22 * 60, to: 4 * 60 + 30 },
    runAgeMs: 30 * 86_400_000,
  });
  t.is(config.scope.subscriptionIds.length, 2);
  t.is(config.scope.within.length, 3);
  t.is(config.scope.containerTag, 'containers');
});

test('a setting of the template that the app would refuse is seen', (t) => {
  const settings = settingsAtRunTime(deployedSettings('full'));
  t.throws(() => readConfig({ ...settings, HAIRPIN_MAX_COMMANDS: '101' }), { code: 'SETTING_INVALID' });
  t.throws(() => settingsAtRunTime({ NEW: "[reference('x').y]" }), { message: /what Azure puts for NEW is not known/ });
});
