/** The Run Command resource: what a PUT may say, what a GET shows. */
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { vmId } from '../../../simulator/estate/ids.ts';
import { sample } from '../../samples.ts';
import { at, ESTATE, end, look } from './commands.ts';
import { commandBody, rest } from './rest.ts';
import { withArm } from './withArm.ts';

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
