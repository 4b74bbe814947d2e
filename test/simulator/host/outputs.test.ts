import test from 'ava';
import { createOutputSender, messagesOf } from '../../../simulator/host/outputs.ts';

test('a value is one message, an array one per item, nothing is none', (t) => {
  t.deepEqual(messagesOf({ string: 'a' }), ['a']);
  t.deepEqual(messagesOf({ json: '{"a":1}' }), ['{"a":1}']);
  t.deepEqual(messagesOf({ json: '[{"a":1},"two",3]' }), ['{"a":1}', 'two', '3']);
  t.deepEqual(messagesOf({ json: '[]' }), []);
  t.deepEqual(messagesOf({ bytes: Buffer.from('é') }), ['é']);
  t.deepEqual(messagesOf({ int: 0 }), ['0']);
  t.deepEqual(messagesOf(null), []);
  t.deepEqual(messagesOf(undefined), []);
});

test('sends returned and extra outputs to their queues, and counts them', async (t) => {
  const sent: unknown[] = [];
  const send = createOutputSender(async (...args) => void sent.push(args));
  const count = await send(
    {
      name: 'f',
      bindings: {
        trigger: { type: 'timerTrigger', direction: 'in' },
        $return: { type: 'queue', direction: 'out', queueName: 'one', connection: 'A' },
        extra: { type: 'queue', direction: 'out', queueName: 'two' },
        res: { type: 'http', direction: 'out' },
      },
    },
    { returnValue: { string: 'r' }, outputData: [{ name: 'extra', data: { json: '["x","y"]' } }] },
  );
  t.is(count, 3);
  t.deepEqual(sent, [
    ['one', 'A', 'r'],
    ['two', undefined, 'x'],
    ['two', undefined, 'y'],
  ]);
});
