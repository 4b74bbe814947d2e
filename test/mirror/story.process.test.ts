/** From the notifier to the settled run: the scripts as they ship, through the topic as it is deployed, to the app. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { eventRunId } from '../../shared/requests/envelope.ts';
import { type Imds, startImds } from '../../simulator/arm/imds.ts';
import { vmId } from '../../simulator/estate/ids.ts';
import { subscriptionAsDeployed, topicAsDeployed } from '../../simulator/eventgrid/deployed.ts';
import type { CustomTopic } from '../../simulator/eventgrid/eventGrid.ts';
import { MIRROR_PRINCIPAL } from '../../simulator/eventgrid/senders.ts';
import { startWindowsEngine } from '../../simulator/guests/windows/engine.ts';
import { windowsMachine } from '../../simulator/guests/windows/state.ts';
import { type App, failures, LONG_MS, startApp } from '../functions/app.ts';
import { testNeeding } from '../needs.ts';

const MIRROR = new URL('../../mirror/', import.meta.url);
let app: App;
let topic: CustomTopic;
const services: Imds[] = [];
const id = (vm: string): string => vmId(app.estate, vm);

test.before(async () => {
  app = await startApp();
  topic = app.eventGrid.customTopic({ name: 'mirrors', ...topicAsDeployed() });
  await topic.subscribe(subscriptionAsDeployed('mirrorFailover', app.host.url));
});
test.after.always(async () => {
  for (const service of services) await service.close();
  await app?.stop();
});
test.beforeEach((t) => t.timeout(2 * LONG_MS));

/** The metadata service that a VM meets. */
async function metadataOf(vm: string): Promise<string> {
  const service = await startImds({ tokens: app.arm.tokens, resourceId: id(vm), identities: [MIRROR_PRINCIPAL] });
  services.push(service);
  return service.endpoint;
}

const bash = async (vm: string, ...more: string[]): Promise<void> => {
  const words = ['--topic', topic.endpoint, '--metadata', await metadataOf(vm), ...more];
  const child = spawn(fileURLToPath(new URL('tell-failover.sh', MIRROR)), words, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { CURL_CA_BUNDLE: app.arm.caFile },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`exit code ${code}: ${output}`);
};

const powershell = async (vm: string, ...more: string[]): Promise<void> => {
  const engine = await startWindowsEngine({ SSL_CERT_FILE: app.arm.caFile });
  try {
    const script = fileURLToPath(new URL('tell-failover.ps1', MIRROR));
    const words = ['-Topic', `'${topic.endpoint}'`, '-Metadata', `'${await metadataOf(vm)}'`, ...more];
    const machine = { ...windowsMachine([], []), realSockets: true };
    const ran = await engine.runScript(machine, `& '${script}' ${words.join(' ')}\nexit $LASTEXITCODE\n`);
    if (ran.exitCode !== 0) throw new Error(`exit code ${ran.exitCode}: ${ran.stdout}${ran.stderr}`);
  } finally {
    await engine.stop();
  }
};

testNeeding(['bash', 'curl'])(
  'Linux: a member takes over and tells; the run is confirmed, settles and proves',
  async (t) => {
    const watch = app.watch();
    await app.guests.setPrimary('ucr-registry', 'hs-b');
    await bash('hs-b', '--vip', '10.0.1.100', '--mirror', 'UCR-REGISTRY');
    const { runId } = await watch.step((step) => step.step === 'signal');
    const run = await app.ended(String(runId), LONG_MS);
    t.like(run, { signal: 'failover', mode: 'apply', state: 'settled', scope: [id('hs-b'), '10.0.1.100'] });
    t.is(run.confirmation?.state, 'confirmed');
    t.is(run.event?.source, id('hs-b'));
    const { id: eventId = '', time = '' } = run.event ?? {};
    const envelope = { source: id('hs-b'), id: eventId, time, type: '', subject: '', data: undefined };
    const scope = [
      { kind: 'vm', id: id('hs-b') },
      { kind: 'vip', id: '10.0.1.100' },
    ] as const;
    t.is(run.runId, eventRunId('failover', envelope, scope));
    const [path] = run.vms.find((vm) => vm.vm === 'hs-b')?.paths ?? [];
    t.like(path, { vip: '10.0.1.100', exposure: 'active', verdict: 'compliant' });
    t.is(path?.proof.kind, 'self');
  },
);

testNeeding(['the .NET SDK'])('Windows: the same, for every frontend of the VM', async (t) => {
  const watch = app.watch();
  await app.guests.setPrimary('patient-index', 'hs-b');
  await powershell('hs-b', '-Mirror', 'PATIENT-INDEX');
  const { runId } = await watch.step((step) => step.step === 'signal');
  const run = await app.ended(String(runId), LONG_MS);
  t.like(run, { signal: 'failover', state: 'settled', scope: [id('hs-b')] });
  t.is(run.confirmation?.state, 'confirmed');
  t.deepEqual(
    run.vms.find((vm) => vm.vm === 'hs-b')?.paths.map((path) => [path.vip, path.proof.kind]),
    [
      ['10.0.1.100', 'self'],
      ['10.0.1.101', 'self'],
    ],
  );
});

for (const [title, tell, declare] of [
  ['Linux', bash, testNeeding(['bash', 'curl'])],
  ['Windows', powershell, testNeeding(['the .NET SDK'])],
] as const) {
  declare(`${title}: a test comes through to the app’s log, and is no run`, async (t) => {
    const watch = app.watch();
    await tell('hs-a', title === 'Linux' ? '--test' : '-Test');
    const told = await watch.step((step) => step.step === 'mirror-test');
    t.like(told, { vmId: id('hs-a') });
    await app.eventGrid.idle();
    t.deepEqual(watch.all('signal'), []);
    t.deepEqual(watch.all('accepted'), []);
  });
}

test.serial('no function threw, and nothing was given up', (t) => {
  t.deepEqual(failures(app), []);
  t.deepEqual(app.eventGrid.dropped, []);
});
