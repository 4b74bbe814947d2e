/** Runs that a person cancelled: what is dropped, stopped, and left to others. */
import test from 'ava';
import { cancelRuns } from '../../shared/decide/cancel.ts';
import { decide } from '../../shared/decide/decide.ts';
import { intakeOf } from '../../shared/decide/intake.ts';
import { findingText } from '../../shared/model/findings.ts';
import {
  accepted,
  ago,
  azureError,
  commanded,
  NOW,
  outcome,
  pass,
  run,
  seen,
  vm,
  type Words,
} from '../helpers/seen.ts';
import { linesOf, shown, shownOf, steps } from '../helpers/shown.ts';
import { SETTINGS } from '../helpers/world.ts';

const cancel = { by: 'nurse@example.org', at: ago(1) };
const told = { ...cancel, told: true as const };
const of = (runIds: string[], more: object = {}) => ({ runIds, ...more });

const table: [what: string, words: Words, comes: string[]][] = [
  [
    'what waits is dropped',
    { runs: [run('m1 manual hs-a hs-b', { cancel })], outcomes: [outcome('m1 hs-a'), outcome('m1 hs-b repaired')] },
    ['outcome m1 hs-a cancelled RUN_CANCELLED', 'run m1 running'],
  ],
  [
    'a command that is only meant is stopped like one that was sent: a loop that died may have sent it',
    {
      runs: [run('m1 manual hs-a', { cancel })],
      outcomes: [outcome('m1 hs-a 7')],
      vms: [commanded('hs-a intended apply 7', of(['m1']))],
    },
    ['vm hs-a cancelling apply 7', 'run m1 running'],
  ],
  [
    'a removal that is only meant is stopped too, and holds nothing back',
    {
      runs: [run('m1 manual hs-a', { cancel, mode: 'remove' })],
      outcomes: [outcome('m1 hs-a 7')],
      vms: [commanded('hs-a intended remove 7', of(['m1']), { hold: { runId: 'm1', at: ago(9) } })],
    },
    ['vm hs-a cancelling remove 7', 'run m1 running'],
  ],
  [
    'a command that was sent is to be stopped, and its outcome waits for its end',
    {
      runs: [run('m1 manual hs-a', { cancel })],
      outcomes: [outcome('m1 hs-a 7')],
      vms: [commanded('hs-a sent apply 7', of(['m1']))],
    },
    ['vm hs-a cancelling apply 7', 'run m1 running'],
  ],
  [
    'a command of another run too goes on for that one',
    {
      runs: [run('m1 manual hs-a', { cancel }), run('s1 sweep')],
      outcomes: [outcome('m1 hs-a 7'), outcome('s1 hs-a 7')],
      vms: [commanded('hs-a sent apply 7', of(['m1', 's1']))],
    },
    ['vm hs-a sent apply 7', 'outcome m1 hs-a cancelled RUN_CANCELLED', 'run m1 running'],
  ],
  [
    'the same while it is only meant',
    {
      runs: [run('m1 manual hs-a', { cancel }), run('s1 sweep')],
      outcomes: [outcome('m1 hs-a 7'), outcome('s1 hs-a 7')],
      vms: [commanded('hs-a intended apply 7', of(['s1', 'm1']))],
    },
    ['vm hs-a intended apply 7', 'outcome m1 hs-a cancelled RUN_CANCELLED', 'run m1 running'],
  ],
  [
    'another run that has ended does not keep it',
    {
      runs: [run('m1 manual hs-a', { cancel }), run('s1 sweep', { state: 'failed', settledAt: ago(1) })],
      outcomes: [outcome('m1 hs-a 7')],
      vms: [commanded('hs-a sent apply 7', of(['m1', 's1']))],
    },
    ['vm hs-a cancelling apply 7', 'run m1 running'],
  ],
  [
    'two runs that are both cancelled do not keep it for each other',
    {
      runs: [run('m1 manual hs-a', { cancel }), run('s1 sweep', { cancel })],
      outcomes: [outcome('m1 hs-a 7'), outcome('s1 hs-a 7')],
      vms: [commanded('hs-a sent check 7', of(['m1', 's1']))],
    },
    ['vm hs-a cancelling check 7', 'run m1 running', 'run s1 running'],
  ],
  [
    'a removal of an earlier run that is cancelled takes no other run’s hold away',
    {
      runs: [run('m1 manual hs-a', { cancel, mode: 'remove' })],
      outcomes: [outcome('m1 hs-a 7')],
      vms: [commanded('hs-a sent remove 7', of(['m1']), { hold: { runId: 'm0', at: ago(9) } })],
    },
    ['vm hs-a cancelling remove 7 held', 'run m1 running'],
  ],
  [
    'a command that was cancelled for its time stays so',
    {
      runs: [run('m1 manual hs-a', { cancel: told })],
      outcomes: [outcome('m1 hs-a 7')],
      vms: [commanded('hs-a cancelling apply 7', of(['m1'], { cancelled: { at: ago(9), times: 1 } }))],
    },
    [],
  ],
  [
    'other runs’ VMs and commands stay as they are',
    {
      runs: [run('m1 manual hs-a', { cancel: told }), run('m2 manual hs-b')],
      outcomes: [outcome('m2 hs-b 7')],
      vms: [commanded('hs-b sent apply 7', of(['m2'])), vm('hs-a')],
    },
    [],
  ],
  [
    'a run whose loop died while it planned: a command that was meant is waited for',
    {
      runs: [accepted('m1 manual hs-a', { cancel })],
      outcomes: [outcome('m1 hs-a 7')],
      vms: [commanded('hs-a intended apply 7', of(['m1']))],
    },
    ['vm hs-a cancelling apply 7', 'run m1 running'],
  ],
  ['a run that nobody planned ends at once', { runs: [accepted('m1 manual hs-a', { cancel })] }, ['run m1 settled']],
  [
    'one that a killed loop began to plan ends with what it left',
    { runs: [accepted('m1 manual hs-a', { cancel })], outcomes: [outcome('m1 hs-a')], begun: ['m1'] },
    ['outcome m1 hs-a cancelled RUN_CANCELLED', 'run m1 settled'],
  ],
  [
    'a run that has ended stays as it is',
    { runs: [run('m1 manual hs-a', { cancel, state: 'settled', settledAt: ago(1) })] },
    [],
  ],
];
for (const [what, words, comes] of table) {
  test(what, (t) => {
    const at = pass(words);
    cancelRuns(at);
    t.deepEqual(shown(at), comes);
    t.deepEqual(at.effects, [], 'whoever follows the command asks for its end');
  });
}

