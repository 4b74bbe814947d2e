/**
 * The frontends' rows: answers about health, primaries that moved, and frontends that came and went.
 * Long: one table of cases about one thing.
 */
import test from 'ava';
import { healthOf, keepFrontends, takeHealth, tellMove } from '../../shared/decide/frontends.ts';
import { type HealthAnswer, writesOf } from '../../shared/decide/pass.ts';
import { startPass } from '../../shared/decide/startPass.ts';
import { idKey } from '../../shared/model/ids.ts';
import type { FrontendRow, HealthQuestion, RunRow } from '../../shared/model/rows.ts';
import { ago, azureError, frontend, later, NOW, pass, ruleId, run, seen, up, type Words } from '../helpers/seen.ts';
import { linesOf, shown, steps } from '../helpers/shown.ts';
import { withWeb } from '../helpers/webRule.ts';
import { articleWorld, frontendId, OTHER, SETTINGS, vmId } from '../helpers/world.ts';

const question = (mirror: string, since = NOW): HealthQuestion => ({
  ruleId: ruleId(mirror),
  location: 'https://management.azure.com/operationResults/1',
  since,
  notBefore: NOW,
});

const { primaryAddress: _, primarySince: __, ...ofNobody } = frontend('ucr');
const failover = (state: RunRow['state'], mirror = 'ucr') =>
  run('f1 failover hs-b', {
    state,
    confirmation: { state: 'pending', vmId: vmId('hs-b'), frontendIds: [frontendId(mirror)], until: later(9) },
  });

const table: [string, Words, string[], string[]][] = [
  ['the same primary', { health: { ucr: up('ucr', 'hs-a') } }, ['frontend ucr 10.0.1.10'], []],
  [
    'a primary that moved unannounced: a run of its own',
    { health: { ucr: up('ucr', 'hs-b') } },
    ['run moved accepted', 'frontend ucr 10.0.1.20'],
    ['primary-moved'],
  ],
  [
    'a primary that moved as announced',
    { health: { ucr: up('ucr', 'hs-b') }, runs: [failover('running')] },
    ['frontend ucr 10.0.1.20'],
    ['primary-moved'],
  ],
  [
    'a primary that moved while another mirror’s failover is announced: a run of its own',
    { health: { ucr: up('ucr', 'hs-b') }, runs: [failover('running', 'pi')] },
    ['run moved accepted', 'frontend ucr 10.0.1.20'],
    ['primary-moved'],
  ],
  [
    'a primary that moved after an announcement that is over: a run of its own',
    { health: { ucr: up('ucr', 'hs-b') }, runs: [failover('settled')] },
    ['run moved accepted', 'frontend ucr 10.0.1.20'],
    ['primary-moved'],
  ],
  ['nobody is up: the primary before is remembered', { health: { ucr: up('ucr') } }, ['frontend ucr 10.0.1.10'], []],
  [
    'a first primary: nothing moved',
    { frontends: [ofNobody], health: { ucr: up('ucr', 'hs-b') } },
    ['frontend ucr 10.0.1.20'],
    [],
  ],
  [
    'a frontend that is no mirror: its change is no move',
    { frontends: [frontend('ucr', { mirror: false })], health: { ucr: up('ucr', 'hs-b') } },
    ['frontend ucr 10.0.1.20'],
    [],
  ],
  [
    'an answer that is not there yet: gone on with',
    { health: { ucr: { kind: 'unfinished', question: question('ucr') } } },
    ['frontend ucr 10.0.1.10'],
    [],
  ],
  [
    'an answer that does not come for minutes',
    { health: { ucr: { kind: 'unfinished', question: question('ucr', ago(300)) } } },
    ['frontend ucr 10.0.1.10'],
    ['health-unknown'],
  ],
  [
    'an answer that failed',
    { health: { ucr: { kind: 'failed', error: azureError(500) } } },
    ['frontend ucr 10.0.1.10'],
    ['health-unknown'],
  ],
  [
    'an answer that was refused: told for all frontends together',
    { health: { ucr: { kind: 'failed', error: azureError(403) } } },
    ['frontend ucr 10.0.1.10'],
    [],
  ],
  ['an answer about a frontend that has no row', { frontends: [], health: { ucr: up('ucr', 'hs-b') } }, [], []],
];
for (const [what, words, comes, logged] of table) {
  test(what, (t) => {
    const at = startPass(seen(words), SETTINGS);
    for (const move of takeHealth(at)) tellMove(at, move);
    t.deepEqual(
      shown(at).map((line) => line.replace(/^run [0-9a-f]{32}/, 'run moved')),
      comes,
    );
    t.deepEqual(steps(at), logged);
  });
}

