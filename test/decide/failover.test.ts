/** A failover's announcement against the probes. */
import test from 'ava';
import { confirm } from '../../shared/decide/failover.ts';
import { type Confirmation, type FrontendRow, isUnconfirmed, type RunRow } from '../../shared/model/rows.ts';
import { ago, frontend, later, NOW, pass, run } from '../helpers/seen.ts';
import { levels, steps } from '../helpers/shown.ts';
import { articleWorld, frontendId, vmId } from '../helpers/world.ts';

const pending: Confirmation = {
  state: 'pending',
  vmId: vmId('hs-b'),
  frontendIds: [frontendId('ucr')],
  until: later(20),
};
const late = { ...pending, until: ago(1) };
const ofUcr = (confirmation?: Confirmation, more: Partial<RunRow> = {}) =>
  run('f1 failover hs-b 10.0.1.100', { ...(confirmation ? { confirmation } : {}), ...more });

/** A mirror's row with this VM alone up, as it was so many seconds ago, and asked then or since. */
function health(mirror: string, on: string | undefined, seconds = 2, askedSeconds = seconds): FrontendRow {
  const world = articleWorld();
  for (const item of world.mirrors) item.primary = on;
  return frontend(mirror, { knownAt: ago(seconds), askedAt: ago(askedSeconds) }, world);
}
/** The same with a question that Azure has not answered. */
const asking = (row: FrontendRow): FrontendRow => ({
  ...row,
  asking: { ruleId: row.healthRuleId ?? '', location: 'https://x/later', since: row.askedAt, notBefore: row.askedAt },
});
const both = (row: FrontendRow): FrontendRow => ({
  ...row,
  backends: row.backends.map((item) => ({ ...item, up: true, reason: 'Up_Probe_Success' })),
});
const unasked = (row: FrontendRow): FrontendRow => {
  const { healthRuleId: _, ...rest } = row;
  return rest;
};

const table: [string, RunRow, FrontendRow[], string | undefined][] = [
  ['another signal than a failover', run('s1 sweep'), [health('ucr', 'hs-b')], undefined],
  ['the VM alone is up, as announced', ofUcr(), [health('ucr', 'hs-b')], 'confirmed'],
  ['the VM before is still up', ofUcr(), [health('ucr', 'hs-a')], 'pending'],
  ['nobody is up', ofUcr(), [health('ucr', undefined)], 'pending'],
  ['two are up', ofUcr(), [both(health('ucr', 'hs-b'))], 'pending'],
  ['health from before the notice', ofUcr(), [health('ucr', 'hs-b', 61)], 'pending'],
  [
    'health from before a later notice that joined',
    ofUcr(undefined, { latestAt: ago(1) }),
    [health('ucr', 'hs-b')],
    'pending',
  ],
  ['health was never known', ofUcr(), [{ ...health('ucr', 'hs-b'), knownAt: 0 }], 'pending'],
  ['time is up, and health shows another', ofUcr(late), [health('ucr', 'hs-a')], 'refused'],
  ['time is up, and health did not answer', ofUcr(late), [health('ucr', 'hs-a', 61)], 'pending'],
  [
    'time is up for a minute, and health did not answer',
    ofUcr({ ...pending, until: ago(60) }),
    [health('ucr', 'hs-a', 61, 5)],
    'refused',
  ],
  [
    'time is up for a minute, and health was asked too late to have answered',
    ofUcr({ ...pending, until: ago(60) }),
    [asking(health('ucr', 'hs-a', 61, 59))],
    'pending',
  ],
  [
    'time is up for a minute, and a question of a minute ago is open',
    ofUcr({ ...pending, until: ago(60) }),
    [asking(health('ucr', 'hs-a', 61, 60))],
    'refused',
  ],
  [
    'time is up for a minute, and the ceiling let nobody ask since the notice',
    ofUcr({ ...pending, until: ago(60) }),
    [health('ucr', 'hs-a', 61)],
    'pending',
  ],
  [
    'the ceiling let nobody ask for half an hour',
    ofUcr({ ...pending, until: ago(1800) }),
    [health('ucr', 'hs-a', 61)],
    'refused',
  ],
  [
    'time is up for a minute, and the notice is in the future: the clock was set back',
    ofUcr({ ...pending, until: ago(60) }, { observedAt: later(900) }),
    [health('ucr', 'hs-a', 61)],
    'refused',
  ],
  ['time is up, and the VM is up in the end', ofUcr(late), [health('ucr', 'hs-b')], 'confirmed'],
  ['confirmed before: that stands', ofUcr({ ...pending, state: 'confirmed' }), [health('ucr', 'hs-a')], 'confirmed'],
  [
    'without a VIP, and one of its mirrors moved',
    run('f1 failover hs-b'),
    [health('ucr', 'hs-b'), health('pi', 'hs-a')],
    'confirmed',
  ],
  [
    'without a VIP, and none of its mirrors moved',
    run('f1 failover hs-b'),
    [health('ucr', 'hs-a'), health('pi', 'hs-a')],
    'pending',
  ],
  [
    'without a VIP, and one of its mirrors is unknown',
    run('f1 failover hs-b'),
    [health('ucr', 'hs-b'), health('pi', 'hs-a', 61)],
    'pending',
  ],
  ['a VIP that is not the VM’s', run('f1 failover hs-b 10.9.9.9'), [health('ucr', 'hs-b')], undefined],
  ['a VM that is not there', run('f1 failover hs-gone'), [health('ucr', 'hs-b')], undefined],
];
for (const [what, of, rows, state] of table) {
  test(`${what}: ${state ?? 'nothing to confirm'}`, (t) => {
    const at = pass({ runs: [of], frontends: rows });
    const row = at.runs.get(of.runId) as RunRow;
    confirm(at, row);
    t.is(row.confirmation?.state, state as Confirmation['state'] | undefined);
    t.is(isUnconfirmed(row), state === 'pending');
  });
}

