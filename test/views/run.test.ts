/** The document of a run. Long: one table of cases about one thing. */
import test from 'ava';
import { COMMAND_FAILURES } from '../../shared/model/commandFailures.ts';
import { FINDINGS, finding } from '../../shared/model/findings.ts';
import type { OutcomePath, OutcomeRow, RunCounts, RunRow } from '../../shared/model/rows.ts';
import { acceptedRun, noCounts } from '../../shared/model/rows.ts';
import { rowKey } from '../../shared/model/store.ts';
import { WAITS, waitText } from '../../shared/model/waits.ts';
import { readRunView, runView } from '../../shared/views/run.ts';
import { memoryStore } from '../helpers/memoryStore.ts';

const ONE = '00000000-0000-0000-0000-000000000001';
const TWO = '00000000-0000-0000-0000-000000000002';
const RUN = 'a'.repeat(32);
const AT = Date.UTC(2026, 0, 5, 10);
const vmId = (name: string, subscription = ONE) =>
  `/subscriptions/${subscription}/resourceGroups/healthshare/providers/Microsoft.Compute/virtualMachines/${name}`;
const FRONTEND = `/subscriptions/${ONE}/resourceGroups/healthshare/providers/Microsoft.Network/loadBalancers/ilb/frontendIPConfigurations/ucr`;

const run = (change: Partial<RunRow> = {}): RunRow => ({
  ...acceptedRun({
    subscriptionId: ONE,
    runId: RUN,
    signal: 'manual',
    scope: [{ kind: 'vm', id: vmId('hs-a') }],
    mode: 'apply',
    dryRun: false,
    observedAt: AT,
  }),
  ...change,
});
const counts = (change: Partial<RunCounts>): RunCounts => ({ ...noCounts(), ...change });

const outcome = (change: Partial<OutcomeRow> = {}): OutcomeRow => ({
  runId: RUN,
  vmId: vmId('hs-a'),
  state: 'settled',
  result: 'repaired',
  findings: [],
  paths: [],
  changed: 0,
  warnings: [],
  ...change,
});
const path = (change: Partial<OutcomePath> = {}): OutcomePath => ({
  frontendId: FRONTEND,
  vip: '10.0.1.100',
  exposure: 'active',
  verdict: 'compliant',
  proof: { kind: 'self', at: AT + 3000 },
  findings: [],
  ...change,
});

test('a run just accepted: nothing of the end, no empty fields', (t) => {
  t.deepEqual(runView([run()], []), {
    runId: RUN,
    signal: 'manual',
    mode: 'apply',
    dryRun: false,
    state: 'accepted',
    acceptedAt: '2026-01-05T10:00:00.000Z',
    scope: [vmId('hs-a')],
    counts: noCounts(),
    vms: [],
  });
});

for (const [states, shown] of [
  [['settled', 'settled'], 'settled'],
  [['settled', 'running'], 'running'],
  [['running', 'accepted'], 'accepted'],
  [['accepted', 'settled'], 'accepted'],
  [['settled', 'failed'], 'failed'],
  [['failed', 'running'], 'failed'],
] as const) {
  test(`over subscriptions that are ${states.join(' and ')} a run is ${shown}, in whatever order they are read`, (t) => {
    const rows = states.map((state, i) => run({ state, subscriptionId: i === 0 ? ONE : TWO }));
    t.is(runView(rows, []).state, shown);
    t.is(runView(rows.toReversed(), []).state, shown);
  });
}

test('over subscriptions counts add up, scopes follow one another, and the end is the last one’s', (t) => {
  const one = run({
    state: 'settled',
    settledAt: AT + 5000,
    counts: counts({ vms: 3, repaired: 2, blocked: 1, commands: 2 }),
  });
  const two = run({
    subscriptionId: TWO,
    scope: [{ kind: 'subscription', id: `/subscriptions/${TWO}` }],
    state: 'settled',
    settledAt: AT + 9000,
    counts: counts({ vms: 1, compliant: 1, commands: 1 }),
  });
  const view = runView([one, two], []);
  t.deepEqual(view.counts, counts({ vms: 4, repaired: 2, blocked: 1, compliant: 1, commands: 3 }));
  t.is(view.settledAt, '2026-01-05T10:00:09.000Z');
  t.deepEqual(view.scope, [vmId('hs-a'), `/subscriptions/${TWO}`]);
  t.deepEqual(one.counts, counts({ vms: 3, repaired: 2, blocked: 1, commands: 2 }), 'the rows are left as they were');
  t.is(
    runView([one, { ...two, state: 'running', settledAt: undefined } as unknown as RunRow], []).settledAt,
    undefined,
  );
});

