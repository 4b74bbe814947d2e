import test from 'ava';
import { isAhead } from '../../shared/model/ahead.ts';

const NOW = 1_000_000;
const MOST = 60_000;

for (const [what, at, ahead] of [
  ['never set', undefined, false],
  ['over', NOW - 1, false],
  ['now', NOW, false],
  ['in a moment', NOW + 1, true],
  ['as far as it is ever set', NOW + MOST, true],
  ['further: the clock was set back', NOW + MOST + 1, false],
] as const) {
  test(`a time that is ${what}: ${ahead ? 'ahead' : 'not ahead'}`, (t) => t.is(isAhead(at, NOW, MOST), ahead));
}
