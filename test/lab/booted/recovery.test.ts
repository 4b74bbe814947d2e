/** The time that a recovery took, from looks and connects. */
import test from 'ava';
import type { Connect } from '../../../lab/booted/inside.ts';
import { recoveryOf } from '../../../lab/booted/recovery.ts';
import type { Sample } from '../../../lab/booted/sampler.ts';

const VIA = '10.2.1.5';
const expected = { ours: 'whole', via: VIA };
const look = (at: number, fields: Partial<Sample> = {}): Sample => ({
  at,
  ours: 'whole',
  local: true,
  addresses: true,
  ...fields,
});
const connect = (at: number, fields: Partial<Connect> = {}): Connect => ({
  at,
  vip: '10.2.1.100',
  ok: true,
  peer: VIA,
  ...fields,
});

test('what was never wrong took no time', (t) => {
  const seen = recoveryOf(100, [look(90), look(110), look(130)], [connect(105), connect(125)], expected);
  t.is(seen.recoveredMs, 0);
  t.is(seen.ownMs, 0);
  t.like(seen, { looks: 2, connects: 2, failed: 0, withoutLocal: 0, strange: 0 });
});

test('whole is when the state is, and a connect to each VIP that began later works', (t) => {
  const looks = [look(110, { ours: 'less' }), look(130, { ours: 'less' }), look(150)];
  t.is(recoveryOf(100, looks, [connect(110), connect(160)], expected).recoveredMs, 50);
  const failing = [connect(140, { ok: false }), connect(170, { ok: false }), connect(190), connect(210)];
  t.is(recoveryOf(100, looks, failing, expected).recoveredMs, 90);
  const other = connect(200, { vip: '10.2.1.101', ok: false });
  t.is(recoveryOf(100, looks, [...failing, other], expected).recoveredMs, undefined);
});

test('a state that does not last is not whole', (t) => {
  const looks = [look(110, { ours: 'less' }), look(130), look(150, { ours: 'less' }), look(170)];
  t.is(recoveryOf(100, looks, [connect(180)], expected).recoveredMs, 70);
  t.is(recoveryOf(100, looks.slice(0, 3), [connect(180)], expected).recoveredMs, undefined);
});

test('without a connect nothing is proved', (t) => {
  t.is(recoveryOf(100, [look(110)], [], expected).recoveredMs, undefined);
});

test('the watcher’s own time begins when the addresses are back', (t) => {
  const looks = [look(110, { addresses: false, ours: 'less' }), look(400, { ours: 'less' }), look(650)];
  const seen = recoveryOf(100, looks, [connect(700)], expected);
  t.is(seen.recoveredMs, 550);
  t.is(seen.ownMs, 250);
});

test('a look without lookup local, and a connect from a wrong address, are counted', (t) => {
  const seen = recoveryOf(
    100,
    [look(110, { local: false }), look(120)],
    [connect(105, { peer: '10.2.1.4' })],
    expected,
  );
  t.like(seen, { withoutLocal: 1, strange: 1, recoveredMs: undefined });
});
