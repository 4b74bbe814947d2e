/** Run Command inside the VM, held to the handler’s code. */
import test from 'ava';
import { articleEstate } from '../../../simulator/estate/articleEstate.ts';
import { until } from '../../../simulator/until.ts';
import { at, end } from './commands.ts';
import { result } from './fakeLab.ts';
import { commandBody, rest } from './rest.ts';
import { withArm } from './withArm.ts';

for (const [title, answer, wanted] of [
  ['success', result('out'), { executionState: 'Succeeded', exitCode: 0, executionMessage: 'Execution completed' }],
  ['an exit code', result('out', 3), { executionState: 'Failed', exitCode: 3 }],
  ['a time-out on Linux', { timedOut: true, stdout: 'out', stderr: '' }, { executionState: 'Failed', exitCode: -1 }],
] as const) {
  test(`a script’s end: ${title}`, async (t) => {
    const { arm, lab } = await withArm(t);
    lab.answer = () => answer;
    await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
    t.like(await end(arm, at('hs-a')), { ...wanted, output: 'out' });
    t.is(
      (await rest(arm, 'GET', at('hs-a'))).body.properties.provisioningState,
      'Succeeded',
      'a failed script is no failed resource',
    );
  });
}

test('a time-out on Windows is TimedOut', async (t) => {
  const estate = articleEstate();
  for (const vm of estate.vms) vm.os = 'windows';
  const { arm, lab } = await withArm(t, {}, estate);
  lab.answer = () => ({ timedOut: true, stdout: '', stderr: '' });
  await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
  t.is((await end(arm, at('hs-a'))).executionState, 'TimedOut');
});

test('the last 4,096 bytes of each stream are kept', async (t) => {
  const { arm, lab } = await withArm(t);
  lab.answer = () => ({
    exitCode: 0,
    timedOut: false,
    stdout: `head${'é'.repeat(4096)}tail`,
    stderr: `${'x'.repeat(5000)}end`,
  });
  await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
  const { output, error } = await end(arm, at('hs-a'));
  t.is(Buffer.byteLength(output), 4096);
  t.true(output.endsWith('étail'));
  t.is(error, `${'x'.repeat(4093)}end`);
});

test('a script of more than 256 KiB does not run', async (t) => {
  const { arm, lab } = await withArm(t);
  await rest(arm, 'PUT', at('hs-a'), commandBody('x'.repeat(256 * 1024 + 1)));
  t.is((await end(arm, at('hs-a'))).executionState, 'Failed');
  t.deepEqual(lab.ran, []);
});

test('deleted and made again under one name: Linux refuses the sequence number and shows the old end', async (t) => {
  const { arm, lab } = await withArm(t);
  const first = await (async () => {
    await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
    return end(arm, at('hs-a'));
  })();
  const gone = async () => {
    t.is((await rest(arm, 'DELETE', at('hs-a'))).status, 202);
    await until('no command', async () => (await rest(arm, 'GET', at('hs-a'))).status === 404);
  };
  await gone();
  t.is((await rest(arm, 'PUT', at('hs-a'), commandBody('y'))).status, 201);
  t.deepEqual(await end(arm, at('hs-a')), first);
  t.is(lab.ran.length, 1);

  await rest(arm, 'PUT', at('hs-a'), commandBody('z'));
  await end(arm, at('hs-a'), first.startTime);
  t.deepEqual(
    lab.ran.map((ran) => ran.script),
    ['x', 'z'],
    'the next number is new and runs',
  );
  await gone();
  await rest(arm, 'PUT', at('hs-a', 'other'), commandBody('y'));
  await end(arm, at('hs-a', 'other'));
  t.is(lab.ran.length, 3, 'another name runs');
});

test('deleted and made again under one name: Windows runs it', async (t) => {
  const estate = articleEstate();
  for (const vm of estate.vms) vm.os = 'windows';
  const { arm, lab } = await withArm(t, {}, estate);
  await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
  const { startTime } = await end(arm, at('hs-a'));
  await rest(arm, 'DELETE', at('hs-a'));
  await until('no command', async () => (await rest(arm, 'GET', at('hs-a'))).status === 404);
  await rest(arm, 'PUT', at('hs-a'), commandBody('y'));
  await end(arm, at('hs-a'), startTime);
  t.is(lab.ran.length, 2);
});

test('a new script under the same name ends the one that runs', async (t) => {
  const { arm, lab } = await withArm(t);
  let aborted = 0;
  lab.answer = ({ script }, signal) =>
    script === 'second' ? result('second') : new Promise(() => signal?.addEventListener('abort', () => (aborted += 1)));
  await rest(arm, 'PUT', at('hs-a'), commandBody('first'));
  await until('a script', () => lab.ran.length === 1);
  await rest(arm, 'PUT', at('hs-a'), commandBody('second'));
  t.is((await end(arm, at('hs-a'))).output, 'second');
  t.is(aborted, 1);
});

test('commands of different names run side by side', async (t) => {
  const { arm, lab } = await withArm(t);
  const both = Promise.withResolvers<void>();
  lab.answer = async () => {
    if (lab.ran.length === 2) both.resolve();
    await both.promise;
    return result('');
  };
  await rest(arm, 'PUT', at('hs-a', 'one'), commandBody('x'));
  await rest(arm, 'PUT', at('hs-a', 'two'), commandBody('y'));
  await Promise.all([end(arm, at('hs-a', 'one')), end(arm, at('hs-a', 'two'))]);
  t.pass();
});

test('a guest that fails on its own account shows it in the command', async (t) => {
  const { arm, lab } = await withArm(t);
  lab.answer = () => Promise.reject(new Error('no such namespace'));
  await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
  const view = await end(arm, at('hs-a'));
  t.is(view.executionState, 'Failed');
  t.regex(view.error, /no such namespace/);
});

test('times are in whole seconds at Azure’s pace', async (t) => {
  const { arm } = await withArm(t, { commandMs: 1000 });
  await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
  const { startTime, endTime } = await end(arm, at('hs-a'));
  for (const time of [startTime, endTime]) t.regex(time ?? '', /T\d\d:\d\d:\d\dZ$/);
});
