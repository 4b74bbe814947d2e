import test from 'ava';
import { spoilOutput } from '../../../simulator/arm/faults.ts';
import type { InstanceView } from '../../../simulator/arm/guestHandler.ts';
import { articleEstate } from '../../../simulator/estate/articleEstate.ts';
import { ruleId, vmId } from '../../../simulator/estate/ids.ts';
import { until } from '../../../simulator/until.ts';
import { result } from './fakeLab.ts';
import { commandBody, rest } from './rest.ts';
import { withArm } from './withArm.ts';

const ESTATE = articleEstate();
const VM = vmId(ESTATE, 'hs-a');
const NICS = `/subscriptions/${ESTATE.subscriptionId}/providers/Microsoft.Network/networkInterfaces`;

test('a fault strikes as often as it was told, counts, and can be ended', async (t) => {
  const { arm } = await withArm(t);
  const status = async () => (await rest(arm, 'GET', VM)).status;
  const twice = arm.fault({ times: 2, kind: { status: 503 } });
  t.deepEqual([await status(), await status(), await status()], [503, 503, 200]);
  t.is(twice.hits, 2);
  const always = arm.fault({ times: Infinity, kind: { status: 500 } });
  t.is(await status(), 500);
  always.clear();
  t.is(await status(), 200);
  arm.fault({ kind: { status: 500 } });
  arm.clearFaults();
  t.is(await status(), 200);
});

test('a fault meets only what it is meant for', async (t) => {
  const { arm } = await withArm(t);
  arm.fault({ match: { call: 'listNics' }, kind: { status: 500 } });
  arm.fault({ match: { vm: 'HS-B' }, kind: { status: 501 } });
  arm.fault({ match: { method: 'DELETE' }, kind: { status: 502 } });
  arm.fault({ match: { path: /statusOnly/ }, kind: { status: 503 } });
  t.is((await rest(arm, 'GET', VM)).status, 200);
  t.is((await rest(arm, 'GET', vmId(ESTATE, 'hs-b'))).status, 501);
  t.is((await rest(arm, 'GET', NICS)).status, 500);
  t.is((await rest(arm, 'DELETE', `${VM}/runCommands/x`)).status, 502);
  const vms = `/subscriptions/${ESTATE.subscriptionId}/providers/Microsoft.Compute/virtualMachines`;
  t.is((await rest(arm, 'GET', vms)).status, 200);
  t.is((await rest(arm, 'GET', `${vms}?statusOnly=true`)).status, 503);
});

test('an answer of one’s choice, with Retry-After', async (t) => {
  const { arm } = await withArm(t);
  arm.fault({ kind: { status: 429, code: 'TooManyRequests', message: 'Later.', retryAfterSeconds: 9 } });
  const { status, headers, body } = await rest(arm, 'GET', VM);
  t.deepEqual(
    [status, headers.get('retry-after'), body],
    [429, '9', { error: { code: 'TooManyRequests', message: 'Later.' } }],
  );
});

test('a connection dropped before the call was taken, and after', async (t) => {
  const { arm, lab } = await withArm(t);
  arm.fault({ kind: { drop: 'before' } });
  await t.throwsAsync(rest(arm, 'PUT', `${VM}/runCommands/c`, commandBody('x')));
  t.is((await rest(arm, 'GET', `${VM}/runCommands/c`)).status, 404);
  arm.fault({ kind: { drop: 'after' } });
  await t.throwsAsync(rest(arm, 'PUT', `${VM}/runCommands/c`, commandBody('x')));
  t.is((await rest(arm, 'GET', `${VM}/runCommands/c`)).status, 200);
  await until('a script', () => lab.ran.length === 1);
});

test('a slow answer', async (t) => {
  const { arm } = await withArm(t);
  arm.fault({ kind: { slowMs: 300 } });
  const started = Date.now();
  await rest(arm, 'GET', VM);
  t.true(Date.now() - started >= 290);
});

test('pages that go wrong', async (t) => {
  const { arm } = await withArm(t, { pageSize: 2 });
  const next = async (paging: 'loop' | 'gone' | 'other-host') => {
    arm.fault({ kind: { paging } });
    return (await rest(arm, 'GET', NICS)).body.nextLink as string;
  };
  t.deepEqual((await rest(arm, 'GET', await next('loop'))).body, (await rest(arm, 'GET', NICS)).body);
  t.is((await rest(arm, 'GET', await next('gone'))).status, 501);
  t.is(new URL(await next('other-host')).hostname, 'localhost.invalid');
  arm.fault({ kind: { paging: 'no-value' } });
  t.deepEqual((await rest(arm, 'GET', NICS)).body, { nextLink: null });
});

test('rule health that never finishes, and one without evidence', async (t) => {
  const { arm } = await withArm(t);
  const path = `${ruleId(ESTATE, 'healthshare-ilb', 'ucr-registry-superserver')}/health`;
  arm.fault({ kind: { health: 'never-finishes' } });
  const stuck = (await rest(arm, 'POST', path)).headers.get('location') ?? '';
  arm.fault({ kind: { health: 'up-admin' } });
  const admin = (await rest(arm, 'POST', path)).headers.get('location') ?? '';
  const body = await until('rule health', async () => (await rest(arm, 'GET', admin)).body);
  t.is(body.up, 3);
  t.is((await rest(arm, 'GET', stuck)).status, 202);
});

test('a view that stays stale after the report, and output that was replaced', async (t) => {
  const { arm, lab } = await withArm(t);
  const path = `${VM}/runCommands/c?$expand=instanceView`;
  const view = async (): Promise<InstanceView> => (await rest(arm, 'GET', path)).body.properties.instanceView;
  const ended = (after?: string) =>
    until('the end of the command', async () => {
      const seen = await view();
      return seen.endTime !== undefined && seen.startTime !== after && seen;
    });
  lab.answer = () => result('the real thing\n');
  arm.fault({ match: { vm: 'hs-a' }, kind: { output: (real) => `not ${real}` } });
  await rest(arm, 'PUT', path, commandBody('x'));
  const first = await ended();
  t.is(first.output, 'not the real thing\n');

  arm.fault({ kind: { staleMs: 5000 } });
  await rest(arm, 'PUT', path, commandBody('y'));
  await until('a second script', () => lab.ran.length === 2);
  t.deepEqual(await view(), first);
  t.is((await ended(first.startTime)).output, 'the real thing\n');
});

test('what an output fault makes of an output', (t) => {
  const real = `hello\n@@report ${'a1'.repeat(16)}\n{"schema":1,"paths":[],"warnings":[]}\n`;
  t.is(spoilOutput('empty', real), '');
  t.is(spoilOutput('other-run', real), real.replace('a1'.repeat(16), '0'.repeat(32)));
  t.throws(() => JSON.parse(spoilOutput('cut', real).split('\n').at(-1) ?? ''));
  t.true(real.startsWith(spoilOutput('cut', real)));
  t.notRegex(spoilOutput('not-json', real), /[{}]/);
  t.is(
    spoilOutput((text) => text.toUpperCase(), 'x'),
    'X',
  );
});
