/**
 * Which commands may go now: one per VM, one member of a mirror at a time, so many at once, and halts.
 * Long: one table of cases about one thing.
 */
import test from 'ava';
import { haltOrClear, startCommands } from '../../shared/decide/rollout.ts';
import type { Survey } from '../../shared/evaluate/survey.ts';
import { finding } from '../../shared/model/findings.ts';
import { idKey } from '../../shared/model/ids.ts';
import type { OutcomePath, VmRow } from '../../shared/model/rows.ts';
import { ago, commanded, frontend, later, NOW, outcome, pass, run, vm, type Words } from '../helpers/seen.ts';
import { frontendText, shown } from '../helpers/shown.ts';
import { frontendId, vmId, World } from '../helpers/world.ts';

type SurveyedVm = NonNullable<ReturnType<Survey['vms']['get']>>;

/** hs-a and hs-b behind one mirror, hs-c alone behind another. */
const apart = () =>
  new World(
    ['hs-a', 'hs-b', 'hs-c'],
    [
      { name: 'one', vip: '10.0.1.100', members: ['hs-a', 'hs-b'], primary: 'hs-a' },
      { name: 'two', vip: '10.0.1.101', members: ['hs-c'], primary: 'hs-c' },
    ],
  );
const sweep = run('s1 sweep');
const check = run('s1 sweep', { mode: 'check' });
const both = [outcome('s1 hs-a'), outcome('s1 hs-b')];
const pending = { state: 'pending' as const, vmId: vmId('hs-a'), frontendIds: [frontendId('ucr')], until: later(10) };
const halted = { halted: { vmId: vmId('hs-b'), runId: 'old', at: ago(900) } };
const haltedRows = [frontend('ucr', halted), frontend('pi')];

/** A VM whose last command Azure refused, until a time. */
const refused = (name: string, code: 'ACCESS_DENIED' | 'AZURE_CONFLICT', retryAt = later(15)): VmRow => {
  const failure = code === 'ACCESS_DENIED' ? finding(code) : finding('COMMAND_FAILED', { code });
  return vm(name, {
    seq: 7,
    last: { seq: 7, mode: 'apply', endedAt: ago(5), changed: 0, warnings: [], failure, retryAt },
  });
};
/** One that was cancelled long ago and does not end. */
const endless = (mode: 'apply' | 'check'): VmRow =>
  commanded(`hs-a cancelling ${mode} 7`, { cancelled: { at: ago(400), times: 5 } });