test('a move is one run however often it is seen before its row is written; moving back later is another', (t) => {
  const idOf = (words: Words): string | undefined => {
    const at = startPass(seen(words), SETTINGS);
    for (const move of takeHealth(at)) tellMove(at, move);
    return [...at.runs.all()].find(({ signal }) => signal === 'primaryMoved')?.runId;
  };
  const first = idOf({ health: { ucr: up('ucr', 'hs-b') } });
  t.regex(first ?? '', /^[0-9a-f]{32}$/);
  t.is(idOf({ health: { ucr: up('ucr', 'hs-b') } }), first);
  const again = [frontend('ucr', { primarySince: ago(60) })];
  t.not(idOf({ frontends: again, health: { ucr: up('ucr', 'hs-b') } }), first);
});

test('the log of a move says where from, where to, whether it was announced, and its run', (t) => {
  const lines = (runs: RunRow[] = []) => {
    const at = startPass(seen({ health: { ucr: up('ucr', 'hs-b') }, runs }), SETTINGS);
    for (const move of takeHealth(at)) tellMove(at, move);
    return [linesOf(at, 'primary-moved'), [...at.runs.all()].find(({ signal }) => signal === 'primaryMoved')?.runId];
  };
  const told = { frontendId: frontendId('ucr'), vip: '10.0.1.100', from: '10.0.1.10', to: '10.0.1.20' };
  const [[line] = [], runId] = lines() as [object[], string];
  t.deepEqual(line, { ...told, explained: false, runId });
  t.deepEqual(lines([failover('running')]), [[{ ...told, explained: true }], undefined]);
});

const silences: [string, HealthAnswer, string | undefined][] = [
  ['failed', { kind: 'failed', error: azureError(500) }, 'answered 500'],
  ['was refused', { kind: 'failed', error: azureError(403) }, undefined],
  ['is not there yet', { kind: 'unfinished', question: question('ucr', ago(299)) }, undefined],
  [
    'does not come for 5 minutes',
    { kind: 'unfinished', question: question('ucr', ago(300)) },
    'no answer within 300 s',
  ],
  [
    'was asked for by a clock ahead',
    { kind: 'unfinished', question: question('ucr', later(300)) },
    'no answer within 300 s',
  ],
];
for (const [how, answer, why] of silences) {
  test(`the log of an answer that ${how}`, (t) => {
    const at = startPass(seen({ health: { ucr: answer } }), SETTINGS);
    takeHealth(at);
    const lines = linesOf(at, 'health-unknown').map((line) => [line.frontendId, line.why]);
    t.is(lines.length, why === undefined ? 0 : 1);
    for (const [id, said] of lines) t.deepEqual([id, said?.includes(why ?? '')], [frontendId('ucr'), true], said);
  });
}

test('the run of a move is about its mirror', (t) => {
  const at = startPass(seen({ health: { ucr: up('ucr', 'hs-b') } }), SETTINGS);
  for (const move of takeHealth(at)) tellMove(at, move);
  t.like([...at.runs.all()][0], {
    signal: 'primaryMoved',
    mode: 'apply',
    scope: [{ kind: 'frontend', id: frontendId('ucr') }],
    observedAt: NOW,
  });
});

test('an answer, good or bad, is when it was asked; only a good one is when it was known', (t) => {
  const health: Words['health'] = { ucr: up('ucr', 'hs-a'), pi: { kind: 'unfinished', question: question('pi') } };
  const at = startPass(seen({ health }), SETTINGS);
  takeHealth(at);
  const times = [...at.frontends.all()].map(({ askedAt, knownAt }) => [askedAt, knownAt]);
  t.deepEqual(times, [
    [NOW, NOW],
    [NOW, ago(5)],
  ]);
});

