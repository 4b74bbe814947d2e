/**
 * What is told of a path, a run and Azure: what was told before, what is so now, and what comes of both.
 * Long: one table of cases about one thing.
 */
import test from 'ava';
import { tellPaths, tellRefusals, tellRunFailed } from '../../shared/decide/news.ts';
import type { EstatePass } from '../../shared/decide/pass.ts';
import { finding } from '../../shared/model/findings.ts';
import { idKey } from '../../shared/model/ids.ts';
import { iso } from '../../shared/model/iso.ts';
import { type NewsRow, newNewsRow, type ToldPath } from '../../shared/model/news.ts';
import type { Path } from '../../shared/model/path.ts';
import { rowKey } from '../../shared/model/store.ts';
import { ago, NOW, pass, run, type Words } from '../helpers/seen.ts';
import { frontendId, OTHER, SUBSCRIPTION, vmId } from '../helpers/world.ts';

const A = idKey(vmId('hs-a'));
const IDS = { vmId: vmId('hs-a'), frontendId: frontendId('ucr'), vip: '10.0.1.100' };
const [ofA] = pass().evaluation.pathsOfVm.get(A) ?? [];
/** The path of hs-a to ucr. */
const path = (more: Partial<Path> = {}): Path => ({
  ...(ofA as Path),
  exposure: 'active',
  verdict: 'compliant',
  proof: { kind: 'remote', at: ago(60) },
  findings: [],
  ...more,
});
const NONE = { kind: 'none', at: 0 } as const;
const missing = finding('NO_SECONDARY_NIC');
const noProbe = finding('NO_PROBE');
const told = (more: Partial<ToldPath> = {}): ToldPath => ({ frontendId: IDS.frontendId, vip: IDS.vip, ...more });
const rowOf = (paths: ToldPath[], more: Partial<NewsRow> = {}): NewsRow => ({
  ...newNewsRow(IDS.vmId),
  paths,
  ...more,
});

/** A pass in which hs-a alone has paths, and these. */
function withPaths(paths: Path[], news: NewsRow[], words: Words = {}): EstatePass {
  const at = pass({ settings: { tellsEvents: true }, news, ...words });
  return { ...at, evaluation: { ...at.evaluation, pathsOfVm: new Map(paths.length > 0 ? [[A, paths]] : []) } };
}
const lines = ({ log }: EstatePass) => log.map(({ step, fields }) => ({ step, ...fields }));
const events = (at: EstatePass) =>
  [...at.news.readAll()].flatMap(({ pending }) => pending.map(({ kind, data }) => ({ kind, ...data })));
const exposed = (saidSeconds: number, more: object = {}) => ({
  exposed: { since: ago(7200), exposure: 'active' as const, saidAt: ago(saidSeconds), ...more },
});
const wrong = { verdict: 'repairable', proof: NONE } as const;
const OF_PATH = { subscriptionId: SUBSCRIPTION, ...IDS };

