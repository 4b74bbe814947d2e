/** Managed Run Command as Azure and its handler do it. */
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import type { Arm } from '../../../simulator/arm/arm.ts';
import type { InstanceView } from '../../../simulator/arm/guestHandler.ts';
import { articleEstate } from '../../../simulator/estate/articleEstate.ts';
import { vmId } from '../../../simulator/estate/ids.ts';
import { sample } from '../../samples.ts';
import { result } from './fakeLab.ts';
import { commandBody, rest } from './rest.ts';
import { until, withArm } from './withArm.ts';

const ESTATE = articleEstate();
const at = (vm: string, name = 'c'): string => `${vmId(ESTATE, vm)}/runCommands/${name}`;

const look = async (arm: Arm, path: string): Promise<InstanceView | undefined> =>
  (await rest(arm, 'GET', `${path}?$expand=instanceView`)).body.properties?.instanceView;

/** Waits until the execution that shows ended, and started after another one where that is given. */
const end = (arm: Arm, path: string, after?: string): Promise<InstanceView> =>
  until(async () => {
    const view = await look(arm, path);
    return view?.endTime && view.startTime !== after ? view : undefined;
  });

test('a new command is created with 201, an update answers 200, both lead to an operation', async (t) => {
  const { arm } = await withArm(t, { commandMs: 2000 });
  const created = await rest(arm, 'PUT', at('hs-a'), commandBody('first'));
  t.is(created.status, 201);
  t.is(created.body.properties.provisioningState, 'Creating');
  t.regex(created.headers.get('location') ?? '', /operations\/[0-9a-f-]+\?monitor=true&api-version=2024-07-01$/);
  t.is((await rest(arm, 'GET', created.headers.get('location') ?? '')).status, 202);
  await end(arm, at('hs-a'));
  const updated = await rest(arm, 'PUT', at('hs-a'), commandBody('second'));
  t.is(updated.status, 200);
  t.is(updated.body.properties.provisioningState, 'Updating');
  const operation = updated.headers.get('azure-asyncoperation') ?? '';
  t.is((await rest(arm, 'GET', operation)).body.status, 'InProgress');
  await until(async () => ((await rest(arm, 'GET', operation)).body.status === 'Succeeded' ? true : undefined));
});

test('the resource has what the documentation’s example has, and a view only where it is asked for', async (t) => {
  const { arm } = await withArm(t);
  await rest(arm, 'PUT', at('hs-a', 'My'), { ...commandBody('x'), tags: { a: 'b' } });
  await end(arm, at('hs-a', 'my'));
  const plain = await rest(arm, 'GET', at('hs-a', 'MY'));
  t.is(plain.body.properties.instanceView, undefined);
  t.is(plain.body.name, 'My', 'as it was first written');
  const { get, expand_instanceView } = sample('runcommand_v2_get');
  const { runAsUser: _, outputBlobUri: __, errorBlobUri: ___, ...properties } = get.properties;
  t.deepEqual(
    Object.keys(get).filter((key) => !(key in plain.body)),
    [],
  );
  t.deepEqual(
    Object.keys(properties).filter((key) => !(key in plain.body.properties)),
    [],
  );
  const wanted = Object.keys(expand_instanceView.properties.instanceView);
  const view = await look(arm, at('hs-a', 'my'));
  t.deepEqual(
    wanted.filter((key) => !(key in (view ?? {}))),
    [],
  );
  const list = await rest(arm, 'GET', `${vmId(ESTATE, 'hs-a')}/runCommands?$expand=instanceView`);
  t.deepEqual(list.body.value[0].properties.instanceView, view);
  t.is((await rest(arm, 'GET', at('hs-a', 'other'))).status, 404);
});

test('an equal PUT does not run again, not even with other tags; another script or time-out does', async (t) => {
  const { arm, lab } = await withArm(t);
  await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
  const { startTime } = await end(arm, at('hs-a'));
  await rest(arm, 'PUT', at('hs-a'), { ...commandBody('x'), tags: { a: 'b' } });
  await delay(150);
  t.is(lab.ran.length, 1);
  await rest(arm, 'PUT', at('hs-a'), commandBody('x', { timeoutInSeconds: 61 }));
  await end(arm, at('hs-a'), startTime);
  t.deepEqual(
    lab.ran.map((ran) => ran.timeoutSeconds),
    [60, 61],
  );
});

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

