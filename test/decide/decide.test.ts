/** One pass from end to end: what it writes and does in one go, and when it looks again. */
import test from 'ava';
import { decide } from '../../shared/decide/decide.ts';
import { DEFAULT_TAGS } from '../../shared/model/scope.ts';
import {
  accepted,
  ago,
  azureError,
  commanded,
  commandId,
  later,
  looked,
  outcome,
  printed,
  READY,
  refuses,
  run,
  seen,
  shows,
  up,
  vm,
  type Words,
} from '../helpers/seen.ts';
import { shownOf } from '../helpers/shown.ts';
import { articleWorld, frontendId, SETTINGS, vmId } from '../helpers/world.ts';

const mine = { commandId: commandId('hs-b', 7) };
const SEQ = 1767607201;
const pending = { state: 'pending' as const, vmId: vmId('hs-b'), frontendIds: [frontendId('ucr')], until: later(9) };
const audited = articleWorld();
audited.tags.set('hs-b', { [DEFAULT_TAGS.auditTag]: 'true' });

const table: [string, Words, string[], number | undefined][] = [
  ['nothing is open', { estate: 'unread' }, [], undefined],
  [
    'a sweep: planned, and the first command is meant',
    { runs: [accepted('s1 sweep')] },
    [
      `vm hs-b intended apply ${SEQ}`,
      'outcome s1 hs-a waiting MEMBER_BUSY',
      `outcome s1 hs-b commanded ${SEQ}`,
      'run s1 running',
    ],
    0,
  ],
  [
    'a command that is meant, and a free slot: sent',
    {
      runs: [run('s1 sweep')],
      outcomes: [outcome('s1 hs-b 7')],
      vms: [vm('hs-b intended apply 7')],
      looks: { 'hs-b': shows(undefined, READY) },
    },
    ['vm hs-b sent apply 7', 'send hs-b A apply 7'],
    5,
  ],
  [
    'a command that runs: looked at after a bell',
    {
      estate: 'unread',
      runs: [run('s1 sweep')],
      outcomes: [outcome('s1 hs-b 7'), outcome('s1 hs-a', { waitingFor: 'MEMBER_BUSY' })],
      vms: [commanded('hs-b sent apply 7', { shown: true })],
      looks: { 'hs-b': shows({ ...mine, state: 'Running' }) },
    },
    [],
    5,
  ],
  [
    'a command that ended: its outcome is settled, and the other member’s command is meant in the same pass',
    {
      runs: [run('s1 sweep')],
      outcomes: [outcome('s1 hs-b 7'), outcome('s1 hs-a', { waitingFor: 'MEMBER_BUSY' })],
      vms: [commanded('hs-b sent apply 7', { shown: true, runIds: ['s1'] })],
      looks: { 'hs-b': shows({ ...mine, state: 'Succeeded', output: printed('hs-b', 7, { changed: 3 }) }) },
    },
    [
      'vm hs-b ended 7',
      `vm hs-a intended apply ${SEQ}`,
      'outcome s1 hs-b repaired',
      `outcome s1 hs-a commanded ${SEQ}`,
    ],
    0,
  ],
  [
    'an apply that broke connects: the other member is left alone, and the run is over',
    {
      runs: [run('s1 sweep')],
      outcomes: [outcome('s1 hs-b 7'), outcome('s1 hs-a', { waitingFor: 'MEMBER_BUSY' })],
      vms: [commanded('hs-b sent apply 7', { shown: true, runIds: ['s1'] })],
      looks: {
        'hs-b': shows({ ...mine, state: 'Succeeded', output: printed('hs-b', 7, { connect: 't3000', proof: 'n' }) }),
      },
    },
    [
      'frontend ucr 10.0.1.10 halted by hs-b',
      'frontend pi 10.0.1.10 halted by hs-b',
      'vm hs-b ended 7',
      'outcome s1 hs-b blocked',
      'outcome s1 hs-a blocked ROLLOUT_HALTED',
      'run s1 settled',
    ],
    undefined,
  ],
  [
    'the last command ended: the run is settled',
    {
      runs: [run('m1 manual hs-b')],
      outcomes: [outcome('m1 hs-b 7')],
      vms: [commanded('hs-b sent apply 7', { shown: true })],
      looks: { 'hs-b': shows({ ...mine, state: 'Succeeded', output: printed('hs-b', 7) }) },
    },
    ['vm hs-b ended 7', 'outcome m1 hs-b compliant', 'run m1 settled'],
    undefined,
  ],
  [
    'the same, where not all of the run was read: read at once',
    {
      whole: [],
      runs: [run('m1 manual hs-b')],
      outcomes: [outcome('m1 hs-b 7')],
      vms: [commanded('hs-b sent apply 7', { shown: true })],
      looks: { 'hs-b': shows({ ...mine, state: 'Succeeded', output: printed('hs-b', 7) }) },
    },
    ['vm hs-b ended 7', 'outcome m1 hs-b compliant'],
    0,
  ],
  [
    'a failover that is announced: its outcomes wait until the probes follow',
    { runs: [accepted('f1 failover hs-b 10.0.1.100')] },
    ['outcome f1 hs-a waiting', 'outcome f1 hs-b waiting', 'run f1 running pending'],
    5,
  ],
  [
    'a failover that the probes follow: the new primary first',
    {
      runs: [run('f1 failover hs-b 10.0.1.100', { confirmation: pending })],
      outcomes: [outcome('f1 hs-a'), outcome('f1 hs-b')],
      health: { ucr: up('ucr', 'hs-b') },
    },
    [
      'frontend ucr 10.0.1.20',
      `vm hs-b intended apply ${SEQ}`,
      'outcome f1 hs-a waiting MEMBER_BUSY',
      `outcome f1 hs-b commanded ${SEQ}`,
      'run f1 running confirmed',
    ],
    0,
  ],
  [
    'a primary that moved: a run that the next pass plans',
    { estate: 'unread', health: { ucr: up('ucr', 'hs-b') } },
    ['run moved accepted', 'frontend ucr 10.0.1.20'],
    0,
  ],
  [
    'an audited VM: only looked at, and the other member need not wait for it',
    { world: audited, runs: [accepted('s1 sweep')] },
    [
      `vm hs-b intended check ${SEQ}`,
      `vm hs-a intended apply ${SEQ}`,
      `outcome s1 hs-a commanded ${SEQ}`,
      `outcome s1 hs-b commanded ${SEQ}`,
      'run s1 running',
    ],
    0,
  ],
  [
    'a VM that throttling keeps waiting: not before its time',
    {
      estate: 'unread',
      runs: [run('m1 manual hs-b')],
      outcomes: [outcome('m1 hs-b', { waitingFor: 'AZURE_THROTTLED', notBefore: later(30) })],
    },
    [],
    30,
  ],
  [
    'the estate cannot be read: told on the run, and tried again after a bell',
    { estate: azureError(503), runs: [accepted('s1 sweep')] },
    ['run s1 accepted because AZURE_FAILED'],
    5,
  ],
  [
    'a command in flight of which no run is open: looked at until it ends',
    {
      estate: 'unread',
      vms: [commanded('hs-b sent apply 7', { shown: true })],
      looks: { 'hs-b': refuses(503) },
    },
    [],
    5,
  ],
  [
    'a VM whose row cannot be used: blocked, and the other one gets its command',
    { runs: [accepted('s1 sweep')], unusable: ['hs-b'] },
    [
      `vm hs-a intended apply ${SEQ}`,
      `outcome s1 hs-a commanded ${SEQ}`,
      'outcome s1 hs-b blocked ROW_UNUSABLE',
      'run s1 running',
    ],
    0,
  ],
  [
    'a mirror whose row cannot be used: its members are left alone',
    { runs: [accepted('s1 sweep')], unusable: ['ucr'] },
    ['outcome s1 hs-a blocked ROW_UNUSABLE', 'outcome s1 hs-b blocked ROW_UNUSABLE', 'run s1 settled'],
    undefined,
  ],
  [
    'events about one VM: one run does the work',
    {
      runs: [accepted('c1 change hs-b', { observedAt: ago(9) }), accepted('c2 change hs-b', { observedAt: ago(3) })],
      vms: [vm('hs-a', { look: looked('hs-a') })],
    },
    [`vm hs-b intended apply ${SEQ}`, `outcome c1 hs-b commanded ${SEQ}`, 'run c1 running', 'run c2 settled joined c1'],
    0,
  ],
];
for (const [what, words, comes, nextLook] of table) {
  test(what, (t) => {
    const observed = seen(words);
    const before = structuredClone({ runs: observed.runs, outcomes: observed.outcomes, vms: observed.vms });
    const decision = decide(observed, { ...SETTINGS, ...words.settings });
    t.deepEqual(
      shownOf(decision).map((line) => line.replace(/^run [0-9a-f]{32}/, 'run moved')),
      comes,
    );
    t.is(decision.nextLook, nextLook);
    t.deepEqual({ runs: observed.runs, outcomes: observed.outcomes, vms: observed.vms }, before, 'what was seen stays');
  });
}
