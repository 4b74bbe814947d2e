/** How the app is, over HTTP: what Azure refuses is told in its words, with and without open runs, and so is its end. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import type { HealthView } from '../../shared/views/health.ts';
import { until } from '../../simulator/until.ts';
import { type App, LONG_MS, startApp } from './app.ts';

let app: App;
test.before(async () => {
  app = await startApp();
});
test.after.always(async () => app?.stop());
test.afterEach.always((t) => t.timeout(2 * LONG_MS));

const health = async (): Promise<HealthView> => (await app.call('GET', '/api/health')).body;
/** The document once it is in a state; the message shows the last one. */
const once = (state: HealthView['state']): Promise<HealthView> =>
  until(
    `health to be ${state}`,
    async () => {
      const document = await health();
      return document.state === state && document;
    },
    LONG_MS,
  );

test.serial('a sweep that was answered: ok, and when it looked', async (t) => {
  await app.host.runFunction('complianceSweep');
  const document = await once('ok');
  t.is(document.enforcement, 'enforce');
  t.is(document.version, JSON.parse(readFileSync('package.json', 'utf8')).version);
  t.regex(document.commit, /^([0-9a-f]{12}(\+changed)?|unknown)$/);
  const started = app.steps.filter(({ step }) => step === 'started');
  t.is(started.length, 1, 'once for the process');
  t.like(started[0], { version: document.version, commit: document.commit, enforcement: 'enforce' });
  t.deepEqual(document.storage, { state: 'ok' });
  const [subscription] = document.subscriptions;
  t.is(subscription?.subscriptionId, app.estate.subscriptionId);
  t.true(Date.parse(subscription?.lookedAt ?? '') > 0 && Date.parse(subscription?.sweptAt ?? '') > 0);
});

test.serial('lists that are refused, and answered again', async (t) => {
  const message = 'The client has no authorization over this scope.';
  const kind = { status: 403, code: 'AuthorizationFailed', message };
  const fault = app.arm.fault({ match: { call: 'listLoadBalancers' }, times: 1000, kind });
  await app.host.runFunction('complianceSweep');
  const [subscription] = (await once('impaired')).subscriptions;
  t.like(subscription?.refusals[0], {
    what: 'lists',
    code: 'AZURE_DENIED',
    azureCode: 'AuthorizationFailed',
    action: 'Microsoft.Network/loadBalancers/read',
    text: message,
  });
  t.true((subscription?.refusals[0]?.nextStep.length ?? 0) > 20);
  fault.clear();
  await app.host.runFunction('complianceSweep');
  t.deepEqual((await once('ok')).subscriptions[0]?.refusals, []);
});