test('a member with several healthy addresses is one primary, and one of them that falls is no move', (t) => {
  const together = [
    ['10.0.1.10', '10.0.1.12'],
    ['10.0.1.20', '10.0.1.22'],
  ];
  const after = (healthy: string[], primaryAddress = '10.0.1.10') => {
    const backends = together
      .flat()
      .map((address) => ({ address, up: healthy.includes(address), reason: 'Up_Probe_Success' }));
    const frontends = [frontend('ucr', { together, primaryAddress })];
    const at = startPass(seen({ frontends, health: { ucr: { kind: 'known', backends } } }), SETTINGS);
    const moves = takeHealth(at);
    return [moves.length, [...at.frontends.all()][0]?.primaryAddress];
  };
  t.deepEqual(after(['10.0.1.10', '10.0.1.12']), [0, '10.0.1.10']);
  t.deepEqual(after(['10.0.1.12']), [0, '10.0.1.10']);
  t.deepEqual(after(['10.0.1.10'], '10.0.1.12'), [0, '10.0.1.12']);
  t.deepEqual(after(['10.0.1.20', '10.0.1.22']), [1, '10.0.1.20']);
  t.deepEqual(after(['10.0.1.10', '10.0.1.20']), [0, '10.0.1.10'], 'two members: nobody is primary');
});

test('a rule with another pool, and members with several addresses, are kept on the row as they are listed', (t) => {
  const at = pass({ world: withWeb(), frontends: [frontend('ucr'), frontend('pi')] });
  keepFrontends(at, at.survey);
  const row = at.frontends.read(idKey(frontendId('ucr')));
  const web = { ruleId: ruleId('web'), backends: [], knownAt: 0, askedAt: 0 };
  t.deepEqual(row?.others, [web]);
  t.deepEqual(row?.together, [
    ['10.0.1.10', '10.0.1.102'],
    ['10.0.1.20', '10.0.1.202'],
  ]);
  t.is(at.frontends.read(idKey(frontendId('pi')))?.others, undefined);
  const before = JSON.stringify(row);
  keepFrontends(at, at.survey);
  t.is(JSON.stringify(at.frontends.read(idKey(frontendId('ucr')))), before, 'a second time changes nothing');

  const single = pass({ frontends: [frontend('ucr', { others: [web], together: [['10.0.1.10', '10.0.1.12']] })] });
  keepFrontends(single, single.survey);
  const now = single.frontends.read(idKey(frontendId('ucr')));
  t.deepEqual([now?.others, now?.together], [undefined, undefined]);
});

test('what another rule says is kept beside, and moves no primary', (t) => {
  const web = { ruleId: ruleId('web'), backends: [], knownAt: 0, askedAt: 0 };
  const at = startPass(seen({ frontends: [frontend('ucr', { others: [web] })] }), SETTINGS);
  const backends = [{ address: '10.0.1.202', up: true, reason: 'Up_Probe_Success' }];
  at.seen.health = new Map([[idKey(ruleId('web')), { kind: 'known', backends }]]);
  t.deepEqual(takeHealth(at), []);
  const [row] = [...at.frontends.all()];
  t.deepEqual(row?.others, [{ ...web, backends, knownAt: NOW, askedAt: NOW }]);
  t.is(row?.primaryAddress, '10.0.1.10');
  t.deepEqual(healthOf(row ? [row] : []).get(idKey(frontendId('ucr')))?.others, [
    { ruleId: ruleId('web'), backends, at: NOW },
  ]);
  t.deepEqual(healthOf([frontend('ucr', { others: [web] })]).get(idKey(frontendId('ucr')))?.others, [], 'never asked');

  const silent = startPass(seen({ frontends: [frontend('ucr', { others: [web] })] }), SETTINGS);
  silent.seen.health = new Map([[idKey(ruleId('web')), { kind: 'failed', error: azureError(429) }]]);
  takeHealth(silent);
  t.deepEqual([...silent.frontends.all()][0]?.others, [{ ...web, askedAt: NOW }]);
  t.deepEqual(linesOf(silent, 'health-unknown'), [{ frontendId: frontendId('ucr'), why: azureError(429).message }]);
});

test('a question is kept on the row while it is open: an answer is as old as the question', (t) => {
  const asking = question('ucr', ago(1));
  const rows = [frontend('ucr', { asking })];
  const after = (answer: HealthAnswer): FrontendRow | undefined => {
    const at = startPass(seen({ frontends: rows, health: { ucr: answer } }), SETTINGS);
    takeHealth(at);
    return at.frontends.read(idKey(frontendId('ucr'))) as FrontendRow | undefined;
  };
  t.deepEqual(after({ kind: 'unfinished', question: asking })?.asking, asking);
  t.is(after({ kind: 'unfinished', question: asking })?.askedAt, ago(1));
  t.deepEqual(after({ kind: 'failed', error: azureError(429), question: asking })?.asking, asking);
  t.is(after({ kind: 'failed', error: azureError(404) })?.asking, undefined);
  t.is(after({ kind: 'unfinished', question: question('ucr', ago(300)) })?.asking, undefined);
  const known = after({ kind: 'known', backends: [], at: ago(1) });
  t.like(known, { asking: undefined, knownAt: ago(1), askedAt: ago(1) });
});

