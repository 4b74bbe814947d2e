/** Azure's own events: what changes a path causes a run; what the app did itself comes back and causes nothing. */
import test from 'ava';
import { nicId, vmId } from '../../simulator/estate/ids.ts';
import type { SystemTopic } from '../../simulator/eventgrid/eventGrid.ts';
import type { EventGridEvent } from '../../simulator/eventgrid/schemas.ts';
import { sample } from '../samples.ts';
import { type App, failures, LONG_MS, startApp } from './app.ts';

let app: App;
/** A topic beside the stack's own, which delivers CloudEvents: Event Grid's own schema, and events of our making. */
let topic: SystemTopic;
const id = (vm: string): string => vmId(app.estate, vm);

test.before(async () => {
  app = await startApp();
  topic = app.eventGrid.systemTopic(`/subscriptions/${app.estate.subscriptionId}`);
  await topic.subscribe({
    name: 'own-schema',
    endpoint: `${app.host.url}/runtime/webhooks/EventGrid?functionName=resourceChange`,
  });
  // Everything is in place before anything changes.
  await app.sweep(LONG_MS);
  await quiet();
});
test.after.always(async () => app?.stop());
test.beforeEach((t) => t.timeout(2 * LONG_MS));

/** Resolves when every event was handled and no run is open any more. */
async function quiet(): Promise<void> {
  await app.eventGrid.idle();
  await silence();
  const accepted = app.steps.filter((step) => step.step === 'signal').map((step) => String(step.runId));
  for (const runId of accepted) await app.ended(runId, LONG_MS);
  await app.eventGrid.idle();
}

