/** Managed Run Command as Azure does it: what reaches the VM, when, and what shows meanwhile. */
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { vmId } from '../../../simulator/estate/ids.ts';
import { until } from '../../../simulator/until.ts';
import { sample } from '../../samples.ts';
import { at, ESTATE, end, look } from './commands.ts';
import { result } from './fakeLab.ts';
import { commandBody, rest } from './rest.ts';
import { withArm } from './withArm.ts';

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
  await until('the operation’s end', async () => (await rest(arm, 'GET', operation)).body.status === 'Succeeded');
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
  const running = await until('Running', async () => {
    const view = await look(arm, at('hs-a'));
    return view?.executionState === 'Running' && view;
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
  await until('Running', async () => (await look(arm, at('hs-a')))?.executionState === 'Running');
  const state = async () => (await rest(arm, 'GET', at('hs-a'))).body.properties.provisioningState;
  t.is(await state(), 'Creating');
  resolve();
  await end(arm, at('hs-a'));
  t.is(await state(), 'Failed');
});

test('the stale view can be told to go sooner', async (t) => {
  const { arm, lab } = await withArm(t, { staleMs: 5000 });
  await rest(arm, 'PUT', at('hs-a'), commandBody('x'));
  const first = await end(arm, at('hs-a'));
  arm.fault({ kind: { staleMs: 3_600_000 } }); // nobody hears of the second execution
  await rest(arm, 'PUT', at('hs-a'), commandBody('y'));
  t.deepEqual(await look(arm, at('hs-a')), first);
  await until('Pending', async () => (await look(arm, at('hs-a')))?.executionState === 'Pending');
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
  await until('a script', () => lab.ran.length === 1);
  await rest(arm, 'DELETE', at('hs-a'));
  t.is((await rest(arm, 'GET', at('hs-a'))).body.properties.provisioningState, 'Deleting');
  const refused = await rest(arm, 'PUT', at('hs-a'), commandBody('y'));
  t.deepEqual([refused.status, refused.body.error.code], [409, 'OperationNotAllowed']);
  await stopped.promise;
  await until('no command', async () => (await rest(arm, 'GET', at('hs-a'))).status === 404);
  t.is((await rest(arm, 'DELETE', at('hs-a'))).status, 204);
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
  await until('Running', async () => (await look(arm, at('hs-a')))?.executionState === 'Running');
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