const table: [string, ToldPath | undefined, Path, object[], object[], ToldPath][] = [
  [
    'exposed for the first time',
    undefined,
    path({ ...wrong, findings: [noProbe] }),
    [
      {
        step: 'path-exposed',
        ...IDS,
        exposure: 'active',
        verdict: 'repairable',
        findings: ['NO_PROBE'],
        since: iso(NOW),
      },
    ],
    [{ kind: 'PathExposed', ...OF_PATH, exposure: 'active', verdict: 'repairable', since: iso(NOW) }],
    told({ exposed: { since: NOW, exposure: 'active', saidAt: NOW } }),
  ],
  ['exposed still, and said lately', told(exposed(2999)), path(wrong), [], [], told(exposed(2999))],
  [
    'exposed still, and said 50 minutes ago: said again in the log alone',
    told(exposed(3000)),
    path(wrong),
    [{ step: 'path-exposed', ...IDS, exposure: 'active', verdict: 'repairable', findings: [], since: iso(ago(7200)) }],
    [],
    told(exposed(0)),
  ],
  [
    'exposed still, and said by a clock ahead: said again',
    told(exposed(-1)),
    path(wrong),
    [{ step: 'path-exposed', ...IDS, exposure: 'active', verdict: 'repairable', findings: [], since: iso(ago(7200)) }],
    [],
    told(exposed(0)),
  ],
  [
    'exposed after a failover, and now already: a fact of its own, since when it was',
    told(exposed(60, { exposure: 'latent' })),
    path(wrong),
    [{ step: 'path-exposed', ...IDS, exposure: 'active', verdict: 'repairable', findings: [], since: iso(ago(7200)) }],
    [{ kind: 'PathExposed', ...OF_PATH, exposure: 'active', verdict: 'repairable', since: iso(ago(7200)) }],
    told(exposed(0)),
  ],
  [
    'a path that a failover would expose',
    told(),
    path({ ...wrong, exposure: 'latent' }),
    [{ step: 'path-exposed', ...IDS, exposure: 'latent', verdict: 'repairable', findings: [], since: iso(NOW) }],
    [{ kind: 'PathExposed', ...OF_PATH, exposure: 'latent', verdict: 'repairable', since: iso(NOW) }],
    told({ exposed: { since: NOW, exposure: 'latent', saidAt: NOW } }),
  ],
  [
    'not known, and a failover would expose it',
    told(),
    path({ exposure: 'latent', verdict: 'unknown', proof: NONE }),
    [],
    [],
    told(),
  ],
  [
    'not known, and no backend leads there',
    told(),
    path({ exposure: 'none', verdict: 'unknown', proof: NONE }),
    [],
    [],
    told(),
  ],
  [
    'not known, and never proved: exposed',
    told(),
    path({ verdict: 'unknown', proof: NONE }),
    [{ step: 'path-exposed', ...IDS, exposure: 'active', verdict: 'unknown', findings: [], since: iso(NOW) }],
    [{ kind: 'PathExposed', ...OF_PATH, exposure: 'active', verdict: 'unknown', since: iso(NOW) }],
    told({ exposed: { since: NOW, exposure: 'active', saidAt: NOW } }),
  ],
  [
    'not known for now, and proved: it keeps its proof',
    told({ proof: 'self' }),
    path({ verdict: 'unknown' }),
    [],
    [],
    told({ proof: 'self' }),
  ],
  [
    'exposed no more, for no backend leads there',
    told(exposed(60)),
    path({ ...wrong, exposure: 'none' }),
    [{ step: 'exposure-over', ...IDS, why: 'no backend', lastedMs: 7_200_000 }],
    [],
    told(),
  ],
  [
    'exposed no more, for it is not known and was proved',
    told(exposed(60)),
    path({ verdict: 'unknown' }),
    [{ step: 'exposure-over', ...IDS, why: 'unknown', lastedMs: 7_200_000 }],
    [],
    told(),
  ],
  [
    'exposed, and right by now: over, and proved',
    told(exposed(60)),
    path(),
    [
      { step: 'exposure-over', ...IDS, why: 'compliant', lastedMs: 7_200_000 },
      { step: 'path-proved', ...IDS, exposure: 'active', proof: 'remote', lastedMs: 7_200_000 },
    ],
    [
      {
        kind: 'PathProved',
        ...OF_PATH,
        exposure: 'active',
        proof: 'remote',
        provedAt: iso(ago(60)),
        exposedSince: iso(ago(7200)),
      },
    ],
    told({ proof: 'remote' }),
  ],
  [
    'proved for the first time',
    undefined,
    path(),
    [{ step: 'path-proved', ...IDS, exposure: 'active', proof: 'remote' }],
    [{ kind: 'PathProved', ...OF_PATH, exposure: 'active', proof: 'remote', provedAt: iso(ago(60)) }],
    told({ proof: 'remote' }),
  ],
  ['proved as before', told({ proof: 'remote' }), path(), [], [], told({ proof: 'remote' })],
  [
    'proved to itself, and to others before: more than was told',
    told({ proof: 'remote' }),
    path({ proof: { kind: 'self', at: ago(9) } }),
    [{ step: 'path-proved', ...IDS, exposure: 'active', proof: 'self' }],
    [{ kind: 'PathProved', ...OF_PATH, exposure: 'active', proof: 'self', provedAt: iso(ago(9)) }],
    told({ proof: 'self' }),
  ],
  ['proved to others, and to itself before', told({ proof: 'self' }), path(), [], [], told({ proof: 'remote' })],
  ['right, and proved by nothing', told(), path({ proof: NONE }), [], [], told()],
  [
    'a VIP that changed is kept, and told to nobody',
    told({ vip: '10.0.1.99', proof: 'remote' }),
    path(),
    [],
    [],
    told({ proof: 'remote' }),
  ],
];
for (const [what, before, now, logged, published, after] of table) {
  test(what, (t) => {
    const at = withPaths([now], before ? [rowOf([before])] : []);
    tellPaths(at);
    t.deepEqual(lines(at), logged);
    t.deepEqual(
      events(at).map(({ findings: _, ...rest }: { findings?: unknown; kind: string }) => rest),
      published as never,
    );
    t.deepEqual(at.news.read(A)?.paths, [after]);
  });
}

