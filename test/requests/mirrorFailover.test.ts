import test from 'ava';
import { InputError } from '../../shared/errors.ts';
import type { Signal } from '../../shared/model/signal.ts';
import { readMirrorFailover } from '../../shared/requests/mirrorFailover.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
const VM = `/subscriptions/${SUBSCRIPTION}/resourceGroups/healthshare/providers/Microsoft.Compute/virtualMachines/hs-a`;
const ALLOWED = { subscriptionIds: [SUBSCRIPTION], within: [] as string[] };
const NOW = Date.UTC(2026, 0, 5);

const gridEvent = (change: Record<string, unknown> = {}) => ({
  id: 'e-1',
  topic: '/subscriptions/x/topics/mirror',
  subject: VM,
  eventType: 'IlbHairpinGuard.MirrorFailover',
  eventTime: '2026-01-05T10:00:00.0000000Z',
  dataVersion: '1',
  data: { vmId: VM, vip: '10.0.1.100', mirror: 'UCR' },
  ...change,
});

const cloudEvent = (change: Record<string, unknown> = {}) => ({
  specversion: '1.0',
  id: 'e-1',
  source: '/subscriptions/x/topics/mirror',
  subject: VM,
  type: 'IlbHairpinGuard.MirrorFailover',
  time: '2026-01-05T10:00:00Z',
  data: { vmId: VM, vip: '10.0.1.100' },
  ...change,
});

const signalOf = (raw: unknown, allowed = ALLOWED, observedAt = NOW): Signal => {
  const read = readMirrorFailover(raw, allowed, observedAt);
  if (read.kind !== 'signal') throw new Error(`it is ${read.kind}`);
  return read.signal;
};