const table: [string, Words, string[]][] = [
  [
    'two members of a mirror: the one that is primary for nothing, and the other waits for it',
    { runs: [sweep], outcomes: both },
    [
      'vm hs-b intended apply 1767607201',
      'outcome s1 hs-a waiting MEMBER_BUSY',
      'outcome s1 hs-b commanded 1767607201',
    ],
  ],
  [
    'two members that are only looked at: both',
    { runs: [check], outcomes: both },
    [
      'vm hs-b intended check 1767607201',
      'vm hs-a intended check 1767607201',
      'outcome s1 hs-a commanded 1767607201',
      'outcome s1 hs-b commanded 1767607201',
    ],
  ],
  [
    'members of different mirrors: both',
    { world: apart(), runs: [sweep], outcomes: [outcome('s1 hs-b'), outcome('s1 hs-c')] },
    [
      'vm hs-b intended apply 1767607201',
      'vm hs-c intended apply 1767607201',
      'outcome s1 hs-b commanded 1767607201',
      'outcome s1 hs-c commanded 1767607201',
    ],
  ],
  [
    'another member that is being changed',
    { runs: [sweep], vms: [vm('hs-b sent apply 7')], outcomes: [outcome('s1 hs-a')] },
    ['outcome s1 hs-a waiting MEMBER_BUSY'],
  ],
  [
    'another member that is only looked at',
    { runs: [sweep], vms: [vm('hs-b sent check 7')], outcomes: [outcome('s1 hs-a')] },
    ['vm hs-a intended apply 1767607201', 'outcome s1 hs-a commanded 1767607201'],
  ],
  [
    'another member whose command is over its time and cancelled: it may still be changing its guest',
    { runs: [sweep], vms: [vm('hs-b cancelling apply 7')], outcomes: [outcome('s1 hs-a')] },
    ['outcome s1 hs-a waiting MEMBER_BUSY'],
  ],
  [
    'a look while another member is changed',
    { runs: [check], vms: [vm('hs-b sent apply 7')], outcomes: [outcome('s1 hs-a')] },
    ['vm hs-a intended check 1767607201', 'outcome s1 hs-a commanded 1767607201'],
  ],
  [
    'a VM with a command of another run',
    { runs: [sweep], vms: [vm('hs-a sent check 7')], outcomes: [outcome('s1 hs-a')] },
    ['outcome s1 hs-a waiting VM_BUSY'],
  ],
  [
    'a VM whose cancelled command never ends',
    { runs: [sweep], vms: [vm('hs-a cancelling check 7')], outcomes: [outcome('s1 hs-a')] },
    ['outcome s1 hs-a waiting VM_BUSY'],
  ],
  [
    'a VM that did not take the last command: at its time',
    {
      runs: [sweep],
      vms: [
        vm('hs-a ok 7', {
          last: {
            seq: 7,
            mode: 'apply',
            endedAt: ago(5),
            changed: 0,
            warnings: [],
            failure: finding('COMMAND_FAILED', { code: 'AZURE_CONFLICT' }),
            retryAt: later(15),
          },
        }),
      ],
      outcomes: [outcome('s1 hs-a')],
    },
    ['outcome s1 hs-a waiting AZURE_CONFLICT'],
  ],
  [
    'no place under the ceiling',
    {
      world: apart(),
      settings: { maxCommands: 1 },
      runs: [sweep],
      vms: [commanded('hs-b sent check 7', { vips: [] })],
      outcomes: [outcome('s1 hs-c')],
    },
    ['outcome s1 hs-c waiting COMMAND_LIMIT'],
  ],
  [
    'a command that is over its time gives its place back',
    {
      world: apart(),
      settings: { maxCommands: 1 },
      runs: [sweep],
      vms: [commanded('hs-b cancelling check 7', { vips: [] })],
      outcomes: [outcome('s1 hs-c')],
    },
    ['vm hs-c intended apply 1767607201', 'outcome s1 hs-c commanded 1767607201'],
  ],
  [
    'as many as there are places, the most urgent first',
    {
      world: apart(),
      settings: { maxCommands: 1 },
      runs: [sweep, run('m1 manual hs-c')],
      outcomes: [outcome('s1 hs-b'), outcome('m1 hs-c')],
    },
    [
      'vm hs-c intended apply 1767607201',
      'outcome s1 hs-b waiting COMMAND_LIMIT',
      'outcome m1 hs-c commanded 1767607201',
    ],
  ],
  [
    'a failover that is not confirmed yet wants the same VM: they share a command',
    {
      runs: [sweep, run('f1 failover hs-a', { confirmation: pending })],
      outcomes: [outcome('s1 hs-a'), outcome('f1 hs-a')],
    },
    ['outcome s1 hs-a waiting FAILOVER_PENDING'],
  ],
  [
    'a failover that is not confirmed for two minutes: not waited for',
    {
      runs: [run('s1 sweep', { observedAt: ago(120) }), run('f1 failover hs-a', { confirmation: pending })],
      outcomes: [outcome('s1 hs-a'), outcome('f1 hs-a')],
    },
    ['vm hs-a intended apply 1767607201', 'outcome s1 hs-a commanded 1767607201'],
  ],
  [
    'a failover that is not confirmed yet, and a person',
    {
      runs: [run('m1 manual hs-a'), run('f1 failover hs-a', { confirmation: pending })],
      outcomes: [outcome('m1 hs-a'), outcome('f1 hs-a')],
    },
    ['vm hs-a intended apply 1767607201', 'outcome m1 hs-a commanded 1767607201'],
  ],
  [
    'a failed apply on another member: left alone',
    { runs: [sweep], frontends: haltedRows, outcomes: [outcome('s1 hs-a')] },
    ['outcome s1 hs-a blocked ROLLOUT_HALTED'],
  ],
  [
    'a failed apply on this very member: tried again',
    { runs: [sweep], frontends: haltedRows, outcomes: [outcome('s1 hs-b')] },
    ['vm hs-b intended apply 1767607201', 'outcome s1 hs-b commanded 1767607201'],
  ],
  [
    'a failed apply on another member, and a person',
    { runs: [run('m1 manual hs-a')], frontends: haltedRows, outcomes: [outcome('m1 hs-a')] },
    ['vm hs-a intended apply 1767607201', 'outcome m1 hs-a commanded 1767607201'],
  ],
  [
    'a failed apply on another member, and a look',
    { runs: [check], frontends: haltedRows, outcomes: [outcome('s1 hs-a')] },
    ['vm hs-a intended check 1767607201', 'outcome s1 hs-a commanded 1767607201'],
  ],
  [
    'a mirror whose row cannot be used: it may say that the rollout is halted',
    { runs: [run('m1 manual hs-a')], unusable: ['ucr'], outcomes: [outcome('m1 hs-a')] },
    ['outcome m1 hs-a blocked ROW_UNUSABLE'],
  ],
  [
    'a mirror whose row cannot be used, and a removal',
    { runs: [run('m1 manual hs-a', { mode: 'remove' })], unusable: ['ucr'], outcomes: [outcome('m1 hs-a')] },
    ['vm hs-a intended remove 1767607201 held', 'outcome m1 hs-a commanded 1767607201'],
  ],
  [
    'a VM whose row cannot be used: that VM alone',
    { runs: [sweep], unusable: ['hs-b'], outcomes: both },
    [
      'vm hs-a intended apply 1767607201',
      'outcome s1 hs-a commanded 1767607201',
      'outcome s1 hs-b blocked ROW_UNUSABLE',
    ],
  ],
  [
    'a removal: held from now on',
    { runs: [run('m1 manual hs-a', { mode: 'remove' })], vms: [vm('hs-a')], outcomes: [outcome('m1 hs-a')] },
    ['vm hs-a intended remove 7 held', 'outcome m1 hs-a commanded 7'],
  ],
  [
    'a later removal by hand takes the place of an apply by hand',
    {
      runs: [run('m1 manual hs-a'), run('m2 manual hs-a', { mode: 'remove', observedAt: ago(5) })],
      vms: [vm('hs-a')],
      outcomes: [outcome('m1 hs-a'), outcome('m2 hs-a')],
    },
    ['vm hs-a intended remove 7 held', 'outcome m1 hs-a superseded', 'outcome m2 hs-a commanded 7'],
  ],
  [
    'an Azure that asked to wait: until its time, but not for a right that a person may have given by now',
    {
      world: apart(),
      runs: [sweep, run('m1 manual hs-b hs-c')],
      vms: [refused('hs-b', 'ACCESS_DENIED'), refused('hs-c', 'AZURE_CONFLICT')],
      outcomes: [outcome('m1 hs-b'), outcome('m1 hs-c')],
    },
    ['vm hs-b intended apply 8', 'outcome m1 hs-b commanded 8', 'outcome m1 hs-c waiting AZURE_CONFLICT'],
  ],
  [
    'a right that is missing, and nobody asks: until its time',
    { runs: [sweep], vms: [refused('hs-a', 'ACCESS_DENIED')], outcomes: [outcome('s1 hs-a')] },
    ['outcome s1 hs-a waiting RIGHT_MISSING'],
  ],
  [
    'a time to wait that is over',
    { runs: [sweep], vms: [refused('hs-a', 'AZURE_CONFLICT', NOW)], outcomes: [outcome('s1 hs-a')] },
    ['vm hs-a intended apply 8', 'outcome s1 hs-a commanded 8'],
  ],
  [
    'a command that does not end: told, and so are the other members',
    { runs: [sweep], vms: [endless('apply')], outcomes: both },
    ['outcome s1 hs-a failed COMMAND_STUCK', 'outcome s1 hs-b unknown MEMBER_STUCK'],
  ],
  [
    'a look that does not end: the other members go on',
    { runs: [sweep], vms: [endless('check')], outcomes: both },
    [
      'vm hs-b intended apply 1767607201',
      'outcome s1 hs-a failed COMMAND_STUCK',
      'outcome s1 hs-b commanded 1767607201',
    ],
  ],
  [
    'a command that does not end, and a look at another member',
    { runs: [check], vms: [endless('apply')], outcomes: [outcome('s1 hs-b')] },
    ['vm hs-b intended check 1767607201', 'outcome s1 hs-b commanded 1767607201'],
  ],
  [
    'a command that does not end, and a person who asks after its cancel: cancelled once more',
    {
      runs: [run('m1 manual hs-a', { observedAt: ago(399) })],
      vms: [endless('apply')],
      outcomes: [outcome('m1 hs-a')],
    },
    ['vm hs-a cancelling apply 7', 'outcome m1 hs-a waiting VM_BUSY'],
  ],
  [
    'a command that does not end, and a person who asked before its cancel',
    {
      runs: [run('m1 manual hs-a', { observedAt: ago(400) })],
      vms: [endless('apply')],
      outcomes: [outcome('m1 hs-a')],
    },
    ['outcome m1 hs-a failed COMMAND_STUCK'],
  ],
];
for (const [what, words, comes] of table) {
  test(what, (t) => {
    const at = pass(words);
    const started = startCommands(at);
    t.deepEqual(shown(at), comes);
    t.is(started, comes.filter((line) => line.includes('intended')).length);
    t.deepEqual(at.effects, [], 'nothing is sent before the slot was read');
  });
}

