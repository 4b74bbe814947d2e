import test from 'ava';
import { scheduleViews } from '../../shared/views/schedules.ts';

const AT = Date.UTC(2026, 0, 5, 10);
const MINUTE = 60_000;
const ago = (...minutes: number[]): number[] => minutes.map((one) => AT - one * MINUTE);
const states = (sweeps: number[], passed: number | undefined): string[] =>
  scheduleViews(sweeps, passed === undefined ? undefined : AT - passed * MINUTE, AT).map(({ state }) => state);

test('nothing came yet', (t) => {
  t.deepEqual(states([], undefined), ['unknown', 'unknown']);
});

test('a sweep is late after two of the longest time between those before', (t) => {
  t.deepEqual(states(ago(10, 70, 130), 1), ['ok', 'ok']);
  t.deepEqual(states(ago(120, 180, 240), 1), ['ok', 'ok']);
  t.deepEqual(states(ago(121, 181, 241), 1), ['late', 'ok']);
  t.deepEqual(states(ago(121, 125, 241), 1), ['ok', 'ok'], 'one of them was run by hand');
  t.deepEqual(states(ago(130), 1), ['ok', 'ok']);
  t.deepEqual(states(ago(131), 1), ['late', 'ok'], 'of a single one: as the alert has it');
});

test('a loop that nothing rang for an hour: the watch is late, and what to do is told', (t) => {
  t.deepEqual(states(ago(10, 70), 60), ['ok', 'ok']);
  const [, watch] = scheduleViews(ago(10, 70), AT - 61 * MINUTE, AT);
  t.like(watch, { state: 'late', since: '2026-01-05T08:59:00.000Z', text: 'The last watch came 61 minutes ago.' });
  t.regex(watch?.nextStep ?? '', /primaryWatch.*HAIRPIN_WATCH_SCHEDULE/);
});

test('a time that lies ahead, after the clock was set back, is not late', (t) => {
  t.deepEqual(states([AT + MINUTE], -1), ['ok', 'ok']);
});
