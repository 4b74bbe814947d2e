import { fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import test from 'ava';
import { type Channel, remote, serve } from '../../../simulator/guests/rpc.ts';
import type { Served } from './rpc.child.ts';

/** Two ends of a channel in one process. */
function pair(): [Channel & EventEmitter, Channel & EventEmitter] {
  const ends = [new EventEmitter(), new EventEmitter()] as (Channel & EventEmitter)[];
  const [a, b] = ends as [Channel & EventEmitter, Channel & EventEmitter];
  const sendTo = (other: EventEmitter) => (message: unknown) => setImmediate(() => other.emit('message', message));
  Object.assign(a, { send: sendTo(b) });
  Object.assign(b, { send: sendTo(a) });
  return [a, b];
}

const target = {
  add: (a: number, b: number) => a + b,
  later: async (text: string) => text.toUpperCase(),
  refuse: () => {
    throw new Error('no, thank you');
  },
  never: () => new Promise<void>(() => {}),
};

test('calls return, reject with the other side’s words, and run side by side', async (t) => {
  const [here, there] = pair();
  serve(there, target);
  const api = remote<typeof target>(here, () => new Error('gone'));
  t.deepEqual(await Promise.all([api.add(1, 2), api.later('x')]), [3, 'X']);
  await t.throwsAsync(async () => api.refuse(), { message: 'no, thank you' });
  await t.throwsAsync(async () => (api as unknown as { other(): unknown }).other(), {
    message: /function "other" not found/,
  });
});

test('when the other side is gone, open and later calls reject', async (t) => {
  const [here, there] = pair();
  serve(there, target);
  const api = remote<typeof target>(here, () => new Error('gone'));
  const open = api.never();
  // As Node does: a closed channel tells each call so.
  Object.assign(here, { send: (_: unknown, told: (error: Error) => void) => setImmediate(told, new Error('closed')) });
  here.emit('disconnect');
  await t.throwsAsync(open, { message: 'gone' });
  await t.throwsAsync(async () => api.add(1, 2), { message: 'gone' });
});

test('what a method throws is an error with its name on the other side of a real channel', async (t) => {
  const child = fork(new URL('rpc.child.ts', import.meta.url), { serialization: 'advanced' });
  t.teardown(() => child.kill('SIGKILL'));
  const api = remote<Served>(child, () => new Error('gone'));
  const error = await t.throwsAsync(api.refuse('this'));
  t.like(error, { name: 'TypeError', message: 'not this' });
  t.deepEqual(await api.echo({ nothing: undefined, at: 1n }), { nothing: undefined, at: 1n });
  await t.throwsAsync(api.end(), { message: 'gone' });
  await t.throwsAsync(api.echo(1), { message: 'gone' });
});

test('awaiting the remote itself calls nothing', async (t) => {
  const [here] = pair();
  const api = remote<typeof target>(here, () => new Error('gone'));
  t.is(typeof (await Promise.resolve(api)).add, 'function');
});
