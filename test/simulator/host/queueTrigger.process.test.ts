import { randomUUID } from 'node:crypto';
import test from 'ava';
import type { Host } from '../../../simulator/host/host.ts';
import { until } from '../../../simulator/until.ts';
import { type Bench, runsOf, seen, startBench } from './fixture/start.ts';

let bench: Bench;
test.before(async () => {
  bench = await startBench();
});
test.afterEach.always(() => bench.killHosts());
test.after.always(() => bench?.stop());

const work = async () => {
  const queue = bench.queues.getQueueClient('work');
  await queue.createIfNotExists();
  await queue.clearMessages();
  return queue;
};
const idsSeen = (host: Host): string[] => seen(host, 'work').map(({ message }) => (message as { id: string }).id);

test.serial('waits for a queue that is not there, and does not create it', async (t) => {
  const host = await bench.start({ only: ['work'] });
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.false(await bench.queues.getQueueClient('work').exists());
  const queue = await work();
  await queue.sendMessage(JSON.stringify({ id: 'late' }));
  await until('the message', () => idsSeen(host).includes('late'));
  await host.stop();
});

test.serial('hands over the message and its metadata, then deletes it', async (t) => {
  const queue = await work();
  const host = await bench.start({ only: ['work'] });
  const { messageId } = await queue.sendMessage(JSON.stringify({ id: 'é ✓' }));
  const [entry] = await until('the run', () => runsOf(host, 'work').length === 1 && seen(host, 'work'));
  t.deepEqual(entry?.message, { id: 'é ✓' });
  t.is(entry?.dequeueCount, 1);
  t.is(entry?.id, messageId);
  t.true(Math.abs(Date.parse(String(entry?.insertionTime)) - Date.now()) < 60_000);
  t.is(runsOf(host, 'work')[0]?.trigger, 'queue');
  await until('the deletion', async () => (await queue.getProperties()).approximateMessagesCount === 0);
  t.is((await queue.receiveMessages()).receivedMessageItems.length, 0);
  await host.stop();
});

test.serial('a message that is no JSON arrives as text', async (t) => {
  const queue = await work();
  const host = await bench.start({ only: ['work'] });
  await queue.sendMessage('just text');
  t.is((await until('the run', () => seen(host, 'work')[0])).message, 'just text');
  await host.stop();
});

test.serial('comes again after visibilityTimeout when the function throws', async (t) => {
  const queue = await work();
  const host = await bench.start({
    only: ['work'],
    queues: { visibilityTimeout: '00:00:02', maxPollingInterval: '00:00:00.200' },
  });
  await queue.sendMessage(JSON.stringify({ id: 'again', failures: 1 }));
  const [first, second] = await until('two runs', () => runsOf(host, 'work').length >= 2 && runsOf(host, 'work'));
  t.false(first?.ok);
  t.is(first?.error, 'try 1 fails');
  t.true(second?.ok);
  t.is(second?.dequeueCount, 2);
  const apart = (second?.startedAt ?? 0) - (first?.startedAt ?? 0);
  t.true(apart >= 1_900 && apart < 4_000, `${apart} ms apart`);
  await host.stop();
});

test.serial('goes to the poison queue after five failures, in its own words', async (t) => {
  const queue = await work();
  const host = await bench.start({
    only: ['work'],
    queues: { visibilityTimeout: '00:00:00', maxPollingInterval: '00:00:00.100' },
  });
  const text = JSON.stringify({ id: 'poison', failures: 99 });
  await queue.sendMessage(text);
  const poison = bench.queues.getQueueClient('work-poison');
  const [item] = await until('the poison message', async () => {
    if (!(await poison.exists())) return false;
    const { receivedMessageItems } = await poison.receiveMessages();
    return receivedMessageItems.length > 0 && receivedMessageItems;
  });
  t.is(item?.messageText, text);
  t.deepEqual(
    runsOf(host, 'work').map(({ dequeueCount }) => dequeueCount),
    [1, 2, 3, 4, 5],
  );
  // The host writes the poison message first.
  await until('the queue to be empty', async () => (await queue.getProperties()).approximateMessagesCount === 0);
  t.true(host.logs.some(({ message }) => message.includes("Moving message to queue 'work-poison'")));
  await host.stop();
});

test.serial('encoding none: a base64 message stays what it is; base64: plain text is poison at once', async (t) => {
  const queue = await work();
  const encoded = Buffer.from(JSON.stringify({ id: 'encoded' })).toString('base64');
  const none = await bench.start({ only: ['work'] });
  await queue.sendMessage(encoded);
  t.is((await until('the run', () => seen(none, 'work')[0])).message, encoded);
  await none.stop();

  const poison = bench.queues.getQueueClient('work-poison');
  await poison.createIfNotExists();
  await poison.clearMessages();
  const base64 = await bench.start({ only: ['work'], queues: { messageEncoding: 'base64' } });
  await queue.sendMessage(encoded);
  t.deepEqual((await until('the run', () => seen(base64, 'work')[0])).message, { id: 'encoded' });
  await queue.sendMessage('{"plain": true}');
  const [item] = await until('the poison message', async () => {
    const { receivedMessageItems } = await poison.receiveMessages();
    return receivedMessageItems.length > 0 && receivedMessageItems;
  });
  t.is(item?.messageText, '{"plain": true}');
  t.is(runsOf(base64, 'work').length, 1);
  await base64.stop();
});