test('a mirror that no rule can be asked for is not waited for', (t) => {
  const world = articleWorld();
  const at = pass({ world, runs: [ofUcr()], frontends: [unasked(health('ucr', undefined))] });
  const frontends = at.evaluation.frontends.map(({ healthRuleId: _, ...view }) => view);
  const row = at.runs.get('f1') as RunRow;
  confirm(
    {
      ...at,
      evaluation: { ...at.evaluation, frontends, frontendByKey: new Map(frontends.map((view) => [view.key, view])) },
    },
    row,
  );
  t.is(row.confirmation?.state, 'refused');
});

test('it is asked for three probe windows, from the first look', (t) => {
  const at = pass({ runs: [ofUcr(undefined, { observedAt: ago(1200) })], frontends: [health('ucr', 'hs-a')] });
  const row = at.runs.get('f1') as RunRow;
  confirm(at, row);
  t.deepEqual(row.confirmation, { ...pending, until: later(30) });
  t.deepEqual(steps(at), []);
});

test('what came of it is logged, with how long it took', (t) => {
  const at = pass({ runs: [ofUcr()], frontends: [health('ucr', 'hs-b')] });
  confirm(at, at.runs.get('f1') as RunRow);
  t.deepEqual(levels(at, 'failover-confirmed'), ['info']);
  t.deepEqual(at.log, [{ step: 'failover-confirmed', fields: { runId: 'f1', vmId: vmId('hs-b'), afterMs: 60_000 } }]);
  t.is(at.runs.get('f1')?.confirmation?.at, NOW);
});

const gathering: [string, FrontendRow, Partial<RunRow>, boolean][] = [
  ['nobody was asked since its notice', health('ucr', 'hs-a', 61), {}, true],
  ['health was asked since, and shows another', health('ucr', 'hs-a'), {}, false],
  ['health was asked since, and has not answered', asking(health('ucr', 'hs-a', 61, 5)), {}, false],
  ['a later notice joined it since health was asked', health('ucr', 'hs-a'), { latestAt: ago(1) }, true],
  ['it is confirmed', health('ucr', 'hs-b'), {}, false],
];
for (const [what, row, more, gathers] of gathering) {
  test(`later notices ${gathers ? 'may' : 'do not'} join it: ${what}`, (t) => {
    const at = pass({ runs: [ofUcr(pending, { gathers: true, ...more })], frontends: [row] });
    const of = at.runs.get('f1') as RunRow;
    confirm(at, of);
    t.is(of.gathers, gathers ? true : undefined);
  });
}
