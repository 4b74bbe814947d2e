import { readFile } from 'node:fs/promises';
import test from 'ava';
import { deadLetterBlob } from '../../../simulator/eventgrid/deadLetter.ts';
import type { AnyEvent } from '../../../simulator/eventgrid/schemas.ts';

const given: AnyEvent = {
  schema: 'EventGridSchema',
  event: {
    id: 'e1',
    topic: '/t',
    subject: '/s',
    eventType: 'T',
    eventTime: '2026-01-02T03:00:00Z',
    dataVersion: '1',
    metadataVersion: '1',
    data: {},
  },
};
const details = {
  reason: 'MaxDeliveryAttemptsExceeded',
  attempts: 1,
  lastOutcome: 'Aborted',
  lastStatus: undefined,
  publishedAt: new Date('2026-01-02T03:04:05Z'),
  lastAttemptAt: new Date('2026-01-02T03:04:06Z'),
};

test('has the fields of the documented sample', async (t) => {
  const [sample] = JSON.parse(await readFile('test/samples/eg_deadletter.json', 'utf8')).body;
  const { name, content } = deadLetterBlob('mirrorFailover', 'EventGridSchema', given, details);
  t.deepEqual(Object.keys(content[0] ?? {}).sort(), Object.keys(sample).sort());
  t.is(content[0]?.lastDeliveryOutcome, sample.lastDeliveryOutcome);
  t.is(name, 'MIRRORFAILOVER/2026/1/2/3/e1.json');
});

test('of a CloudEvent they are in lower case', (t) => {
  const { content } = deadLetterBlob('s', 'CloudEventSchemaV1_0', given, { ...details, lastStatus: 500 });
  t.like(content[0], {
    specversion: '1.0',
    deadletterreason: 'MaxDeliveryAttemptsExceeded',
    deliveryattempts: 1,
    lasthttpstatuscode: 500,
  });
});