test.serial('a delayed message is not seen before its time', async (t) => {
  const queue = await work();
  const host = await bench.start({ only: ['work'] });
  const sentAt = Date.now();
  await queue.sendMessage(JSON.stringify({ id: 'delayed' }), { visibilityTimeout: 3 });
  const run = await until('the run', () => runsOf(host, 'work')[0]);
  const waited = run.startedAt - sentAt;
  t.true(waited >= 2_900 && waited < 3_000 + 2_500, `${waited} ms`);
  await host.stop();
});

test.serial('no more than batchSize + newBatchThreshold run at once', async (t) => {
  const queue = await work();
  for (let index = 0; index < 9; index++)
    await queue.sendMessage(JSON.stringify({ id: `n${index}`, ms: 100 + 150 * (index % 3) }));
  let running = 0;
  let most = 0;
  const host = await bench.start({
    only: ['work'],
    queues: { batchSize: 2, newBatchThreshold: 1 },
    onBegin: () => {
      running++;
      most = Math.max(most, running);
    },
    onInvocation: () => void running--,
  });
  await until('all runs', () => runsOf(host, 'work').length === 9);
  t.is(most, 3);
  await host.stop();
});

test.serial('batchSize 1 and threshold 0: one at a time', async (t) => {
  const queue = await work();
  for (let index = 0; index < 4; index++) await queue.sendMessage(JSON.stringify({ id: `n${index}`, ms: 100 }));
  const host = await bench.start({ only: ['work'], queues: { batchSize: 1, newBatchThreshold: 0 } });
  const runs = await until('all runs', () => runsOf(host, 'work').length === 4 && runsOf(host, 'work'));
  for (const [index, run] of runs.entries()) {
    const before = runs[index - 1];
    if (before) t.true(run.startedAt >= before.startedAt + before.ms - 2);
  }
  t.pass();
  await host.stop();
});

test.serial('a message stays hidden while its function runs, longer than its first hiding', async (t) => {
  const queue = await work();
  const slow = await bench.start({ only: ['work'], runningVisibilitySeconds: 5 });
  await queue.sendMessage(JSON.stringify({ id: 'long', ms: 9_000 }));
  await until('the begin', () => idsSeen(slow).includes('long'));
  const other = await bench.start({
    only: ['work'],
    runningVisibilitySeconds: 5,
    queues: { maxPollingInterval: '00:00:00.200' },
  });
  await until('the end', () => runsOf(slow, 'work').length === 1);
  t.true(runsOf(slow, 'work')[0]?.ok);
  await slow.stop();
  await new Promise((resolve) => setTimeout(resolve, 5_500));
  t.deepEqual(idsSeen(other), []);
  await other.stop();
});

test.serial('a killed host’s message comes back after its hiding, to another host', async (t) => {
  const queue = await work();
  const first = await bench.start({ only: ['work'], runningVisibilitySeconds: 8 });
  const id = randomUUID();
  await queue.sendMessage(JSON.stringify({ id, ms: 100_000 }));
  await until('the begin', () => idsSeen(first).includes(id));
  const killedAt = Date.now();
  await first.kill();
  const second = await bench.start({
    only: ['work'],
    runningVisibilitySeconds: 30,
    queues: { maxPollingInterval: '00:00:00.200' },
  });
  const entry = await until('the message', () => seen(second, 'work')[0]);
  t.is(entry.dequeueCount, 2);
  t.true(Date.now() - killedAt >= 1_500);
  await second.kill();
});

test.serial('an output on a queue of the same host wakes its listener', async (t) => {
  const host = await bench.start({
    only: ['onEvent', 'copy'],
    settings: { OUT_QUEUE: 'woken' },
    queues: { maxPollingInterval: '00:00:30' },
  });
  await bench.queues.getQueueClient('woken').createIfNotExists();
  // Long enough for the listener's waits to have grown to seconds.
  await new Promise((resolve) => setTimeout(resolve, 14_000));
  const askedAt = Date.now();
  await host.runFunction('onEvent', JSON.stringify({ id: '1', data: {} }));
  const run = await until('the copy', () => runsOf(host, 'copy')[0]);
  // The next wait would have ended seconds later.
  t.true(run.startedAt - askedAt < 5_000, `${run.startedAt - askedAt} ms`);
  await host.stop();
});