/** What a host logs comes by another way than its answer to an event, and may come later. */
async function silence(): Promise<void> {
  for (let heard = -1; heard !== app.steps.length; ) {
    heard = app.steps.length;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** The runs that something caused, once all is quiet again. */
async function runsOf(change: () => unknown): Promise<Awaited<ReturnType<App['ended']>>[]> {
  const watch = app.watch();
  await change();
  await quiet();
  const ids = new Set(watch.all('signal').map((step) => String(step.runId)));
  return Promise.all([...ids].map((runId) => app.ended(runId, LONG_MS)));
}

/** An event of the samples, its placeholders filled for a VM or NIC of the estate. */
function filled(file: string, part: string, eventId: string): EventGridEvent {
  const names = { rg: app.estate.resourceGroup, vm: 'hs-a', nic: 'hs-a-nic2', lb: 'healthshare-ilb', ID: eventId };
  const text = JSON.stringify(sample(file)[part][0])
    .replaceAll('{subscription-id}', app.estate.subscriptionId)
    .replace(/\{(rg|vm|nic|lb|ID)\}/g, (_, name: keyof typeof names) => names[name])
    .replaceAll(/\{[a-z-]+\}/g, 'thing1');
  return JSON.parse(text);
}

test.serial('of the sweep’s own commands and questions nothing comes back: the deployed filter holds them', (t) => {
  t.deepEqual(app.puts(), ['hs-b', 'hs-a']);
  const heard = app.steps.filter((step) => ['signal', 'ignored-event'].includes(step.step));
  t.deepEqual(heard, [], 'no run but the sweep');
});

test.serial('a write of a VM looks into that VM, once', async (t) => {
  const sent = app.puts().length;
  const runs = await runsOf(() => app.arm.changes.tagVm('hs-a', { owner: 'mirror-team' }));
  t.is(runs.length, 1);
  t.like(runs[0], { signal: 'resourceChange', state: 'settled', mode: 'apply', scope: [id('hs-a')] });
  t.like(runs[0]?.event, { source: `/subscriptions/${app.estate.subscriptionId}` });
  t.deepEqual(
    runs[0]?.vms.map((vm) => [vm.vm, vm.result, vm.changed]),
    [['hs-a', 'compliant', 0]],
  );
  t.deepEqual(app.puts().slice(sent), ['hs-a']);
});

test.serial('a replaced NIC changes the plan, and the guest gets the new one', async (t) => {
  const nic = { name: 'hs-b-nic3', mac: '00-0D-3A-00-0B-03', ips: [{ name: 'ipconfig1', address: '10.0.1.22' }] };
  const runs = await runsOf(() => app.arm.changes.replaceNic('hs-b', 'hs-b-nic2', nic));
  const scopes = runs.flatMap((run) => run.scope).sort();
  t.deepEqual(scopes, [id('hs-b'), nicId(app.estate, 'hs-b-nic2'), nicId(app.estate, 'hs-b-nic3')].sort());
  const last = app.guests.commands('hs-b').at(-1);
  t.regex(last?.script ?? '', /^VIA_IP=\(10\.0\.1\.22 10\.0\.1\.22\)$/m);
  t.regex(last?.script ?? '', /^VIA_MAC=\(00:0d:3a:00:0b:03 00:0d:3a:00:0b:03\)$/m);
  for (const vm of runs.flatMap((run) => run.vms)) t.not(vm.result, 'failed', JSON.stringify(vm));
});

test.serial('a VM that stops is unknown and gets no command; one that starts is looked at', async (t) => {
  const sent = app.puts().length;
  const [stopped, ...more] = await runsOf(() => app.arm.changes.setPower('hs-b', 'deallocated'));
  t.deepEqual(more, []);
  t.like(stopped?.vms[0], { vm: 'hs-b', result: 'unknown' });
  t.true(stopped?.vms[0]?.paths.every((path) => path.findings.some((finding) => finding.code === 'VM_NOT_RUNNING')));
  t.is(app.puts().length, sent);

  const [started] = await runsOf(() => app.arm.changes.setPower('hs-b', 'running'));
  t.like(started?.vms[0], { vm: 'hs-b', result: 'compliant' });
  t.deepEqual(app.puts().slice(sent), ['hs-b']);
});

test.serial('Event Grid’s own schema: a NIC’s write and a VM’s start in Azure’s samples are signals', async (t) => {
  for (const [file, part, scope] of [
    ['eg_resource_write_nic', 'derived_nic_write', nicId(app.estate, 'hs-a-nic2')],
    ['eg_action_vm_start_runcommand', 'start', id('hs-a')],
  ] as const) {
    const event = filled(file, part, `00000000-0000-0000-0000-0000000000${part.length}`);
    const runs = await runsOf(() => topic.feed(event, structuredClone(event)));
    t.is(runs.length, 1, 'twice the same event');
    t.deepEqual(runs[0]?.scope, [scope]);
    t.like(runs[0]?.event, { id: event.id, time: event.eventTime });
    t.deepEqual(
      runs[0]?.vms.map((vm) => vm.vm),
      ['hs-a'],
    );
  }
});

test.serial(
  'platform healing, of which no operation tells: the VM is looked at once it is available again',
  async (t) => {
    const sent = app.puts().length;
    const runs = await runsOf(() => app.arm.changes.heal('hs-a'));
    t.is(runs.length, 1, 'that it was unavailable is none');
    t.deepEqual(runs[0]?.scope, [id('hs-a')]);
    t.deepEqual(app.puts().slice(sent), ['hs-a']);
  },
);

test.serial('samples of what no path depends on are ignored, and told so', async (t) => {
  for (const [file, part] of [
    ['eg_resource_write_nic', 'doc_sample_storageAccount_write'],
    ['eg_resource_write_nic', 'derived_own_managed_run_command_write_FILTER_OUT'],
    ['eg_action_vm_start_runcommand', 'own_v1_run_command_FILTER_OUT'],
    ['eg_action_vm_start_runcommand', 'own_rule_health_probe_FILTER_OUT'],
  ] as const) {
    const watch = app.watch();
    t.deepEqual(await runsOf(() => topic.feed(filled(file, part, part))), [], part);
    t.is(watch.all('ignored-event').length, 1, part);
  }
});

test.serial(
  'another subscription’s VM is ignored; a malformed and a foreign event are told once and not retried',
  async (t) => {
    const good = filled('eg_action_vm_start_runcommand', 'start', 'foreign-1');
    const elsewhere = JSON.parse(
      JSON.stringify(good).replaceAll(app.estate.subscriptionId, '00000000-0000-0000-0000-000000000009'),
    );
    const watch = app.watch();
    t.deepEqual(await runsOf(() => topic.feed({ ...elsewhere, id: 'elsewhere' })), []);
    t.is(watch.all('ignored-event').at(-1)?.why, 'another subscription');
    for (const [event, code, field] of [
      [{ ...good, id: 'bare', data: {} }, 'EVENT_INVALID', 'data.operationName'],
      [{ ...good, id: 'failed', eventType: 'Microsoft.Resources.ResourceWriteFailure' }, 'EVENT_FOREIGN', 'type'],
    ] as const) {
      const refused = app.watch();
      t.deepEqual(await runsOf(() => topic.feed(event)), []);
      t.deepEqual(
        refused.all('refused-event').map((step) => [step.code, step.field]),
        [[code, field]],
      );
      const attempts = app.eventGrid.attempts.filter((attempt) => attempt.eventId === event.id);
      t.deepEqual(
        attempts.map((attempt) => attempt.status),
        [202],
      );
    }
  },
);

test.serial('a NIC that lost its place is not forgotten: the VM is blocked with what to do', async (t) => {
  const runs = await runsOf(() => app.arm.changes.removeNic('hs-b', 'hs-b-nic3'));
  const lines = runs.flatMap((run) => run.vms.filter((vm) => vm.vm === 'hs-b'));
  t.true(lines.length > 0);
  const codes = lines.at(-1)?.paths.flatMap((path) => path.findings.map((finding) => finding.code));
  t.deepEqual(codes, ['NO_SECONDARY_NIC', 'NO_SECONDARY_NIC']);
});

test.serial('in the end every event was either a signal, ignored or refused, and no function threw', async (t) => {
  await quiet();
  const handled = app.steps.filter((step) => ['signal', 'ignored-event', 'refused-event'].includes(step.step));
  t.is(handled.length, app.eventGrid.attempts.length);
  t.deepEqual(failures(app), []);
});
