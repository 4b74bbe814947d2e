import test from 'ava';
import fc from 'fast-check';
import {
  broken,
  judge,
  longestGap,
  peersOf,
  type Sample,
  type Stream,
  sharesOf,
  type Verdict,
  worst,
} from '../../../lab/compare/measure.ts';

const REIGNS = [
  { from: 0, vm: 'vm-a' },
  { from: 1000, vm: 'vm-b' },
];

test('a connect is right where the primary answered, and names the client that it saw', (t) => {
  t.deepEqual(judge(500, 'vm-a/UCR 10.0.1.11:2000', 'UCR', REIGNS), { at: 500, verdict: 'ok', peer: '10.0.1.11' });
  t.deepEqual(judge(500, null, 'UCR', REIGNS), { at: 500, verdict: 'failed' });
});

test('another VM, or another mirror on the right VM, is the wrong instance', (t) => {
  t.is(judge(500, 'vm-b/UCR 10.0.1.11:2000', 'UCR', REIGNS).verdict, 'wrong');
  t.is(judge(500, 'vm-a/PI 10.0.1.11:2000', 'UCR', REIGNS).verdict, 'wrong');
  t.is(judge(1500, 'vm-a/UCR 10.0.1.11:2000', 'UCR', REIGNS).verdict, 'wrong');
});

test('while a mirror moves both its primaries are right', (t) => {
  for (const at of [960, 1040])
    for (const vm of ['vm-a', 'vm-b']) t.is(judge(at, `${vm}/UCR 10.0.1.11:2000`, 'UCR', REIGNS).verdict, 'ok');
});

const samplesOf = (list: [number, Verdict][]): Sample[] => list.map(([at, verdict]) => ({ at, verdict }));

test('a gap lies between two connects that worked', (t) => {
  const samples = samplesOf([
    [0, 'ok'],
    [20, 'ok'],
    [40, 'failed'],
    [60, 'wrong'],
    [80, 'ok'],
    [100, 'ok'],
  ]);
  t.deepEqual(longestGap(samples, 0, 110), { ms: 60, ended: true });
});

test('a gap that reaches the end of its window did not end', (t) => {
  const samples = samplesOf([
    [0, 'ok'],
    [20, 'failed'],
    [40, 'failed'],
  ]);
  t.deepEqual(longestGap(samples, 0, 60), { ms: 60, ended: false });
  t.deepEqual(longestGap(samples, 20, 60), { ms: 40, ended: false }, 'what worked before the window does not count');
  t.deepEqual(longestGap([], 0, 60), { ms: 60, ended: false });
});

test('a gap is never longer than its window, nor shorter than the time between any two neighbours that worked', (t) => {
  const timelines = fc.array(fc.constantFrom<Verdict>('ok', 'wrong', 'failed'), { maxLength: 60 });
  fc.assert(
    fc.property(timelines, (verdicts) => {
      const samples = verdicts.map((verdict, index) => ({ at: index * 20, verdict }));
      const { ms } = longestGap(samples, 0, 1200);
      const worked = [0, ...samples.filter(({ verdict }) => verdict === 'ok').map(({ at }) => at), 1200];
      const between = worked.slice(1).map((at, index) => at - (worked[index] ?? 0));
      return ms === Math.max(...between);
    }),
  );
  t.pass();
});

test('one gap that did not end is worse than any that did', (t) => {
  t.deepEqual(
    worst([
      { ms: 900, ended: true },
      { ms: 300, ended: false },
      { ms: 200, ended: false },
    ]),
    { ms: 300, ended: false },
  );
});

test('shares are of all connects, client addresses are told once', (t) => {
  const stream = (samples: Sample[]): Stream => ({ kind: 'unbound', vm: 'vm-a', mirror: 'UCR', samples });
  const streams = [
    stream([
      { at: 0, verdict: 'ok', peer: '10.0.1.11' },
      { at: 20, verdict: 'failed' },
    ]),
    stream([
      { at: 0, verdict: 'ok', peer: '10.0.1.11' },
      { at: 20, verdict: 'wrong' },
    ]),
  ];
  t.deepEqual(sharesOf(streams), { failed: 0.25, wrong: 0.25 });
  t.deepEqual(sharesOf([]), { failed: 0, wrong: 0 });
  t.deepEqual(peersOf(streams), ['10.0.1.11']);
});

test('broken is what worked and now fails or reaches another VM, not what failed before', (t) => {
  const before = { a: 'vm-a', b: 'vm-a', c: 'fails', d: 'vm-b' };
  t.deepEqual(broken(before, { a: 'vm-a', b: 'fails', c: 'vm-a', d: 'vm-a' }), ['b: vm-a -> fails', 'd: vm-b -> vm-a']);
});
