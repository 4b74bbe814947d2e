/** Budgets and windows. */
import test from 'ava';
import { commandMs, guestLimits, inWindow, isOverdue } from '../../shared/decide/limits.ts';
import { accepted, ago, NOW, run } from '../helpers/seen.ts';
import { SETTINGS } from '../helpers/world.ts';

const at = (hours: number, minutes = 0): number => Date.UTC(2026, 0, 5, hours, minutes);
const windows: [string, { from: number; to: number } | undefined, number, boolean][] = [
  ['no window', undefined, at(10), true],
  ['before it', { from: 600, to: 660 }, at(9, 59), false],
  ['its first minute', { from: 600, to: 660 }, at(10), true],
  ['its last minute', { from: 600, to: 660 }, at(10, 59), true],
  ['after it', { from: 600, to: 660 }, at(11), false],
  ['over midnight, in the evening', { from: 1320, to: 120 }, at(23), true],
  ['over midnight, in the morning', { from: 1320, to: 120 }, at(1, 59), true],
  ['over midnight, at noon', { from: 1320, to: 120 }, at(12), false],
  ['an empty one', { from: 600, to: 600 }, at(10), false],
];
for (const [what, window, now, isIn] of windows) {
  test(`window: ${what}`, (t) => t.is(inWindow({ ...SETTINGS, ...(window ? { window } : {}) }, now), isIn));
}

test('a run may take two hours from when it was planned; a signal that waited for the app is as good as new', (t) => {
  t.false(isOverdue(run('s1 sweep', { observedAt: ago(9000), startedAt: ago(7199) }), NOW));
  t.true(isOverdue(run('s1 sweep', { observedAt: ago(9000), startedAt: ago(7200) }), NOW));
  t.true(isOverdue(accepted('s1 sweep', { observedAt: ago(7200) }), NOW));
});

test('a command may take what its script may, and what Azure takes besides', (t) => {
  t.is(commandMs(SETTINGS), 240_000);
  t.deepEqual(guestLimits(SETTINGS), { connectSeconds: 3, totalSeconds: 60 });
});
