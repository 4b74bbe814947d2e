/** From an accepted run to its outcomes. Long: tables of cases about one thing. */
import test from 'ava';
import { planRuns } from '../../shared/decide/planRun.ts';
import { finding } from '../../shared/model/findings.ts';
import { idKey, shortName } from '../../shared/model/ids.ts';
import type { RunRow } from '../../shared/model/rows.ts';
import { accepted, ago, frontend, later, looked, outcome, pass, run, vm, type Words } from '../helpers/seen.ts';
import { codes, linesOf, shown } from '../helpers/shown.ts';
import { articleWorld, frontendId, nicId, OTHER, SETTINGS, SUBSCRIPTION, vmId, type World } from '../helpers/world.ts';

function worldWith(change: (world: World) => void): World {
  const world = articleWorld();
  change(world);
  return world;
}
const stopped = worldWith((world) => world.stopped.add('hs-a'));
const oneNic = worldWith((world) => world.oneNic.add('hs-a'));
const optedOut = worldWith((world) => world.tags.set('hs-a', { 'ilb-hairpin-guard-opt-out': 'yes' }));
const HOLD = { hold: { runId: 'r1', at: ago(900) } };
const fine = (name: string) => vm(name, { look: looked(name) });

const table: [string, Words, string[]][] = [
  // sweeps look where a look is due
  [
    'a sweep of VMs that were never looked at: both wait',
    { runs: [accepted('s1 sweep')] },
    ['outcome s1 hs-a waiting', 'outcome s1 hs-b waiting', 'run s1 running'],
  ],
  [
    'a sweep of VMs that were fine a minute ago: none',
    { runs: [accepted('s1 sweep')], vms: [fine('hs-a'), fine('hs-b')] },
    ['run s1 running'],
  ],
  ...(
    [
      ['looked at a day ago', { look: looked('hs-a', { at: ago(86_401) }) }],
      ['looked at under another plan', { look: looked('hs-a', { planHash: 'other' }) }],
      ['whose last command failed', { look: looked('hs-a'), findings: [{ code: 'ACCESS_DENIED', params: {} }] }],
      ['whose script ended with an error', { look: looked('hs-a', { report: { errorCode: 'BUSY' } }) }],
      ['whose state was not as planned', { look: looked('hs-a', { mode: 'check', drift: ['route-missing'] }) }],
      ['whose connects failed', { look: looked('hs-a', { connect: 'timeout' }) }],
    ] as const
  ).map(([how, row]): (typeof table)[number] => [
    `a sweep of a VM ${how}: it waits`,
    { runs: [accepted('s1 sweep')], vms: [vm('hs-a', { ...row } as Parameters<typeof vm>[1]), fine('hs-b')] },
    ['outcome s1 hs-a waiting', 'run s1 running'],
  ]),
  [
    'a sweep of a VM whose connects nobody can prove: its look is not due, and it is told',
    { runs: [accepted('s1 sweep')], vms: [vm('hs-a', { look: looked('hs-a', { connect: 'none' }) }), fine('hs-b')] },
    ['outcome s1 hs-a unknown', 'run s1 running'],
  ],
  [
    'a sweep of a VM that is held: blocked, and the other waits',
    { runs: [accepted('s1 sweep')], vms: [vm('hs-a', HOLD)] },
    ['outcome s1 hs-a blocked REMOVED_BY_HAND', 'outcome s1 hs-b waiting', 'run s1 running'],
  ],
  [
    'a sweep of a VM that is stopped: unknown',
    { world: stopped, runs: [accepted('s1 sweep')] },
    ['outcome s1 hs-a unknown', 'outcome s1 hs-b waiting', 'run s1 running'],
  ],
  [
    'a sweep of a VM without a secondary NIC: blocked, and what was seen under its last plan is forgotten',
    { world: oneNic, runs: [accepted('s1 sweep')], vms: [fine('hs-a'), fine('hs-b')] },
    ['vm hs-a', 'outcome s1 hs-a blocked', 'run s1 running'],
  ],
  [
    'a sweep that meets a row that cannot be used: that VM is blocked, the other waits',
    { runs: [accepted('s1 sweep')], unusable: ['hs-a'] },
    ['outcome s1 hs-a blocked ROW_UNUSABLE', 'outcome s1 hs-b waiting', 'run s1 running'],
  ],

  // by hand
  ['by hand, of one VM', { runs: [accepted('m1 manual hs-a')] }, ['outcome m1 hs-a waiting', 'run m1 running']],
  [
    'by hand, of a VM that was fine a minute ago: looked at all the same',
    { runs: [accepted('m1 manual hs-a')], vms: [fine('hs-a')] },
    ['outcome m1 hs-a waiting', 'run m1 running'],
  ],
  [
    'by hand, of a VM that is held: the hold is taken back',
    { runs: [accepted('m1 manual hs-a')], vms: [vm('hs-a', HOLD)] },
    ['vm hs-a', 'outcome m1 hs-a waiting', 'run m1 running'],
  ],
  [
    'by hand, of a mirror of a VM that is held: held all the same',
    { runs: [accepted('m1 manual ucr')], vms: [vm('hs-a', HOLD)] },
    ['outcome m1 hs-a blocked REMOVED_BY_HAND', 'outcome m1 hs-b waiting', 'run m1 running'],
  ],
  [
    'a dry run by hand of a VM that is held: the hold stays, and it says so',
    { runs: [accepted('m1 manual hs-a', { dryRun: true })], vms: [vm('hs-a', HOLD)] },
    ['outcome m1 hs-a blocked REMOVED_BY_HAND', 'run m1 running'],
  ],
  [
    'a check of a VM that is held: looked at',
    { runs: [accepted('m1 manual hs-a', { mode: 'check' })], vms: [vm('hs-a', HOLD)] },
    ['outcome m1 hs-a waiting', 'run m1 running'],
  ],
  [
    'a dry run: planned, and nothing waits',
    { runs: [accepted('m1 manual hs-a', { dryRun: true })] },
    ['outcome m1 hs-a planned', 'run m1 running'],
  ],
  [
    'a removal from a VM without a plan: it needs none',
    { world: oneNic, runs: [accepted('m1 manual hs-a', { mode: 'remove' })] },
    ['outcome m1 hs-a waiting', 'run m1 running'],
  ],
  [
    'by hand, of a VM that Azure does not list: unknown',
    { runs: [accepted('m1 manual hs-gone')] },
    ['outcome m1 hs-gone unknown VM_NOT_FOUND', 'run m1 running'],
  ],
  [
    'by hand, of a VM that is opted out: unknown, and why',
    { world: optedOut, runs: [accepted('m1 manual hs-a')] },
    ['outcome m1 hs-a unknown OPTED_OUT', 'run m1 running'],
  ],
  [
    'by hand, of a VM behind nothing: unknown',
    { world: worldWith((world) => world.vms.push('hs-c')), runs: [accepted('m1 manual hs-c')] },
    ['outcome m1 hs-c unknown NOT_A_MEMBER', 'run m1 running'],
  ],

  // events
  [
    'a failover to hs-b: both members of its mirror',
    { runs: [accepted('f1 failover hs-b 10.0.1.100')], vms: [fine('hs-a'), fine('hs-b')] },
    ['outcome f1 hs-a waiting', 'outcome f1 hs-b waiting', 'run f1 running'],
  ],
  [
    'a failover to a VM that Azure does not list',
    { runs: [accepted('f1 failover hs-gone')] },
    ['outcome f1 hs-gone unknown VM_NOT_FOUND', 'run f1 running'],
  ],
  ['a failover with a VIP that is not the VM’s', { runs: [accepted('f1 failover hs-b 10.9.9.9')] }, ['run f1 running']],
  [
    'a change of one VM: that one, however fresh its look is',
    { runs: [accepted('c1 change hs-a')], vms: [fine('hs-a')] },
    ['outcome c1 hs-a waiting', 'run c1 running'],
  ],
  [
    'a change of a VM that Azure does not list: no word',
    { runs: [accepted('c1 change hs-gone')], vms: [fine('hs-a'), fine('hs-b')] },
    ['run c1 running'],
  ],
  [
    'a change, and another VM whose plan is not the one it was looked at under: that one too',
    {
      runs: [accepted('c1 change hs-a')],
      vms: [fine('hs-a'), vm('hs-b', { look: looked('hs-b', { planHash: 'other' }) })],
    },
    ['outcome c1 hs-a waiting', 'outcome c1 hs-b waiting', 'run c1 running'],
  ],
  [
    'a change of a mirror: its members whose look is due',
    { runs: [accepted('c1 change ucr')], vms: [fine('hs-a')] },
    ['outcome c1 hs-b waiting', 'run c1 running'],
  ],
  [
    'a primary that moved: all members of its mirror',
    { runs: [accepted('p1 moved ucr')], vms: [fine('hs-a'), fine('hs-b')] },
    ['outcome p1 hs-a waiting', 'outcome p1 hs-b waiting', 'run p1 running'],
  ],

  // twice
  ['a run that is planned already', { runs: [run('s1 sweep')] }, []],
  [
    'a run that a loop was killed over: who has an outcome keeps it',
    { runs: [accepted('s1 sweep')], outcomes: [outcome('s1 hs-a 7')] },
    ['outcome s1 hs-b waiting', 'run s1 running'],
  ],
  [
    'a run that a loop was killed over, one of whose outcomes cannot be read: none is put in its place',
    { runs: [accepted('s1 sweep')], unreadable: { s1: ['hs-a'] } },
    ['outcome s1 hs-b waiting', 'run s1 running'],
  ],
];
for (const [what, words, comes] of table) {
  test(what, (t) => {
    const at = pass(words);
    planRuns(at);
    t.deepEqual(shown(at), comes);
  });
}

