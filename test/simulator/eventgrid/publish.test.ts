import test from 'ava';
import { errorBody, isKey, readPublished } from '../../../simulator/eventgrid/publish.ts';

const TOPIC = '/subscriptions/x/topics/t';
const good = {
  id: '1',
  subject: 's',
  eventType: 'T',
  eventTime: '2026-01-01T00:00:00Z',
  dataVersion: '1',
  data: { a: 1 },
};
const read = (body: unknown) => readPublished(JSON.stringify(body), 'application/json', 'EventGridSchema', TOPIC);

test('takes events and stamps topic and metadata version', (t) => {
  const result = read([good]);
  t.deepEqual('events' in result && result.events[0]?.event, { ...good, topic: TOPIC, metadataVersion: '1' });
});

const wrong: [string, unknown, RegExp][] = [
  ['an object', good, /array/],
  ['no id', [{ ...good, id: undefined }], /no id/],
  ['an empty event type', [{ ...good, eventType: '' }], /no eventType/],
  ['no time', [{ ...good, eventTime: 'noon' }], /eventTime/],
  ['another topic', [{ ...good, topic: '/other' }], /topic must be/],
  ['a string', ['x'], /no id/],
];
for (const [title, body, message] of wrong) {
  test(`refuses ${title} with 400`, (t) => {
    const result = read(body);
    t.true('refusal' in result && result.refusal.status === 400);
    t.regex('refusal' in result ? result.refusal.message : '', message);
  });
}

test('CloudEvents by their content type, alone and in a batch', (t) => {
  const event = { specversion: '1.0', id: '1', source: '/s', type: 'T' };
  const cloud = (body: unknown, type: string) =>
    readPublished(JSON.stringify(body), type, 'CloudEventSchemaV1_0', TOPIC);
  t.true('events' in cloud(event, 'application/cloudevents+json; charset=utf-8'));
  t.true('events' in cloud([event, event], 'application/cloudevents-batch+json'));
  t.true('refusal' in cloud([event], 'application/json'));
  t.true('refusal' in cloud(event, 'application/cloudevents-batch+json'));
  t.true('refusal' in cloud({ ...event, specversion: '0.3' }, 'application/cloudevents+json'));
  t.true('refusal' in cloud({ ...event, source: undefined }, 'application/cloudevents+json'));
});

test('keys', (t) => {
  t.true(isKey('b', ['a', 'b']));
  t.false(isKey('c', ['a', 'b']));
  t.false(isKey('ab', ['a', 'b']));
  t.false(isKey(undefined, ['a']));
});

test('errors have the documented body', (t) => {
  t.deepEqual(errorBody({ status: 401, message: 'm' }), {
    error: { code: 'Unauthorized', message: 'm', details: [{ code: 'Unauthorized', message: 'm' }] },
  });
});