test('a person is told what keeps the program from helping, once for each set of reasons', (t) => {
  const blocked = (...findings: Path['findings']) =>
    path({ exposure: 'none', verdict: 'blocked', proof: NONE, findings });
  const after = (before: ToldPath['person'], now: Path) => {
    const at = withPaths([now], [rowOf([told(before && { person: before })])]);
    tellPaths(at);
    return { lines: lines(at), events: events(at), person: at.news.read(A)?.paths[0]?.person };
  };
  const stopped = finding('VM_NOT_RUNNING');
  const first = after(undefined, blocked(missing, stopped, noProbe));
  const codes = ['NO_PROBE', 'NO_SECONDARY_NIC'];
  t.like(first.lines, [{ step: 'needs-person', ...IDS, exposure: 'none', findings: codes }]);
  t.is(first.lines.length, 1);
  t.like(first.events, [{ kind: 'PathNeedsPerson', ...OF_PATH, exposure: 'none' }]);
  const said = (first.events[0] as unknown as { findings: { code: string; text: string }[] }).findings;
  t.deepEqual(
    said.map(({ code }) => code),
    ['NO_SECONDARY_NIC', 'NO_PROBE'],
    'not that it is stopped',
  );
  t.is((first.lines[0] as unknown as { text: string }).text, said.map(({ text }) => text).join(' '));
  t.deepEqual(first.person, { codes, saidAt: NOW });

  const known = { codes, saidAt: ago(2999) };
  t.deepEqual(after(known, blocked(noProbe, missing)), { lines: [], events: [], person: known });
  const again = after({ codes, saidAt: ago(3000) }, blocked(noProbe, missing));
  t.deepEqual([again.lines.length, again.events.length, again.person?.saidAt], [1, 0, NOW]);
  const other = after(known, blocked(noProbe));
  t.deepEqual([other.lines.length, other.events.length, other.person?.codes], [1, 1, ['NO_PROBE']]);
  t.is(after(known, path({ exposure: 'none' })).person, undefined, 'it is not blocked any more');
});

test('of many findings an event has eight, and of a long text 600 characters and a mark', (t) => {
  const findings = Array.from({ length: 9 }, () => finding('COMMAND_FAILED', { code: 'X', detail: 'y'.repeat(700) }));
  const at = withPaths([path({ ...wrong, findings })], []);
  tellPaths(at);
  const [event] = events(at) as unknown as { findings: { code: string; text: string }[] }[];
  t.is(event?.findings.length, 8);
  t.true(event?.findings.every(({ text }) => text.length === 601));
});

test('a path that is gone is forgotten; one that was exposed is over', (t) => {
  const gone = [told(exposed(60)), { ...told({ proof: 'self' }), frontendId: frontendId('pi'), vip: '10.0.1.101' }];
  const at = withPaths([], [rowOf(gone)]);
  tellPaths(at);
  t.deepEqual(lines(at), [{ step: 'exposure-over', ...IDS, why: 'gone', lastedMs: 7_200_000 }]);
  t.deepEqual(at.news.read(A)?.paths, []);

  const one = withPaths([path()], [rowOf([told({ proof: 'remote' }), ...gone.slice(1)])]);
  tellPaths(one);
  t.deepEqual(lines(one), []);
  t.deepEqual(one.news.read(A)?.paths, [told({ proof: 'remote' })]);
});

test('while lists are missing, a path that is not seen stays as it was told', (t) => {
  const pi = { ...told(exposed(60)), frontendId: frontendId('pi'), vip: '10.0.1.101' };
  const begun = withPaths([path()], [rowOf([told(), pi])]);
  const at = { ...begun, survey: { ...begun.survey, unread: [{ subscriptionId: OTHER, why: 'no' }] } };
  tellPaths(at);
  t.deepEqual(at.news.read(A)?.paths, [told({ proof: 'remote' }), pi]);
});

test('nothing is written where nothing changed, and nothing told where it cannot be kept', (t) => {
  const same = withPaths([path()], [rowOf([told({ proof: 'remote' })])]);
  tellPaths(same);
  t.deepEqual(same.news.changes(), []);
  const broken = withPaths([path()], []);
  broken.seen.unreadableNews = new Set([rowKey(IDS.vmId)]);
  tellPaths(broken);
  t.deepEqual([lines(broken), broken.news.changes()], [[], []]);
  const unread = withPaths([path()], []);
  delete unread.seen.news;
  tellPaths(unread);
  t.deepEqual([lines(unread), unread.news.changes()], [[], []]);
});

test('facts are counted: the same twice has two ids; without a topic nothing waits', (t) => {
  const ids = [0, 1].map((facts) => {
    const at = withPaths([path()], [rowOf([told()], { facts })]);
    tellPaths(at);
    const row = at.news.read(A);
    t.is(row?.facts, facts + 1);
    t.like(row?.pending[0], { subject: IDS.vmId, at: NOW });
    return row?.pending[0]?.id;
  });
  t.is(new Set(ids).size, 2);
  const silent = withPaths([path()], [rowOf([told()])], { settings: {} });
  tellPaths(silent);
  t.is(lines(silent).length, 1);
  t.deepEqual(silent.news.read(A)?.pending, []);
});