test('a run counts the VMs that needed no look, and counts them once', (t) => {
  const at = pass({ runs: [accepted('s1 sweep', { fresh: 5 })], vms: [fine('hs-a'), fine('hs-b')] });
  planRuns(at);
  t.is(at.runs.get('s1')?.fresh, 2);
});

test('a dry run says what would be sent', (t) => {
  const at = pass({ runs: [accepted('m1 manual hs-a', { dryRun: true })] });
  planRuns(at);
  const [planned] = at.outcomes.readAll();
  t.like(planned?.planned, { os: 'linux', limits: { connectSeconds: 3, totalSeconds: 60 } });
  t.is(planned?.planned?.plan.frontends.length, 2);
});

test('what is logged of a VM is what its row says', (t) => {
  const at = pass({ runs: [accepted('m1 manual hs-gone')] });
  planRuns(at);
  const [row] = at.outcomes.readAll();
  t.deepEqual(
    linesOf(at, 'settled').map(({ vmId, result, findings }) => [vmId, result, findings]),
    [[vmId('hs-gone'), row?.result, ['VM_NOT_FOUND']]],
  );
  t.is(row?.result, 'unknown');
});

test('a VM without a plan loses the look and proofs of its last one', (t) => {
  const row = { ...fine('hs-a'), proofs: { '10.0.1.100': { kind: 'self' as const, at: ago(60) } } };
  const at = pass({ world: oneNic, runs: [accepted('s1 sweep')], vms: [row], frontends: [frontend('ucr')] });
  planRuns(at);
  t.like([...at.vms.all()][0], { look: undefined, proofs: {} });
});