test('a new command is Pending, then Running while the script runs', async (t) => {
  const { arm, lab } = await withArm(t, { commandMs: 2000 });
  const { promise, resolve } = Promise.withResolvers<void>();
  lab.answer = async () => {
    await promise;
    return result('done');
  };
  await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
  t.is((await look(arm, at('hs-a')))?.executionState, 'Pending');
  const running = await until(async () => {
    const view = await look(arm, at('hs-a'));
    return view?.executionState === 'Running' ? view : undefined;
  });
  t.is(
    (await rest(arm, 'GET', at('hs-a'))).body.properties.provisioningState,
    'Succeeded',
    'asyncExecution does not wait',
  );
  resolve();
  t.like(await end(arm, at('hs-a')), { executionState: 'Succeeded', startTime: running.startTime });
});

test('without asyncExecution the resource is done with the script, and fails with it where that is asked for', async (t) => {
  const { arm, lab } = await withArm(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  lab.answer = async () => {
    await promise;
    return result('', 1);
  };
  const options = { asyncExecution: false, treatFailureAsDeploymentFailure: true };
  await rest(arm, 'PUT', at('hs-a'), commandBody('x', options));
  await until(async () => ((await look(arm, at('hs-a')))?.executionState === 'Running' ? true : undefined));
  const state = async () => (await rest(arm, 'GET', at('hs-a'))).body.properties.provisioningState;
  t.is(await state(), 'Creating');
  resolve();
  await end(arm, at('hs-a'));
  t.is(await state(), 'Failed');
});

test('the stale view can be told to go sooner', async (t) => {
  const { arm } = await withArm(t, { commandMs: 4000, staleMs: 1500 });
  await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
  const first = await end(arm, at('hs-a'));
  await rest(arm, 'PUT', at('hs-a'), commandBody('y'));
  t.deepEqual(await look(arm, at('hs-a')), first);
  await until(async () => ((await look(arm, at('hs-a')))?.executionState === 'Pending' ? true : undefined));
  await end(arm, at('hs-a'), first.startTime);
});

test('deleted and made again under one name: Linux refuses the sequence number and shows the old end', async (t) => {
  const { arm, lab } = await withArm(t);
  const first = await (async () => {
    await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
    return end(arm, at('hs-a'));
  })();
  const gone = async () => {
    t.is((await rest(arm, 'DELETE', at('hs-a'))).status, 202);
    await until(async () => ((await rest(arm, 'GET', at('hs-a'))).status === 404 ? true : undefined));
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
  await until(async () => ((await rest(arm, 'GET', at('hs-a'))).status === 404 ? true : undefined));
  await rest(arm, 'PUT', at('hs-a'), commandBody('y'));
  await end(arm, at('hs-a'), startTime);
  t.is(lab.ran.length, 2);
});

test('a delete stops what runs, and a PUT meanwhile is refused', async (t) => {
  const { arm, lab } = await withArm(t, { commandMs: 3000 });
  const stopped = Promise.withResolvers<void>();
  lab.answer = (_, signal) =>
    new Promise((resolve) =>
      signal?.addEventListener('abort', () => {
        stopped.resolve();
        resolve(result('killed', 137));
      }),
    );
  await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
  await until(() => (lab.ran.length === 1 ? true : undefined));
  await rest(arm, 'DELETE', at('hs-a'));
  t.is((await rest(arm, 'GET', at('hs-a'))).body.properties.provisioningState, 'Deleting');
  const refused = await rest(arm, 'PUT', at('hs-a'), commandBody('y'));
  t.deepEqual([refused.status, refused.body.error.code], [409, 'OperationNotAllowed']);
  await stopped.promise;
  await until(async () => ((await rest(arm, 'GET', at('hs-a'))).status === 404 ? true : undefined));
  t.is((await rest(arm, 'DELETE', at('hs-a'))).status, 204);
});

test('a new script under the same name ends the one that runs', async (t) => {
  const { arm, lab } = await withArm(t);
  let aborted = 0;
  lab.answer = ({ script }, signal) =>
    script === 'second' ? result('second') : new Promise(() => signal?.addEventListener('abort', () => (aborted += 1)));
  await rest(arm, 'PUT', at('hs-a'), commandBody('first'));
  await until(() => (lab.ran.length === 1 ? true : undefined));
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

test('25 commands on a VM and no more', async (t) => {
  const { arm } = await withArm(t, { throttle: false });
  for (let i = 0; i < 25; i++) t.is((await rest(arm, 'PUT', at('hs-a', `c${i}`), commandBody('x'))).status, 201);
  const { status, body } = await rest(arm, 'PUT', at('hs-a', 'c25'), commandBody('x'));
  t.is(status, 409);
  t.true(body.error.message.startsWith(sample('runcommand_errors')[6].error.message.replace('…', '')));
  t.is((await rest(arm, 'PUT', at('hs-a', 'c24'), commandBody('y'))).status, 200, 'an update is none more');
});

test('a VM that does not run, or is taken by somebody’s action, refuses in Azure’s words', async (t) => {
  const { arm } = await withArm(t);
  const [conflict, notRunning] = sample('runcommand_errors');
  const release = arm.occupy('hs-a');
  let answer = await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
  t.deepEqual([answer.status, answer.body.error], [conflict.http, conflict.error]);
  release();
  release();
  await arm.changes.setPower('hs-a', 'deallocated');
  answer = await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
  t.deepEqual([answer.status, answer.body.error], [notRunning.http, notRunning.error]);
  await arm.changes.setPower('hs-a', 'running');
  t.is((await rest(arm, 'PUT', at('hs-a'), commandBody('x'))).status, 201);
});

test('a VM that stops takes its execution with it, and a goal that had not reached it waits for the start', async (t) => {
  const { arm, lab } = await withArm(t, { commandMs: 2000 });
  let aborted = false;
  lab.answer = (_, signal) => new Promise(() => signal?.addEventListener('abort', () => (aborted = true)));
  await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
  await until(async () => ((await look(arm, at('hs-a')))?.executionState === 'Running' ? true : undefined));
  await arm.changes.setPower('hs-a', 'stopped');
  t.true(aborted);
  t.is((await look(arm, at('hs-a')))?.executionState, 'Running', 'nobody reports any more');

  lab.answer = () => result('late');
  await rest(arm, 'PUT', at('hs-b'), commandBody('y'));
  await arm.changes.setPower('hs-b', 'stopped');
  await delay(2100);
  t.is(lab.ran.length, 1);
  await arm.changes.setPower('hs-b', 'running');
  t.is((await end(arm, at('hs-b'))).output, 'late');
});

test('an agent that is not ready gets no goal', async (t) => {
  const { arm, lab } = await withArm(t);
  arm.changes.setAgent('hs-a', { status: 'Not Ready', version: '2.11.1.12' });
  t.is((await rest(arm, 'PUT', at('hs-a'), commandBody('x'))).status, 201);
  await delay(200);
  t.is((await look(arm, at('hs-a')))?.executionState, 'Pending');
  t.deepEqual(lab.ran, []);
  arm.changes.setAgent('hs-a', { status: 'Ready', version: '2.11.1.12' });
  await end(arm, at('hs-a'));
});

test('a lock refuses a delete, wherever above it stands', async (t) => {
  const { arm } = await withArm(t);
  await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
  await rest(arm, 'PUT', at('hs-b'), commandBody('x'));
  const group = `/subscriptions/${ESTATE.subscriptionId}/resourceGroups/${ESTATE.resourceGroup}`;
  for (const scope of [group.toUpperCase(), vmId(ESTATE, 'hs-a')]) {
    const unlock = arm.lock(scope);
    const { status, body } = await rest(arm, 'DELETE', at('hs-a'));
    t.deepEqual([status, body.error.code], [409, 'ScopeLocked']);
    unlock();
  }
  arm.lock(vmId(ESTATE, 'hs'));
  t.is((await rest(arm, 'DELETE', at('hs-a'))).status, 202, 'a name that only begins alike is no scope');
});

test('what a PUT must have, and what is not modelled', async (t) => {
  const { arm } = await withArm(t);
  const refused = async (body: unknown) => (await rest(arm, 'PUT', at('hs-a'), body)).status;
  t.is(await refused(undefined), 400);
  t.is(await refused({ location: 'westeurope' }), 400);
  t.is(await refused({ ...commandBody('x'), location: undefined }), 400);
  t.is(await refused({ ...commandBody('x'), location: 'eastus' }), 400);
  t.is(await refused(commandBody('x', { timeoutInSeconds: -1 })), 400);
  t.is(await refused(commandBody('x', { source: { scriptUri: 'https://x' } })), 501);
  t.is(await refused(commandBody('x', { runAsUser: 'somebody' })), 501);
  t.is(await refused({ ...commandBody('x'), location: 'West Europe' }), 201, 'a region’s other spelling');
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
