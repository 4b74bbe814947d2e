/** Which accepted runs are planned in a pass, and which join another. */
import test from 'ava';
import { intakeOf } from '../../shared/decide/intake.ts';
import type { RunRow } from '../../shared/model/rows.ts';
import { accepted, ago, run } from '../helpers/seen.ts';

const many = (count: number, text: (i: number) => string, more: Partial<RunRow> = {}): RunRow[] =>
  Array.from({ length: count }, (_, i) => accepted(text(i), more));

const table: [string, RunRow[], string[], string[], Record<string, string>][] = [
  ['nothing', [], [], [], {}],
  ['one sweep', [accepted('s1 sweep')], [], ['s1'], {}],
  ['one that runs already', [run('s1 sweep')], [], [], {}],
  [
    'two events about one VM: the later joins the earlier',
    [accepted('c2 change hs-a', { observedAt: ago(5) }), accepted('c1 change hs-a', { observedAt: ago(9) })],
    [],
    ['c1'],
    { c2: 'c1' },
  ],
  ['events about two VMs', [accepted('c1 change hs-a'), accepted('c2 change hs-b')], [], ['c1', 'c2'], {}],
  [
    'a change of a VM and a failover to it',
    [accepted('c1 change hs-a'), accepted('f1 failover hs-a')],
    [],
    ['c1', 'f1'],
    {},
  ],
  [
    'failovers to one VM of two of its mirrors',
    [accepted('f1 failover hs-a 10.0.1.100'), accepted('f2 failover hs-a 10.0.1.101')],
    [],
    ['f1', 'f2'],
    {},
  ],
  ['events with other modes', [accepted('s1 sweep'), accepted('s2 sweep', { mode: 'check' })], [], ['s1', 's2'], {}],
  ['a run by hand joins none', [accepted('m1 manual hs-a'), accepted('m2 manual hs-a')], [], ['m1', 'm2'], {}],
  [
    'an event about a VM with a run under way is looked at anew',
    [run('c1 change hs-a'), accepted('c2 change hs-a')],
    [],
    ['c2'],
    {},
  ],
  [
    'a failover like one under way that gathers joins it',
    [run('f1 failover hs-a', { gathers: true }), accepted('f2 failover hs-a'), accepted('f3 failover hs-b')],
    [],
    ['f3'],
    { f2: 'f1' },
  ],
  [
    'one that gathered and was cancelled gathers no more',
    [run('f1 failover hs-a', { gathers: true, cancel: { by: 'ann', at: ago(1) } }), accepted('f2 failover hs-a')],
    [],
    ['f2'],
    {},
  ],
  [
    'a failover with another mode joins none that gathers',
    [run('f1 failover hs-a', { gathers: true }), accepted('f2 failover hs-a', { mode: 'check' })],
    [],
    ['f2'],
    {},
  ],
  [
    'a run that the pass before began to plan joins none, and others join it',
    [accepted('c1 change hs-a', { observedAt: ago(9) }), accepted('c2 change hs-a', { observedAt: ago(5) })],
    ['c2'],
    ['c2'],
    { c1: 'c2' },
  ],
  [
    'by hand first, then the oldest',
    [
      accepted('c1 change hs-a', { observedAt: ago(5) }),
      accepted('c2 change hs-b', { observedAt: ago(9) }),
      accepted('m1 manual hs-a', { observedAt: ago(1) }),
    ],
    [],
    ['m1', 'c2', 'c1'],
    {},
  ],
];
for (const [what, runs, begun, planned, joined] of table) {
  test(what, (t) => {
    const intake = intakeOf(runs, begun);
    t.deepEqual([...intake.planned], planned);
    t.deepEqual(Object.fromEntries(intake.joined), joined);
  });
}

test('200 runs are planned in a pass, those by hand among them', (t) => {
  const { planned } = intakeOf([...many(1000, (i) => `c${i} change hs-${i}`), ...many(3, (i) => `m${i} manual hs-a`)]);
  t.is(planned.size, 200);
  t.deepEqual([...planned].slice(0, 3), ['m0', 'm1', 'm2']);
});

test('while 200 failovers are under way no other is planned, but a sweep and a person are', (t) => {
  const underWay = Array.from({ length: 200 }, (_, i) => run(`r${i} failover hs-${i}`));
  const { planned } = intakeOf([
    ...underWay,
    accepted('f1 failover hs-a'),
    accepted('s1 sweep'),
    accepted('m1 manual hs-a'),
  ]);
  t.deepEqual([...planned], ['m1', 's1']);
});

test('of ten thousand events about one VM a thousand join it in a pass, and none is planned twice', (t) => {
  const { planned, joined } = intakeOf(many(10_000, (i) => `c${i} change hs-a`));
  t.is(planned.size, 1);
  t.is(joined.size, 1000);
  t.deepEqual([...new Set(joined.values())], [...planned]);
});