const refused = (raw: unknown, allowed = ALLOWED): InputError => {
  try {
    readMirrorFailover(raw, allowed, NOW);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('it was taken');
};

test('both schemas give the same signal', (t) => {
  const signal = signalOf(gridEvent(), ALLOWED, NOW);
  t.like(signal, {
    subscriptionId: SUBSCRIPTION,
    signal: 'failover',
    mode: 'apply',
    observedAt: NOW,
    scope: [
      { kind: 'vm', id: VM },
      { kind: 'vip', id: '10.0.1.100' },
    ],
  });
  t.regex(signal.runId, /^[0-9a-f]{32}$/);
  const other = signalOf(cloudEvent(), ALLOWED, NOW);
  t.is(other.runId, signal.runId, 'the same event is the same run, whatever its schema');
  t.deepEqual(other.scope, signal.scope);
});

test('all of a signal; the event’s own time is kept to be shown', (t) => {
  const { runId, ...rest } = signalOf(gridEvent(), ALLOWED, NOW);
  t.deepEqual(rest, {
    subscriptionId: SUBSCRIPTION,
    signal: 'failover',
    scope: [
      { kind: 'vm', id: VM },
      { kind: 'vip', id: '10.0.1.100' },
    ],
    mode: 'apply',
    dryRun: false,
    observedAt: NOW,
    event: { source: '/subscriptions/x/topics/mirror', id: 'e-1', time: '2026-01-05T10:00:00.0000000Z' },
  });
});

test('a topic, a subject and a time that were not sent are empty', (t) => {
  const grid = signalOf(gridEvent({ topic: undefined, subject: undefined }));
  t.deepEqual(grid.event, { source: '', id: 'e-1', time: '2026-01-05T10:00:00.0000000Z' });
  const cloud = signalOf(cloudEvent({ time: undefined, subject: undefined }));
  t.deepEqual(cloud.event, { source: '/subscriptions/x/topics/mirror', id: 'e-1', time: '' });
  t.is(refused(cloudEvent({ source: '' })).field, 'source');
  t.is(refused(null).field, 'event');
});

for (const [raw, says] of [
  [gridEvent({ eventType: 'a' }), 'type is "a": this function takes IlbHairpinGuard.MirrorFailover only'],
  [gridEvent({ data: { vmId: 'a' } }), 'data.vmId is "a": must be the resource id of a virtual machine'],
  [gridEvent({ subject: 'a' }), 'subject is "a": must be the same resource id as data.vmId'],
  [gridEvent({ data: { vmId: VM, vip: 'a' } }), 'data.vip is "a": must be an IPv4 address like 10.0.1.100'],
] as const) {
  test(`what was expected is said: ${says}`, (t) => t.is(refused(raw).message, says));
}

test('a repeated event is the same run, another id is another', (t) => {
  const first = signalOf(gridEvent(), ALLOWED, NOW);
  t.is(signalOf(gridEvent(), ALLOWED, NOW + 9999).runId, first.runId);
  t.not(signalOf(gridEvent({ id: 'e-2' }), ALLOWED, NOW).runId, first.runId);
});

for (const [what, change] of [
  ['another VM', { subject: `${VM}2`, data: { vmId: `${VM}2`, vip: '10.0.1.100' } }],
  ['another VIP', { data: { vmId: VM, vip: '10.0.1.101' } }],
  ['all VIPs', { data: { vmId: VM } }],
  ['an earlier time', { time: '2026-01-05T09:59:59.999Z' }],
  ['no time', { time: undefined }],
] as const) {
  // Whoever may publish to the topic chooses source and id: a notice with an id that comes later must not take its run.
  test(`an id that was guessed takes no run away from the notice that has it: ${what}`, (t) => {
    const real = signalOf(cloudEvent(), ALLOWED, NOW);
    t.not(signalOf(cloudEvent(change), ALLOWED, NOW - 60_000).runId, real.runId);
  });
}

test('a time is the same however it is written', (t) => {
  const { runId } = signalOf(cloudEvent(), ALLOWED, NOW);
  for (const time of ['2026-01-05T10:00:00.0000000Z', '2026-01-05T11:00:00+01:00']) {
    t.is(signalOf(cloudEvent({ time }), ALLOWED, NOW).runId, runId, time);
  }
});

test('ids in any letter case', (t) => {
  const shouted = VM.toUpperCase();
  t.is(signalOf(gridEvent({ data: { vmId: shouted } })).subscriptionId, SUBSCRIPTION);
  t.is(signalOf(gridEvent({ eventType: 'ilbhairpinguard.MIRRORFAILOVER' }), ALLOWED, NOW).signal, 'failover');
  const within = { ...ALLOWED, within: [VM.slice(0, VM.indexOf('/providers')).toLowerCase()] };
  t.notThrows(() => signalOf(gridEvent(), within, NOW));
});

test('without a VIP all frontends of the VM are meant', (t) => {
  t.deepEqual(signalOf(gridEvent({ data: { vmId: VM } }), ALLOWED, NOW).scope, [{ kind: 'vm', id: VM }]);
});

for (const [title, raw, code, field] of [
  ['nothing', undefined, 'EVENT_INVALID', 'event'],
  ['text', 'hello', 'EVENT_INVALID', 'event'],
  ['no id', gridEvent({ id: undefined }), 'EVENT_INVALID', 'id'],
  ['no data', gridEvent({ data: undefined }), 'EVENT_INVALID', 'data'],
  ['a number as VM', gridEvent({ data: { vmId: 7 } }), 'EVENT_INVALID', 'data.vmId'],
  ['a VM id with a path trick', gridEvent({ data: { vmId: `${VM}/../../x` } }), 'EVENT_INVALID', 'data.vmId'],
  ['a VM id with a shell trick', gridEvent({ data: { vmId: `${VM};reboot` } }), 'EVENT_INVALID', 'data.vmId'],
  [
    'a NIC as VM',
    gridEvent({ data: { vmId: VM.replace('Compute/virtualMachines', 'Network/networkInterfaces') } }),
    'EVENT_INVALID',
    'data.vmId',
  ],
  ['a subject of another VM', gridEvent({ subject: `${VM}2` }), 'EVENT_INVALID', 'subject'],
  ['a VIP that is none', gridEvent({ data: { vmId: VM, vip: '10.0.1.300' } }), 'EVENT_INVALID', 'data.vip'],
  ['a VIP that no load balancer has', gridEvent({ data: { vmId: VM, vip: '127.0.0.1' } }), 'EVENT_INVALID', 'data.vip'],
  [
    'a VIP with more behind it',
    gridEvent({ data: { vmId: VM, vip: '10.0.1.100 -j ACCEPT' } }),
    'EVENT_INVALID',
    'data.vip',
  ],
  ['a foreign type', gridEvent({ eventType: 'Microsoft.Storage.BlobCreated' }), 'EVENT_FOREIGN', 'type'],
  ['a cloud event of another version', cloudEvent({ specversion: '0.3' }), 'EVENT_INVALID', 'specversion'],
  [
    'another subscription',
    gridEvent({ subject: '', data: { vmId: VM.replace(/0{12}/, '0'.repeat(11).concat('1')) } }),
    'SCOPE_NOT_ALLOWED',
    'data.vmId',
  ],
] as const) {
  test(`refused: ${title}`, (t) => {
    const error = refused(raw);
    t.is(error.code, code);
    t.is(error.field, field);
    t.true(error.message.length < 600, 'a short message');
  });
}

test('a VM outside the configured groups is refused with its id', (t) => {
  const error = refused(gridEvent(), { ...ALLOWED, within: [`/subscriptions/${SUBSCRIPTION}/resourceGroups/other`] });
  t.is(error.code, 'SCOPE_NOT_ALLOWED');
  t.is(error.message, `data.vmId is "${VM}": is outside the configured scope`);
});

test('a group whose name begins like an allowed one is another group', (t) => {
  const within = [`/subscriptions/${SUBSCRIPTION}/resourceGroups/health`];
  t.is(refused(gridEvent(), { ...ALLOWED, within }).code, 'SCOPE_NOT_ALLOWED');
});

test('a megabyte in a field is not echoed whole', (t) => {
  t.true(refused(gridEvent({ eventType: 'x'.repeat(1 << 20) })).message.length < 600);
});

test('a test of the notice is no signal, and is held to the same rules', (t) => {
  const data = { vmId: VM, vip: '10.0.1.100', test: true };
  const tested = { kind: 'tested', vmId: VM, eventId: 'e-1', vip: '10.0.1.100' };
  t.deepEqual(readMirrorFailover(cloudEvent({ data }), ALLOWED, NOW), tested);
  t.deepEqual(readMirrorFailover(gridEvent({ data: { vmId: VM, test: true } }), ALLOWED, NOW), {
    kind: 'tested',
    vmId: VM,
    eventId: 'e-1',
  });
  t.is(readMirrorFailover(gridEvent({ data: { ...data, test: false } }), ALLOWED, NOW).kind, 'signal');
  t.is(refused(gridEvent({ data: { ...data, test: 'yes' } })).field, 'data.test');
  t.is(refused(gridEvent({ data: { ...data, vip: '10.0.1.300' } })).field, 'data.vip');
  t.is(refused(gridEvent({ data }), { ...ALLOWED, subscriptionIds: [] }).code, 'SCOPE_NOT_ALLOWED');
});
