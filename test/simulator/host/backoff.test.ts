import test from 'ava';
import { pollingDelays } from '../../../simulator/host/backoff.ts';

test('waits 100 ms first, doubles, and stays at the most', (t) => {
  const next = pollingDelays(2_000, () => 0.5);
  t.deepEqual(
    Array.from({ length: 8 }, () => next(false)),
    [100, 200, 300, 500, 900, 1_700, 2_000, 2_000],
  );
});

test('starts again after messages were found', (t) => {
  const next = pollingDelays(2_000, () => 0.5);
  for (let i = 0; i < 7; i++) next(false);
  t.is(next(true), 100);
  t.is(next(false), 200);
});

test('spreads by a fifth at most', (t) => {
  for (const [drawn, expected] of [
    [0, 180],
    [0.999, 219.96],
  ] as const) {
    const next = pollingDelays(60_000, () => drawn);
    next(false);
    t.is(Math.round(next(false) * 100) / 100, expected);
  }
});
