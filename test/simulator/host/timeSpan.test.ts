import test from 'ava';
import { timeSpanMs } from '../../../simulator/host/timeSpan.ts';

test('reads hours, minutes, seconds, days and fractions', (t) => {
  t.is(timeSpanMs('x', '00:00:02'), 2_000);
  t.is(timeSpanMs('x', '01:02:03'), 3_723_000);
  t.is(timeSpanMs('x', '1.00:00:00'), 86_400_000);
  t.is(timeSpanMs('x', '00:00:00.100'), 100);
  t.is(timeSpanMs('x', '00:05'), 300_000);
});

for (const wrong of ['2', '00:00:2', '', 'soon', 30, null, '-00:00:01']) {
  test(`refuses ${JSON.stringify(wrong)}`, (t) => {
    const error = t.throws(() => timeSpanMs('host.json visibilityTimeout', wrong));
    t.true(error.message.includes('host.json visibilityTimeout'));
  });
}
