/** What a pass adds to the history of its paths. */
import test from 'ava';
import { type HistoryWrite, historyOf } from '../../shared/decide/history.ts';
import type { EstatePass } from '../../shared/decide/pass.ts';
import { dayOf, type HistoryRow } from '../../shared/model/history.ts';
import { idKey, shortName } from '../../shared/model/ids.ts';
import { ago, looked, NOW, outcome, pass, run, versioned, vm, type Words } from '../helpers/seen.ts';
import { articleWorld, OTHER, SETTINGS, SUBSCRIPTION, vmId } from '../helpers/world.ts';

const A = vmId('hs-a');
const proofs = {
  '10.0.1.100': { kind: 'self' as const, at: ago(60) },
  '10.0.1.101': { kind: 'remote' as const, at: ago(60) },
};
const fine = vm('hs-a', { look: looked('hs-a'), proofs });
const rowOf = (writes: HistoryWrite[], name = 'hs-a') => writes.find(({ row }) => shortName(row.vmId) === name);
const withHistories = (words: Words, ...rows: HistoryRow[]): EstatePass => {
  const at = pass(words);
  at.seen.histories = rows.map(versioned);
  return at;
};
const runOf = (words: Words) => rowOf(historyOf(pass(words)))?.row.paths[0]?.now?.runId;

test('each path of each VM, as it stands', (t) => {
  const writes = historyOf(pass({ vms: [fine] }));
  t.deepEqual(
    writes.map(({ row, etag }) => [shortName(row.vmId), row.day, row.paths.length, etag]),
    [
      ['hs-a', dayOf(NOW), 2, undefined],
      ['hs-b', dayOf(NOW), 2, undefined],
    ],
  );
  t.like(rowOf(writes)?.row.paths[0], {
    vip: '10.0.1.100',
    now: { exposure: 'active', verdict: 'compliant', proof: 'self', provedAt: ago(60), since: NOW },
  });
  const never = rowOf(writes, 'hs-b')?.row.paths[0]?.now;
  t.like(never, { verdict: 'unknown', proof: 'none' });
  t.false(Object.hasOwn(never ?? {}, 'provedAt'));
});

test('the first finding is kept as what kept it so', (t) => {
  const world = articleWorld();
  world.oneNic.add('hs-a');
  t.is(rowOf(historyOf(pass({ world })))?.row.paths[0]?.now?.code, 'NO_SECONDARY_NIC');
});

test('the run by which it came so: one that settled now before one under way, and none that settled before', (t) => {
  const runs = [run('s1 sweep'), run('m1 manual hs-a')];
  const now = { settledAt: NOW };
  t.is(runOf({ runs }), undefined);
  t.is(runOf({ runs, outcomes: [outcome('s1 hs-a 7')] }), 's1');
  t.is(runOf({ runs, outcomes: [outcome('s1 hs-a repaired')] }), undefined);
  t.is(runOf({ runs, outcomes: [outcome('s1 hs-a repaired', now)] }), 's1');
  t.is(runOf({ runs, outcomes: [outcome('s1 hs-a repaired', now), outcome('m1 hs-a')] }), 's1');
  t.is(runOf({ runs, outcomes: [outcome('s1 hs-a'), outcome('m1 hs-a repaired', now)] }), 'm1');
  t.is(
    runOf({
      runs,
      outcomes: [outcome('s1 hs-a waiting', { state: 'waiting', ...now }), outcome('m1 hs-a repaired', now)],
    }),
    'm1',
  );
});

test('nothing where nothing changed; over the row that is there where something did', (t) => {
  const known = historyOf(pass({ vms: [fine] })).map(({ row }) => row);
  t.deepEqual(historyOf(withHistories({ vms: [fine] }, ...known)), []);
  const [write, ...more] = historyOf(withHistories({}, ...known));
  t.is(more.length, 0);
  t.is(write?.etag, 'W/"1"');
  t.is(write?.row.paths[0]?.now?.verdict, 'unknown');
});

test('a VM that is behind nothing any more: its paths end, unless lists are missing', (t) => {
  const known = historyOf(pass({ vms: [fine] })).map(({ row }) => row);
  const world = articleWorld();
  for (const mirror of world.mirrors) mirror.members = ['hs-b'];
  const at = withHistories({ world }, ...known);
  const ended = rowOf(historyOf(at));
  t.deepEqual(
    ended?.row.paths.map(({ now }) => now),
    [undefined, undefined],
  );
  const unread = { ...at, survey: { ...at.survey, unread: [{ subscriptionId: OTHER, why: 'no' }] } };
  t.is(rowOf(historyOf(unread)), undefined);
});

test('what ended on a day before is put aside, for as long as runs are kept', (t) => {
  const known = historyOf(pass({ vms: [fine] })).map(({ row }) => row);
  const hour = (row: HistoryRow, days: number): HistoryRow => {
    const day = dayOf(NOW - days * 86_400_000);
    const from = Date.parse(`${day}T01:00:00Z`);
    const span = {
      exposure: 'active' as const,
      verdict: 'unknown' as const,
      proof: 'none' as const,
      from,
      to: from + 3_600_000,
    };
    return { ...row, day, paths: row.paths.map((path) => ({ ...path, spans: [span] })) };
  };
  const aside = (days: number) => {
    const rows = known.map((row) => hour(row, days));
    const settings = { runAgeMs: 3 * 86_400_000 };
    return rowOf(historyOf(withHistories({ settings }, ...rows)))?.aside?.day;
  };
  t.is(aside(3), dayOf(NOW - 3 * 86_400_000));
  t.is(aside(4), undefined);
});

test('VMs of other subscriptions are their loops’ matter', (t) => {
  const world = articleWorld();
  world.homes.set('hs-b', OTHER);
  const at = pass({ world, settings: { scope: { ...SETTINGS.scope, subscriptionIds: [SUBSCRIPTION, OTHER] } } });
  t.true(at.evaluation.pathsOfVm.has(idKey(world.vmId('hs-b'))));
  t.deepEqual(
    historyOf(at).map(({ row }) => row.vmId),
    [A],
  );
});
