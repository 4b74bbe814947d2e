import test from 'ava';
import { parseHostJson, readHostJson } from '../../../simulator/host/hostJson.ts';

test('has the real host’s defaults', (t) => {
  t.deepEqual(parseHostJson({ version: '2.0' }), {
    routePrefix: 'api',
    queues: {
      messageEncoding: 'base64',
      batchSize: 16,
      newBatchThreshold: 8,
      maxPollingIntervalMs: 60_000,
      visibilityTimeoutMs: 0,
      maxDequeueCount: 5,
    },
  });
});

test('reads the repository’s host.json', async (t) => {
  const { queues, routePrefix } = await readHostJson('.');
  t.is(routePrefix, 'api');
  t.is(queues.messageEncoding, 'none');
  t.is(queues.visibilityTimeoutMs, 30_000);
  t.is(queues.maxPollingIntervalMs, 2_000);
});

test('app settings take the place of fields, in any letter case, and add what is not there', async (t) => {
  const { queues, routePrefix } = await readHostJson('.', {
    AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
    AZUREFUNCTIONSJOBHOST__EXTENSIONS__QUEUES__MAXDEQUEUECOUNT: '2',
    AzureFunctionsJobHost__extensions__queues__newBatchThreshold: '3',
    AzureFunctionsJobHost__extensions__http__routePrefix: 'guard',
    extensions__queues__batchSize: '1',
  });
  t.like(queues, { visibilityTimeoutMs: 1_000, maxDequeueCount: 2, newBatchThreshold: 3, batchSize: 16 });
  t.is(queues.maxPollingIntervalMs, 2_000);
  t.is(routePrefix, 'guard');
});

test('a wrong override is refused as the field would be', async (t) => {
  const settings = { AzureFunctionsJobHost__extensions__queues__batchSize: '64' };
  await t.throwsAsync(readHostJson('.', settings), { message: /batchSize is "64"/ });
});

test('takes an empty route prefix and a threshold', (t) => {
  const { queues, routePrefix } = parseHostJson({
    version: '2.0',
    extensions: { http: { routePrefix: '' }, queues: { batchSize: 4, newBatchThreshold: 0 } },
  });
  t.is(routePrefix, '');
  t.is(queues.newBatchThreshold, 0);
});

const wrong: [string, unknown, string][] = [
  ['version', { version: '1.0' }, 'version'],
  ['batchSize', { version: '2.0', extensions: { queues: { batchSize: 33 } } }, 'batchSize'],
  ['maxDequeueCount', { version: '2.0', extensions: { queues: { maxDequeueCount: 0 } } }, 'maxDequeueCount'],
  ['messageEncoding', { version: '2.0', extensions: { queues: { messageEncoding: 'utf8' } } }, 'messageEncoding'],
  [
    'maxPollingInterval',
    { version: '2.0', extensions: { queues: { maxPollingInterval: '00:00:00.05' } } },
    'maxPollingInterval',
  ],
  ['visibilityTimeout', { version: '2.0', extensions: { queues: { visibilityTimeout: '30' } } }, 'visibilityTimeout'],
];
for (const [title, json, field] of wrong) {
  test(`refuses a wrong ${title} and names it`, (t) => {
    t.true(t.throws(() => parseHostJson(json)).message.includes(field));
  });
}