test('a command as it is meant: its number, its plan, its runs, all VIPs of its VM, and its deadline', (t) => {
  const at = pass({ runs: [sweep, run('c1 change hs-a')], outcomes: [outcome('s1 hs-a'), outcome('c1 hs-a')] });
  startCommands(at);
  const row = [...at.vms.all()][0] as VmRow;
  t.like(row, { os: 'linux', location: 'westeurope', slot: 'A', seq: NOW / 1000 + 1 });
  t.like(row.command, {
    phase: 'intended',
    runIds: ['s1', 'c1'],
    vips: ['10.0.1.100', '10.0.1.101'],
    intendedAt: NOW,
    deadline: later(60),
  });
  t.is(row.command?.plan.frontends.length, 2);
  t.deepEqual(
    [...at.outcomes.readAll()].map(({ commands }) => commands),
    [1, 1],
  );
});

test('a VM’s place and system are those of today’s lists; one whose system is not known is left for now', (t) => {
  const moved = pass({
    runs: [sweep],
    vms: [vm('hs-a', { location: 'northeurope', os: 'windows' })],
    outcomes: [outcome('s1 hs-a')],
  });
  startCommands(moved);
  t.like([...moved.vms.all()][0], { location: 'westeurope', os: 'linux' });
  const begun = pass({ runs: [sweep], outcomes: [outcome('s1 hs-a')] });
  const key = idKey(vmId('hs-a'));
  const listed = begun.survey.vms.get(key) as SurveyedVm;
  const vms = new Map([[key, { ...listed, os: 'unknown' as const }]]);
  const at = { ...begun, survey: { ...begun.survey, vms } };
  t.is(startCommands(at), 0);
  t.deepEqual(shown(at), []);
});