test('more than 50 that wait: the oldest is dropped, and that is logged', (t) => {
  const pending = Array.from({ length: 50 }, (_, i) => ({
    ...{ id: String(i), kind: 'PathProved' as const, subject: IDS.vmId, at: ago(60) },
    data: {} as never,
  }));
  const at = withPaths([path()], [rowOf([told()], { pending })]);
  tellPaths(at);
  t.deepEqual(lines(at).slice(1), [{ step: 'events-dropped', subscriptionId: SUBSCRIPTION, events: 1 }]);
  t.is(at.news.read(A)?.pending[0]?.id, '1');
});

const counts = { ...run('s1 sweep').counts, vms: 4, failed: 2 };
const reason = { code: 'AZURE_DENIED', text: 'no right', at: ago(600) };
const failures: [string, Parameters<typeof run>[1], object][] = [
  [
    'a run in which VMs failed',
    { state: 'settled', counts },
    { state: 'settled', failedVms: 2, code: '', text: '2 of 4 VMs failed' },
  ],
  [
    'a run that failed',
    { state: 'failed', reason },
    { state: 'failed', failedVms: 0, code: 'AZURE_DENIED', text: 'no right' },
  ],
  [
    'a run that failed for no reason that is known',
    { state: 'failed' },
    { state: 'failed', failedVms: 0, code: '', text: '' },
  ],
];
for (const [what, more, data] of failures) {
  test(`${what} is told to others`, (t) => {
    const at = withPaths([], []);
    tellRunFailed(at, run('s1 sweep', more));
    t.deepEqual(events(at), [
      { kind: 'RunFailed', subscriptionId: SUBSCRIPTION, runId: 's1', signal: 'sweep', ...data },
    ] as never);
    const silent = withPaths([], [], { settings: {} });
    tellRunFailed(silent, run('s1 sweep', more));
    t.deepEqual(silent.news.changes(), []);
    const broken = withPaths([], []);
    broken.seen.unreadableNews = new Set([rowKey(`/subscriptions/${SUBSCRIPTION}`)]);
    tellRunFailed(broken, run('s1 sweep', more));
    t.deepEqual(broken.news.changes(), []);
  });
}

test('what Azure refuses is told once it stands in the log, once each, and again after it was over', (t) => {
  const subject = `/subscriptions/${SUBSCRIPTION}`;
  const said = {
    code: 'AZURE_DENIED',
    azureCode: 'AuthorizationFailed',
    action: 'nics/read',
    text: 'no',
    nextStep: 'A role.',
  };
  const refusal = { ...said, since: ago(60), toldAt: ago(50), triedAt: ago(5) };
  const after = (refusing: EstatePass['seen']['refusing'], news: NewsRow[] = [], words: Words = {}) => {
    const at = withPaths([], news, words);
    if (refusing) at.seen.refusing = refusing;
    tellRefusals(at);
    return at;
  };
  const at = after({ lists: refusal, health: { ...refusal, action: 'health/action' } });
  const event = { kind: 'AzureRefuses', subscriptionId: SUBSCRIPTION, ...said, since: iso(ago(60)) };
  t.deepEqual(events(at), [
    { ...event, what: 'lists' },
    { ...event, what: 'rule health', action: 'health/action' },
  ] as never);
  const row = at.news.read(idKey(subject)) as NewsRow;
  t.is(row.refusals?.length, 2);
  t.is(row.pending[0]?.subject, subject);
  const known = { ...row, pending: [] };
  const both = { lists: refusal, health: { ...refusal, action: 'health/action' } };
  t.deepEqual(after(both, [known]).news.changes(), [], 'told already');
  const one = after({ lists: refusal }, [known]);
  t.deepEqual([events(one), one.news.read(idKey(subject))?.refusals], [[], row.refusals?.slice(0, 1)]);
  const over = after(undefined, [known]);
  t.deepEqual([events(over), over.news.read(idKey(subject))?.refusals], [[], []]);
  const newer = after({ lists: { ...refusal, since: ago(9) } }, [
    { ...known, refusals: row.refusals?.slice(0, 1) ?? [] },
  ]);
  t.is(events(newer).length, 1, 'a refusal that began anew');
  t.deepEqual(after({ lists: { ...refusal, toldAt: 0 } }).news.changes(), [], 'not told in the log yet');
  t.deepEqual(after({ lists: refusal }, [], { settings: {} }).news.changes(), [], 'no topic');
});