test('a refusal is on the row until there is an answer', (t) => {
  const at = startPass(seen({ health: { ucr: { kind: 'failed', error: azureError(403) } } }), SETTINGS);
  takeHealth(at);
  const row = at.frontends.read(idKey(frontendId('ucr'))) as FrontendRow;
  t.like(row.refused, { code: 'Test', text: 'answered 403', at: NOW });
  const next = startPass(seen({ frontends: [row], health: { ucr: up('ucr', 'hs-a') } }), SETTINGS);
  takeHealth(next);
  t.is(next.frontends.read(idKey(frontendId('ucr')))?.refused, undefined);
});

const gone = articleWorld();
gone.mirrors.pop();
const kept: [string, Words, string[]][] = [
  ['frontends as they are', {}, []],
  ['a frontend that is new', { frontends: [frontend('ucr')] }, ['frontend pi nobody']],
  [
    'a frontend that is gone: not asked any more',
    { world: gone, frontends: [frontend('ucr'), frontend('pi')] },
    ['frontend pi 10.0.1.10 not asked'],
  ],
  [
    'a frontend whose row cannot be used: none is put in its place',
    { frontends: [frontend('ucr')], unusable: ['pi'] },
    [],
  ],
];
for (const [what, words, comes] of kept) {
  test(`kept: ${what}`, (t) => {
    const at = pass(words);
    keepFrontends(at, at.survey);
    t.deepEqual(shown(at), comes);
  });
}

test('kept: a frontend that is not listed while lists are missing is asked still', (t) => {
  const at = pass({ world: gone, frontends: [frontend('ucr'), frontend('pi')] });
  const unread = [{ subscriptionId: OTHER, why: 'Azure answered 403.' }];
  keepFrontends(at, { ...at.survey, unread });
  t.deepEqual(shown(at), []);
});

const web = { ruleId: ruleId('web'), backends: [], knownAt: 0, askedAt: 0 };
const stale: [string, Partial<FrontendRow>][] = [
  ['the VIP', { vip: '10.0.1.99' }],
  ['the probe interval', { probeSeconds: 5 }],
  ['whether it is a mirror', { mirror: false }],
  ['the rule to ask', { healthRuleId: ruleId('web') }],
  ['other rules', { others: [web] }],
  ['members with several addresses', { together: [['10.0.1.10', '10.0.1.12']] }],
];
for (const [what, was] of stale) {
  test(`kept: what a row says of ${what} becomes as it is listed, and nothing else`, (t) => {
    const at = pass({ frontends: [frontend('ucr', was), frontend('pi')] });
    keepFrontends(at, at.survey);
    t.deepEqual(writesOf(at), [{ table: 'frontends', row: frontend('ucr'), etag: 'W/"1"' }]);
  });
}

test('a row that is new was never asked, and a rule that is kept keeps what it said', (t) => {
  const at = pass({ frontends: [frontend('ucr')] });
  keepFrontends(at, at.survey);
  const { primaryAddress: _p, primarySince: _s, ...never } = frontend('pi', { backends: [], knownAt: 0, askedAt: 0 });
  t.deepEqual(at.frontends.read(idKey(frontendId('pi'))), never);

  const told = { ...web, backends: [{ address: '10.0.1.202', up: true, reason: 'Up_Probe_Success' }], knownAt: ago(9) };
  const moved = pass({
    world: withWeb(),
    frontends: [frontend('ucr', { vip: '10.0.1.99', others: [told] }), frontend('pi')],
  });
  keepFrontends(moved, moved.survey);
  t.deepEqual(moved.frontends.read(idKey(frontendId('ucr')))?.others, [told]);
});

test('health as judge takes it: known since its time, or not', (t) => {
  const map = healthOf([frontend('ucr'), frontend('pi', { knownAt: 0, backends: [] })]);
  t.like(map.get(idKey(frontendId('ucr'))), { state: 'known', at: ago(5) });
  t.is(map.get(idKey(frontendId('ucr')))?.backends.length, 2);
  t.like(map.get(idKey(frontendId('pi'))), { state: 'unknown', backends: [] });
});