const path = (
  verdict: OutcomePath['verdict'],
  code?: 'CONNECT_FAILED' | 'GUEST_FAILED' | 'COMMAND_FAILED' | 'NO_PROBE',
) =>
  outcome('s1 hs-a repaired', {
    paths: [
      {
        frontendId: frontendId('ucr'),
        vip: '10.0.1.100',
        exposure: 'active',
        verdict,
        proof: { kind: 'none', at: 0 },
        findings: code ? [finding(code)] : [],
      },
    ],
  });
const applied = (mode: 'apply' | 'check' = 'apply') =>
  vm('hs-a ok 7', { last: { seq: 7, mode, endedAt: NOW, changed: 0, warnings: [] } });
const BY_A = 'frontend ucr 10.0.1.10 halted by hs-a';
const BY_B = 'frontend ucr 10.0.1.10 halted by hs-b';
const FREE = 'frontend ucr 10.0.1.10';

const halts: [string, ReturnType<typeof path>, VmRow, boolean, string][] = [
  ['a connect that fails after an apply: halted', path('blocked', 'CONNECT_FAILED'), applied(), false, BY_A],
  ['a script that failed: halted', path('blocked', 'GUEST_FAILED'), applied(), false, BY_A],
  ['a command without a report: halted', path('blocked', 'COMMAND_FAILED'), applied(), false, BY_A],
  ['a fault that no apply made: not halted', path('blocked', 'NO_PROBE'), applied(), false, FREE],
  ['a connect that fails on a look: not halted', path('blocked', 'CONNECT_FAILED'), applied('check'), false, FREE],
  ['halted already: the first one stands', path('blocked', 'CONNECT_FAILED'), applied(), true, BY_B],
  ['an apply that works: cleared', path('compliant'), applied(), true, FREE],
  ['a look that works: not cleared', path('compliant'), applied('check'), true, BY_B],
  ['an apply whose proof is missing: not cleared', path('unknown'), applied(), true, BY_B],
];
for (const [what, ended, row, isHalted, comes] of halts) {
  test(`after ${what}`, (t) => {
    const at = pass({ frontends: [frontend('ucr', isHalted ? halted : {}), frontend('pi')] });
    haltOrClear(at, sweep, ended, row);
    t.deepEqual([...at.frontends.all()].map(frontendText).slice(0, 1), [comes]);
  });
}