const SECOND = { scope: { ...SETTINGS.scope, subscriptionIds: [SUBSCRIPTION, OTHER] } };
const refusedBefore = vm('hs-a', {
  last: { seq: 6, mode: 'apply', endedAt: ago(60), changed: 0, warnings: [], failure: finding('ACCESS_DENIED') },
});
const more: [string, Words, string[]][] = [
  [
    'a sweep of a VM for which Azure refused a command today: not put to the test again',
    { runs: [accepted('s1 sweep')], vms: [refusedBefore, fine('hs-b')] },
    ['outcome s1 hs-a blocked ACCESS_DENIED', 'run s1 running'],
  ],
  [
    'by hand, of a VM for which Azure refused a command today: sent all the same',
    { runs: [accepted('m1 manual hs-a')], vms: [refusedBefore] },
    ['outcome m1 hs-a waiting', 'run m1 running'],
  ],
  [
    'by hand, of a VM without a plan: told at once',
    { world: oneNic, runs: [accepted('m1 manual hs-a')] },
    ['outcome m1 hs-a blocked', 'run m1 running'],
  ],
  [
    'a dry run of a removal needs no plan',
    { world: oneNic, runs: [accepted('m1 manual hs-a', { mode: 'remove', dryRun: true })] },
    ['outcome m1 hs-a planned', 'run m1 running'],
  ],
  [
    'a change of a NIC: its VM, however fresh its look is',
    {
      runs: [accepted('c1 change', { scope: [{ kind: 'nic', id: nicId('hs-a-1') }] })],
      vms: [fine('hs-a'), fine('hs-b')],
    },
    ['outcome c1 hs-a waiting', 'run c1 running'],
  ],
  [
    'a retry by hand of a VM that is held: held all the same',
    { runs: [accepted('m1 manual hs-a', { retryOf: 'm0' })], vms: [vm('hs-a', HOLD)] },
    ['outcome m1 hs-a blocked REMOVED_BY_HAND', 'run m1 running'],
  ],
];
for (const [what, words, comes] of more) {
  test(what, (t) => {
    const at = pass(words);
    planRuns(at);
    t.deepEqual(shown(at), comes);
  });
}

