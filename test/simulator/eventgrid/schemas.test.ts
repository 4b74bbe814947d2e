import test from 'ava';
import { type AnyEvent, fieldOf, inSchema } from '../../../simulator/eventgrid/schemas.ts';

const given: AnyEvent = {
  schema: 'EventGridSchema',
  event: {
    id: '1',
    topic: '/t',
    subject: '/s',
    eventType: 'T',
    eventTime: '2026-01-01T00:00:00Z',
    dataVersion: '2',
    metadataVersion: '1',
    data: { a: { b: 1 } },
  },
};

test('an Event Grid event as CloudEvent', (t) => {
  t.deepEqual(inSchema('CloudEventSchemaV1_0', given), {
    specversion: '1.0',
    id: '1',
    source: '/t',
    subject: '/s',
    type: 'T',
    time: '2026-01-01T00:00:00Z',
    data: { a: { b: 1 } },
  });
  t.is(inSchema('EventGridSchema', given), given.event);
});

test('a CloudEvent is not delivered in Event Grid’s own schema', (t) => {
  t.throws(() =>
    inSchema('EventGridSchema', {
      schema: 'CloudEventSchemaV1_0',
      event: { specversion: '1.0', id: '1', source: '/s', type: 'T' },
    }),
  );
});

test('fields by key', (t) => {
  t.is(fieldOf(given, 'Subject'), '/s');
  t.is(fieldOf(given, 'source'), '/t');
  t.is(fieldOf(given, 'data.a.b'), 1);
  t.is(fieldOf(given, 'data.A.b'), undefined);
  t.is(fieldOf(given, 'data.a.b.c'), undefined);
});