test('a reason is shown whichever subscription has it', (t) => {
  const reason = { code: 'AZURE_DENIED', text: 'Microsoft.Compute/virtualMachines/read: no', at: AT };
  for (const state of ['accepted', 'running'] as const) {
    const view = runView([run({ state: 'accepted' }), run({ subscriptionId: TWO, state, reason })], []);
    t.deepEqual(view.reason, { code: 'AZURE_DENIED', text: reason.text }, state);
  }
  const failed = { code: 'DEAD_LETTER', text: 'five times', at: AT };
  const both = runView(
    [run({ state: 'running', reason }), run({ subscriptionId: TWO, state: 'failed', reason: failed })],
    [],
  );
  t.is(both.reason?.code, 'DEAD_LETTER', 'the failure before what only waits');
});

test('a failover shows its event and how long the probes took', (t) => {
  const event = { source: '/topics/mirrors', id: 'e-1', time: '2026-01-05T09:59:58Z' };
  const confirmation = { vmId: vmId('hs-a'), frontendIds: [FRONTEND], until: AT + 15_000 };
  const pending = runView(
    [run({ signal: 'failover', event, confirmation: { ...confirmation, state: 'pending' } })],
    [],
  );
  t.deepEqual(pending.confirmation, { state: 'pending' });
  t.deepEqual(pending.event, event);
  const confirmed = runView([run({ confirmation: { ...confirmation, state: 'confirmed', at: AT + 2500 } })], []);
  t.deepEqual(confirmed.confirmation, { state: 'confirmed', afterMs: 2500 });
});

test('a line per VM, by name, with its paths before and after', (t) => {
  const seen = {
    before: { drift: ['route-missing' as const], outcome: 'timeout' as const, ms: 3001 },
    after: { drift: [], outcome: 'ok' as const, ms: 2 },
  };
  const view = runView(
    [run({ state: 'running' })],
    [
      outcome({ vmId: vmId('hs-b'), state: 'waiting', waitingFor: 'MEMBER_BUSY' }),
      outcome({ changed: 4, paths: [path(seen)] }),
    ],
  );
  t.deepEqual(
    view.vms.map((vm) => vm.vm),
    ['hs-a', 'hs-b'],
  );
  t.deepEqual(view.vms[0], {
    vm: 'hs-a',
    vmId: vmId('hs-a'),
    state: 'settled',
    result: 'repaired',
    changed: 4,
    warnings: [],
    findings: [],
    paths: [
      {
        frontend: FRONTEND,
        vip: '10.0.1.100',
        exposure: 'active',
        verdict: 'compliant',
        proof: { kind: 'self', at: '2026-01-05T10:00:03.000Z' },
        findings: [],
        ...seen,
      },
    ],
  });
  t.like(view.vms[1], { state: 'waiting', waitingFor: { code: 'MEMBER_BUSY', text: WAITS.MEMBER_BUSY } });
});

test('what is waited for is told with its sentence, of an older program too', (t) => {
  const waiting = (waitingFor: string) => outcome({ state: 'waiting', waitingFor });
  const { vms } = runView([run({ state: 'running' })], [waiting('AZURE_CONFLICT'), waiting('OF_AN_OLDER_PROGRAM')]);
  t.deepEqual(
    vms.map((vm) => vm.waitingFor),
    [
      { code: 'AZURE_CONFLICT', text: WAITS.AZURE_CONFLICT },
      { code: 'OF_AN_OLDER_PROGRAM', text: waitText('OF_AN_OLDER_PROGRAM') },
    ],
  );
});

test('a proof that never was has no time', (t) => {
  const { vms } = runView([run()], [outcome({ paths: [path({ proof: { kind: 'none', at: 0 } })] })]);
  t.deepEqual(vms[0]?.paths[0]?.proof, { kind: 'none' });
});

test('a proof says which address and port it saw, and what is set and not proved stands beside it', (t) => {
  const seen = [{ ip: '10.0.1.10', port: 1972, at: AT }];
  const proved = path({ proof: { kind: 'self', at: AT, seen }, notProved: ['10.0.1.15:57772'] });
  const { vms } = runView([run()], [outcome({ paths: [proved] })]);
  t.like(vms[0]?.paths[0], {
    verdict: 'compliant',
    proof: { kind: 'self', at: new Date(AT).toISOString(), saw: ['10.0.1.10:1972'] },
    notProved: ['10.0.1.15:57772'],
  });
});

test('findings and warnings are told as sentences', (t) => {
  const { vms } = runView(
    [run()],
    [
      outcome({
        result: 'blocked',
        findings: [finding('COMMAND_FAILED', { code: 'REPORT_MISSING', detail: 'The command printed nothing.' })],
        paths: [path({ findings: [finding('NO_SECONDARY_NIC', { vip: '10.0.1.100' })] })],
        warnings: ['forwarding', 'of-a-newer-script'],
      }),
    ],
  );
  t.is(vms[0]?.findings[0]?.code, 'COMMAND_FAILED');
  t.regex(vms[0]?.findings[0]?.text ?? '', /\(REPORT_MISSING: The command printed nothing\.\)/);
  t.true(vms[0]?.findings[0]?.text.includes(COMMAND_FAILURES.REPORT_MISSING));
  t.is(vms[0]?.paths[0]?.findings[0]?.text, FINDINGS.NO_SECONDARY_NIC.sentence.replace('{vip}', '10.0.1.100'));
  t.deepEqual(
    vms[0]?.warnings.map(({ code }) => code),
    ['forwarding', 'of-a-newer-script'],
  );
  t.regex(vms[0]?.warnings[0]?.text ?? '', /^The VM forwards IPv4 packets/);
  t.is(vms[0]?.warnings[1]?.text, 'of-a-newer-script', 'as it is, rather than not at all');
});

