import test from 'ava';
import { callAzure, toAzureError } from '../../shared/azure/errors.ts';
import { RequestTimeoutError, retryAfterSeconds } from '../../shared/azure/pipeline.ts';
import { createGuestCommands } from '../../shared/azure/runCommand.ts';
import { createTopologyReader } from '../../shared/azure/topology.ts';
import { AzureError, InputError } from '../../shared/errors.ts';
import { vmId } from '../../simulator/estate/ids.ts';
import { sample } from '../samples.ts';
import { withArm } from '../simulator/arm/withArm.ts';

const READ = 'Microsoft.Compute/virtualMachines/runCommands/read';

test('refusals keep status, Azure’s code and the action', async (t) => {
  const { arm, clients, estate } = await withArm(t);
  const commands = createGuestCommands(clients);
  const expected = [
    { status: 403, code: 'AZURE_DENIED' },
    { status: 401, code: 'AZURE_DENIED' },
    { status: 409, code: 'AZURE_CONFLICT' },
    { status: 400, code: 'AZURE_FAILED' },
  ];
  for (const { status, code } of expected) {
    arm.fault({ kind: { status, code: 'SomeCode', message: 'Some words.' } });
    const error = await t.throwsAsync(commands.look(vmId(estate, 'hs-a'), 'A'), { instanceOf: AzureError });
    t.like(error, { code, status, azureCode: 'SomeCode', action: READ, message: `${READ}: Some words.` });
  }
});

test('the words that Azure uses for refused Run Commands come through', async (t) => {
  const { arm, clients, estate } = await withArm(t);
  const commands = createGuestCommands(clients);
  for (const { http, error } of sample('runcommand_errors').filter((item: { http?: number }) => item.http)) {
    arm.fault({ kind: { status: http, code: error.code, message: error.message } });
    const thrown = await t.throwsAsync(commands.look(vmId(estate, 'hs-a'), 'A'), { instanceOf: AzureError });
    t.like(thrown, { code: 'AZURE_CONFLICT', azureCode: error.code });
    t.true(thrown.message.endsWith(error.message));
  }
});

test('a short Retry-After is waited out, a long one goes back at once', async (t) => {
  const { arm, clients, estate } = await withArm(t);
  const commands = createGuestCommands(clients);
  const short = arm.fault({ kind: { status: 429, retryAfterSeconds: 1 } });
  t.is(await commands.look(vmId(estate, 'hs-a'), 'A'), undefined);
  t.is(short.hits, 1);

  const long = arm.fault({ times: Infinity, kind: { status: 429, code: 'TooManyRequests', retryAfterSeconds: 1700 } });
  const error = await t.throwsAsync(commands.look(vmId(estate, 'hs-a'), 'A'), { instanceOf: AzureError });
  t.like(error, { code: 'AZURE_THROTTLED', status: 429, azureCode: 'TooManyRequests', retryAfterSeconds: 1700 });
  t.is(long.hits, 1, 'asked once, not again and again');
});

test('a dropped connection is tried again, and one that never comes back is told as unreachable', async (t) => {
  const { arm, clients, estate } = await withArm(t);
  const commands = createGuestCommands(clients);
  arm.fault({ kind: { drop: 'before' } });
  t.is(await commands.look(vmId(estate, 'hs-a'), 'A'), undefined);
  await arm.close();
  const error = await t.throwsAsync(commands.look(vmId(estate, 'hs-a'), 'A'), { instanceOf: AzureError });
  t.like(error, { code: 'AZURE_UNREACHABLE', status: 0, azureCode: 'ECONNREFUSED' });
});

test('a call ends at its time limit, whatever it waits for', async (t) => {
  const error = await t.throwsAsync(
    callAzure(
      'Some/action',
      0.05,
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    ),
    { instanceOf: AzureError },
  );
  t.like(error, {
    status: 0,
    azureCode: 'Timeout',
    code: 'AZURE_UNREACHABLE',
    message: 'Some/action: no answer within 0.05 s',
  });
});

test('a request that took too long is a time-out', (t) => {
  const error = toAzureError('Some/action', new RequestTimeoutError(30, {}));
  t.like(error, { status: 0, azureCode: 'Timeout', message: 'Some/action: a request had no answer within 30 s' });
});

test('a proxy’s page instead of ARM’s JSON is told by its status', async (t) => {
  const error = toAzureError('Some/action', {
    name: 'RestError',
    message: 'Unexpected token < in JSON',
    statusCode: 502,
    response: { status: 502, bodyAsText: '<html>Bad gateway</html>', headers: { get: () => undefined } },
  });
  t.like(error, { status: 502, azureCode: 'RestError', code: 'AZURE_FAILED' });
});

test('a missing identity is a refusal', (t) => {
  const unavailable = Object.assign(new Error('no identity found'), { name: 'CredentialUnavailableError' });
  t.like(toAzureError('Some/action', unavailable), {
    status: 401,
    code: 'AZURE_DENIED',
    azureCode: 'CredentialUnavailableError',
  });
});

test('an error of this program stays as it is', (t) => {
  const own = new InputError('INPUT_INVALID', 'vmId', 'x', 'expected an id');
  t.is(toAzureError('Some/action', own), own);
});

test('anything else keeps its message, cut to a length that fits a log', (t) => {
  t.like(toAzureError('Some/action', 'a string'), {
    status: 0,
    message: 'Some/action: a string',
    azureCode: 'Unknown',
  });
  t.like(toAzureError('Some/action', undefined), { status: 0 });
  t.true(toAzureError('Some/action', new Error('x'.repeat(10_000))).message.length < 600);
});

test('Retry-After as number, as date, and as neither', (t) => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  t.is(retryAfterSeconds('17', now), 17);
  t.is(retryAfterSeconds('Thu, 01 Jan 2026 00:00:30 GMT', now), 30);
  t.is(retryAfterSeconds('Wed, 31 Dec 2025 00:00:30 GMT', now), 0);
  t.is(retryAfterSeconds('soon', now), undefined);
  t.is(retryAfterSeconds(undefined, now), undefined);
});

test('a list that breaks in its middle fails as a whole', async (t) => {
  const reads = 'Microsoft.Network/networkInterfaces/read';
  for (const paging of ['gone', 'no-value', 'other-host'] as const) {
    const { arm, clients, estate } = await withArm(t, { pageSize: 2 });
    arm.fault({ match: { call: 'listNics' }, kind: { paging } });
    const error = await t.throwsAsync(createTopologyReader(clients).read(estate.subscriptionId), {
      instanceOf: AzureError,
    });
    t.is(error.action, reads, paging);
  }
});

test('a list whose pages go round in a circle ends', async (t) => {
  const { arm, clients, estate } = await withArm(t, { pageSize: 2 });
  arm.fault({ match: { call: 'listNics' }, times: Infinity, kind: { paging: 'loop' } });
  const error = await t.throwsAsync(createTopologyReader(clients).read(estate.subscriptionId), {
    instanceOf: AzureError,
  });
  t.regex(error.message, /nextLink/);
});