test('it is told once: who, what was dropped and what is stopped; and each VM says it', (t) => {
  const at = pass({
    runs: [run('m1 manual hs-a hs-b', { cancel })],
    outcomes: [outcome('m1 hs-a 7'), outcome('m1 hs-b')],
    vms: [commanded('hs-a sent apply 7', of(['m1']))],
  });
  cancelRuns(at);
  cancelRuns(at);
  t.deepEqual(linesOf(at, 'cancelled'), [
    { runId: 'm1', signal: 'manual', askedBy: 'nurse@example.org', dropped: 1, stopped: 1 },
  ]);
  t.deepEqual(steps(at).filter((step) => step === 'cancel').length, 1);
  const [dropped] = at.outcomes.readOfRun('m1').filter(({ result }) => result === 'cancelled');
  const [said] = dropped?.findings ?? [];
  t.is(said && findingText(said), 'The run was cancelled by nurse@example.org: nothing was begun on this VM for it.');
});

test('a run is cancelled also while the estate cannot be read', (t) => {
  const decision = decide(
    seen({ runs: [accepted('m1 manual hs-a', { cancel })], estate: azureError(403), frontends: [] }),
    SETTINGS,
  );
  t.deepEqual(shownOf(decision), ['run m1 settled']);
});

test('what is cancelled is not joined, joins nothing, and waits for no place among those under way', (t) => {
  const many = Array.from({ length: 200 }, (_, i) => run(`c${i} change hs-c`));
  const runs = [
    ...many,
    accepted('a1 change hs-a', { cancel, observedAt: ago(30) }),
    accepted('a2 change hs-a', { observedAt: ago(20) }),
    accepted('a3 change hs-a', { observedAt: ago(10) }),
  ];
  const { planned, joined } = intakeOf(runs);
  t.deepEqual([...planned], ['a1']);
  t.deepEqual([...joined], [['a3', 'a2']]);
});

test('a run that begins to be cancelled plans nothing and hands nothing on', (t) => {
  const decision = decide(seen({ runs: [accepted('s1 sweep', { cancel })] }), SETTINGS);
  t.false(decision.writes.some(({ table: name }) => name === 'outcomes'));
  t.deepEqual(decision.ring, []);
  t.true(NOW > 0);
});

test('one that a killed loop began to plan tells others of the VM that failed in it', (t) => {
  const at = pass({
    runs: [accepted('m1 manual hs-a', { cancel })],
    outcomes: [outcome('m1 hs-a failed')],
    begun: ['m1'],
    settings: { tellsEvents: true },
  });
  at.seen.news = [];
  cancelRuns(at);
  t.deepEqual(
    at.news.changes().flatMap(({ row }) => row.pending.map(({ kind }) => kind)),
    ['RunFailed'],
  );
});