for (const [os, start] of [
  ['linux', /^#!\/bin\/bash -p\n# ilb-hairpin-guard command 0{32}\n/],
  ['windows', /# ilb-hairpin-guard command 0{32}\r?\n/],
] as const) {
  test(`a dry run shows the plan and the ${os} script with a command id of zeros`, (t) => {
    const frontend = {
      vip: '10.0.1.100',
      port: 1972,
      backends: [{ ip: '10.0.1.10', mac: '00:0d:3a:00:01:0a' }],
      via: { ip: '10.0.1.11', mac: '00:0d:3a:00:01:0b' },
    };
    const planned = { os, plan: { frontends: [frontend] }, limits: { connectSeconds: 3, totalSeconds: 300 } };
    const { vms } = runView([run({ dryRun: true, state: 'settled' })], [outcome({ result: 'planned', planned })]);
    t.deepEqual(vms[0]?.plan, planned.plan);
    const script = vms[0]?.script ?? '';
    t.regex(script, start);
    t.true(script.includes('10.0.1.11') && script.includes('apply') && script.length > 5000);
  });
}

test('a run is read from every subscription that has a row of it, with its own outcomes alone', async (t) => {
  const store = memoryStore();
  await store.runs.put(ONE, RUN, run({ state: 'settled', settledAt: AT }));
  await store.runs.put(TWO, RUN, run({ subscriptionId: TWO, state: 'running' }));
  await store.runs.put(ONE, 'b'.repeat(32), run({ runId: 'b'.repeat(32) }));
  await store.outcomes.put(RUN, rowKey(vmId('hs-a')), outcome());
  await store.outcomes.put(RUN, rowKey(vmId('hs-b', TWO)), outcome({ vmId: vmId('hs-b', TWO) }));
  await store.outcomes.put('b'.repeat(32), rowKey(vmId('hs-c')), outcome({ vmId: vmId('hs-c') }));
  const view = await readRunView(store, [ONE, TWO], RUN);
  t.is(view?.state, 'running');
  t.deepEqual(
    view?.vms.map((vm) => vm.vm),
    ['hs-a', 'hs-b'],
  );
  t.is((await readRunView(store, [ONE], RUN))?.state, 'settled');
  t.is(await readRunView(store, [ONE, TWO], 'c'.repeat(32)), undefined);
});

test('an outcome that cannot be read: the others are shown, and which row it is and why', async (t) => {
  const store = memoryStore();
  await store.runs.put(ONE, RUN, run({ state: 'settled', settledAt: AT }));
  await store.outcomes.put(RUN, rowKey(vmId('hs-a')), outcome());
  store.outcomes.broken.add(`${RUN}/${rowKey(vmId('hs-b'))}`);
  const view = await readRunView(store, [ONE], RUN);
  t.deepEqual(
    view?.vms.map(({ vm }) => vm),
    ['hs-a'],
  );
  t.deepEqual(
    view?.unreadable?.map(({ code }) => code),
    ['ROW_UNUSABLE'],
  );
  t.true(view?.unreadable?.[0]?.text.includes(`${RUN}/${rowKey(vmId('hs-b'))}`));
  t.regex(view?.unreadable?.[0]?.text ?? '', /holds broken JSON/);
});

test('a run that joined another names it', (t) => {
  t.is(runView([run({ state: 'settled', joined: 'b'.repeat(32) })], []).joined, 'b'.repeat(32));
});

test('a line that still waits in a run that has ended is nobody’s, and not shown', async (t) => {
  const store = memoryStore();
  await store.outcomes.put(RUN, rowKey(vmId('hs-a')), outcome());
  await store.outcomes.put(RUN, rowKey(vmId('hs-b')), outcome({ vmId: vmId('hs-b'), state: 'waiting' }));
  const etag = await store.runs.put(ONE, RUN, run({ state: 'running' }));
  t.deepEqual(
    (await readRunView(store, [ONE], RUN))?.vms.map(({ vm }) => vm),
    ['hs-a', 'hs-b'],
  );
  await store.runs.put(ONE, RUN, run({ state: 'settled', settledAt: AT }), etag);
  t.deepEqual(
    (await readRunView(store, [ONE], RUN))?.vms.map(({ vm }) => vm),
    ['hs-a'],
  );
});