for (const code of ['SUBSCRIPTION_NOT_CONFIGURED', 'SUBSCRIPTION_UNREAD'] as const) {
  test(`a sweep says of VMs behind something in another subscription that it is not seen: ${code}`, (t) => {
    const begun = pass({
      world: worldWith((world) => world.vms.push('hs-c')),
      runs: [accepted('s1 sweep')],
      vms: [fine('hs-a'), fine('hs-b')],
    });
    const listed = [vmId('hs-a'), vmId('hs-c')].map((id) => ({ id, finding: finding(code) }));
    const listedOf = new Map(listed.map((item) => [idKey(item.id), [item]]));
    const at = { ...begun, survey: { ...begun.survey, listed }, evaluation: { ...begun.evaluation, listedOf } };
    planRuns(at);
    t.deepEqual(
      [...at.outcomes.readAll()].map((row) => `${shortName(row.vmId)} ${codes(row.findings)}`),
      [`hs-a ${code}`, `hs-c ${code}`],
    );
  });
}

test('VMs of other subscriptions: each of those that are configured is handed the run, a sweep is not', (t) => {
  const world = worldWith(({ homes }) => homes.set('hs-b', OTHER));
  const handed = (row: RunRow, settings: Words['settings'] = SECOND) => {
    const at = pass({ world, settings, runs: [row] });
    planRuns(at);
    t.deepEqual(
      [...at.outcomes.readAll()].map((one) => shortName(one.vmId)),
      ['hs-a'],
    );
    return at.handed;
  };
  const asked = accepted('m1 manual ucr', { askedBy: 'nurse', mode: 'check' });
  const { startedAt: _, ...same } = asked;
  t.deepEqual(handed(asked), [{ ...same, subscriptionId: OTHER, handedBy: SUBSCRIPTION }]);
  t.deepEqual(handed(accepted('s1 sweep')), []);
  t.deepEqual(handed(accepted('m1 manual ucr', { handedBy: OTHER })), [], 'one that was handed itself');
});

const PENDING = {
  state: 'pending' as const,
  vmId: vmId('hs-b'),
  frontendIds: [frontendId('ucr')],
  until: later(20),
};
const notice = (more: Partial<RunRow> = {}) =>
  accepted('f1 failover hs-b 10.0.1.100', { observedAt: ago(1), confirmation: PENDING, ...more });
const gathering: [string, Words, boolean][] = [
  ['a failover that nobody was asked about', { runs: [notice()] }, true],
  ['one whose health was asked', { runs: [notice({ observedAt: ago(9) })] }, false],
  ['one that is confirmed', { runs: [notice({ confirmation: { ...PENDING, state: 'confirmed' } })] }, false],
  ['one that was told of a stopped VM already', { world: stopped, runs: [notice()] }, false],
  [
    'one that another subscription works on too',
    { world: worldWith((world) => world.homes.set('hs-b', OTHER)), settings: SECOND, runs: [notice()] },
    false,
  ],
  ['a sweep', { runs: [accepted('s1 sweep')] }, false],
];
for (const [what, words, gathers] of gathering) {
  test(`later signals ${gathers ? 'may' : 'do not'} join ${what}`, (t) => {
    const at = pass(words);
    planRuns(at);
    const [row] = [...at.runs.readAll()];
    t.is(row?.state, 'running');
    t.is(row?.gathers, gathers ? true : undefined);
  });
}
