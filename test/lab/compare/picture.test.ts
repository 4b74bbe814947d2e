/** The table and the chart, from timelines made by hand. */
import test from 'ava';
import { comparisonChart, stretchesOf } from '../../../lab/compare/chart.ts';
import type { ClientKind, Sample, Stream, Verdict } from '../../../lab/compare/measure.ts';
import { broughtShort, percent, rowOf } from '../../../lab/compare/summary.ts';
import { comparisonTable } from '../../../lab/compare/table.ts';
import { type Played, TIMELINE } from '../../../lab/compare/timeline.ts';

const { away, back, drift, end } = TIMELINE;

/** A timeline of a client each 100 ms: `verdictAt` says what came of a connect at a second. */
const stream = (kind: ClientKind, vm: string, mirror: string, verdictAt: (second: number) => Verdict): Stream => ({
  kind,
  vm,
  mirror,
  samples: Array.from({ length: end * 10 }, (_, index): Sample => {
    const verdict = verdictAt(index / 10);
    return { at: index * 100, verdict, ...(verdict === 'ok' && { peer: vm === 'vm-a' ? '10.0.1.11' : '10.0.1.21' }) };
  }),
});

/** For 7.5 s after a move the load balancer leads to the old primary. */
const unavoidable = (second: number): Verdict =>
  (second >= away && second < away + 7.5) || (second >= back && second < back + 7.5) ? 'wrong' : 'ok';

const played = (id: Played['id'], unbound: (vm: string, second: number) => Verdict, lost: string[] = []): Played => ({
  id,
  title: id,
  streams: [
    ...['vm-a', 'vm-b'].flatMap((vm) => [
      stream('unbound', vm, 'UCR', (second) => unbound(vm, second)),
      stream('backend', vm, 'UCR', () => 'failed'),
      stream('via', vm, 'UCR', unavoidable),
    ]),
    stream('outside', 'vm-c', 'UCR', unavoidable),
  ],
  connections: {
    local: Object.fromEntries(['x', 'y'].map((name) => [name, lost.includes(name) ? 'fails' : 'vm-a'])),
    remote: Object.fromEntries(['x', 'y'].map((name) => [name, lost.includes(name) ? 'vm-b' : 'vm-a'])),
  },
});

/** Fails while the primary is on the client's own VM. */
const bare = played('none', (vm, second) => {
  const here = second >= away + 7.5 && second < back + 7.5 ? 'vm-b' : 'vm-a';
  return vm === here ? 'failed' : unavoidable(second);
});
const ours = played(
  'guard',
  (_, second) => (second >= drift && second < drift + 0.4 ? 'failed' : unavoidable(second)),
  ['x'],
);

test('a row has the gaps of both moves and the drift, by what they mean for the client', (t) => {
  const row = rowOf(bare, bare, TIMELINE);
  t.false(row.comes.ended, 'the primary came to its VM, and nothing worked any more');
  t.deepEqual(row.leaves, { ms: 7500, ended: true });
  t.false(row.drift.ended);
  t.deepEqual(row.outsideGap, { ms: 7500, ended: true });
  t.deepEqual(row.broken, { local: [], remote: [] });
  t.is(row.seen.local, '-');
  t.is(row.seen.remote, 'via address');
});

test('ours is no worse than what clients outside see; what is worse is said', (t) => {
  const row = rowOf(ours, bare, TIMELINE);
  t.deepEqual(row.drift, { ms: 400, ended: true });
  t.deepEqual(broughtShort(row), []);
  t.is(broughtShort(rowOf(bare, bare, TIMELINE)).length, 3);
  t.regex(broughtShort({ ...row, leaves: { ms: 9000, ended: true } }).join(), /leaves/);
});

test('the table has a line per strategy, and names what each breaks', (t) => {
  const text = comparisonTable([rowOf(bare, bare, TIMELINE), rowOf(ours, bare, TIMELINE)]);
  t.regex(text, /^\| clients outside the pool, no fix +\| 7\.5 s +\| 7\.5 s +\| - /m);
  t.regex(text, /^\| none +\| 7\.5 s +\| lasts +\| lasts /m);
  t.regex(text, /^\| guard +\| 7\.5 s +\| 7\.5 s +\| 0\.40 s /m);
  t.regex(text, /^\| guard +\| 100 % \/ 23 % +\| x +\| via address/m);
  const widths = new Set(text.split('\n\n').map((table) => new Set(table.split('\n').map((line) => line.length)).size));
  t.deepEqual([...widths], [1], 'cells are aligned');
});

test('shares are told to be read', (t) => {
  t.deepEqual([0, 0.0001, 0.0123, 0.4567, 1].map(percent), ['0', '< 0.1 %', '1.2 %', '46 %', '100 %']);
});

test('neighbours that came to the same are one stretch, and the worst of a moment counts', (t) => {
  const at = (list: [number, Verdict][]) =>
    stretchesOf(
      list.map(([ms, verdict]) => ({ at: ms, verdict })),
      100,
    );
  t.deepEqual(
    at([
      [0, 'ok'],
      [100, 'ok'],
      [120, 'wrong'],
      [140, 'failed'],
      [200, 'ok'],
      [500, 'ok'],
    ]),
    [
      { from: 0, to: 100, verdict: 'ok' },
      { from: 100, to: 200, verdict: 'failed' },
      { from: 200, to: 300, verdict: 'ok' },
      { from: 500, to: 600, verdict: 'ok' },
    ],
  );
});

test('the chart is a small SVG on a white ground, with a lane for each member', (t) => {
  const svg = comparisonChart([bare, ours], TIMELINE);
  t.regex(svg, /^<svg [^>]*>\s*<title>[^<]+<\/title>\s*<rect [^>]*fill="#ffffff"/);
  t.true(svg.length < 60_000);
  t.is(svg.match(/>vm-a</g)?.length, 2);
  for (const word of ['guard', 'none', 'primary to vm-b', 'drift', '65 s']) t.true(svg.includes(`>${word}<`), word);
  const bars = (fill: string) => svg.match(new RegExp(`<path [^>]*fill="${fill}"`, 'g'))?.length ?? 0;
  t.true(bars('#c8443c') > 3 && bars('#f0b429') > 5, 'failures and wrong answers have their colours');
});
