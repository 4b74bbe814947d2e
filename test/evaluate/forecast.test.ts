import test from 'ava';
import { FORECAST_LIMITS, type Forecast, forecast } from '../../shared/evaluate/forecast.ts';
import { shortName } from '../../shared/model/ids.ts';
import type { Topology } from '../../shared/model/topology.ts';
import { estate, healthOf, ilb, look, mirror, nicId, pair, vm } from '../helpers/estate.ts';
import { knowingAll } from '../helpers/looked.ts';

const c = vm('c', { c1: '10.0.1.30', c2: '10.0.1.31' });

/** The forecast while these NICs are up, with every guest that has a plan in order. */
function foresee(topology: Topology, up: Record<string, string[]>): Forecast {
  const health = healthOf(topology, up);
  return forecast(look(topology, { health, knowledge: knowingAll(look(topology).evaluation) }).evaluation);
}

/** `a: ucr pix; b: ...` */
const sharing = (list: Forecast['ifLost'][number]['sharing']) =>
  list.map(({ vmId, frontendIds }) => `${shortName(vmId)}: ${frontendIds.map(shortName).join(' ')}`).join('; ');
const failing = (list: { vmId: string; frontendId: string }[]) =>
  list.map(({ vmId, frontendId }) => `${shortName(vmId)}>${shortName(frontendId)}`).join(' ');
const lost = (seen: Forecast) =>
  Object.fromEntries(
    seen.ifLost.map(({ vmId, moves, ...rest }) => [
      shortName(vmId),
      {
        moves: moves.map((move) => `${shortName(move.frontendId)} -> ${move.candidates.map(shortName).join(' or ')}`),
        sharing: sharing(rest.sharing),
        failing: failing(rest.failing),
      },
    ]),
  );
const failedOver = (seen: Forecast) =>
  Object.fromEntries(
    seen.ifFailover.map((one) => [
      `${shortName(one.frontendId)} -> ${shortName(one.toVmId)}`,
      `${sharing(one.sharing)} | ${failing(one.failing)}`,
    ]),
  );

const two = (b = pair()[1]) =>
  estate(
    ...pair().slice(0, 1),
    b ?? {},
    ilb('ucr', '10.0.1.100', ['a1', 'b1']),
    ilb('pix', '10.0.1.101', ['a1', 'b1']),
  );

test('primaries apart: each failover, and each loss, brings them together on the other', (t) => {
  const seen = foresee(two(), { ucr: ['a1'], pix: ['b1'] });
  t.deepEqual(seen.now, []);
  t.deepEqual(failedOver(seen), { 'ucr -> b': 'b: pix ucr | ', 'pix -> a': 'a: ucr pix | ' });
  t.deepEqual(lost(seen), {
    a: { moves: ['ucr -> b'], sharing: 'b: pix ucr', failing: '' },
    b: { moves: ['pix -> a'], sharing: 'a: ucr pix', failing: '' },
  });
  t.false(seen.cut);
});

test('what shares now, what a failover parts, and a loss that moves both', (t) => {
  const seen = foresee(two(), { ucr: ['a1'], pix: ['a1'] });
  t.deepEqual(
    seen.now.map((one) => [shortName(one.vmId), one.frontendIds.map(shortName), one.failing]),
    [['a', ['ucr', 'pix'], []]],
  );
  t.deepEqual(failedOver(seen), { 'ucr -> b': ' | ', 'pix -> b': ' | ' });
  t.deepEqual(lost(seen), { a: { moves: ['ucr -> b', 'pix -> b'], sharing: 'b: ucr pix', failing: '' } });
});

test('a member that is not ready would fail, towards what it would serve', (t) => {
  const seen = foresee(two(vm('b', { b1: '10.0.1.20' })), { ucr: ['a1'], pix: ['b1'] });
  t.deepEqual(failedOver(seen), { 'ucr -> b': 'b: pix ucr | b>pix b>ucr', 'pix -> a': 'a: ucr pix | ' });
});

test('what fails now while primaries share a VM', (t) => {
  const seen = foresee(two(vm('b', { b1: '10.0.1.20' })), { ucr: ['b1'], pix: ['b1'] });
  t.is(failing(seen.now[0]?.failing ?? []), 'b>ucr b>pix');
});

test('a path that was not looked at is not known to work', (t) => {
  const topology = mirror();
  const seen = forecast(look(topology, { health: healthOf(topology, { ucr: ['a1'] }) }).evaluation);
  t.deepEqual(failedOver(seen), { 'ucr -> b': ' | b>ucr' });
});

test('a member that does not run takes nothing over', (t) => {
  const b = vm('b', { b1: '10.0.1.20', b2: '10.0.1.21' }, { power: 'deallocated' });
  const seen = foresee(two(b), { ucr: ['a1'], pix: ['a1'] });
  t.deepEqual(failedOver(seen), {});
  t.deepEqual(lost(seen), { a: { moves: ['ucr -> ', 'pix -> '], sharing: '', failing: '' } });
});

test('with three members, who may meet on whom', (t) => {
  const topology = estate(
    ...pair(),
    c,
    ilb('ucr', '10.0.1.100', ['a1', 'b1', 'c1']),
    ilb('pix', '10.0.1.101', ['a1', 'b1']),
  );
  const seen = foresee(topology, { ucr: ['a1'], pix: ['a1'] });
  t.deepEqual(lost(seen), { a: { moves: ['ucr -> b or c', 'pix -> b'], sharing: 'b: ucr pix', failing: '' } });
  t.deepEqual(Object.keys(failedOver(seen)), ['ucr -> b', 'ucr -> c', 'pix -> b']);
});

test('a pool where everybody serves, and one where nobody does, have no failover', (t) => {
  const seen = foresee(two(), { ucr: ['a1', 'b1'], pix: [] });
  t.deepEqual([seen.now, seen.ifLost, seen.ifFailover], [[], [], []]);
});

test('a member out of scope can take over: nothing is known of its path', (t) => {
  const topology = two();
  const evaluation = look(topology, {
    health: healthOf(topology, { ucr: ['a1'] }),
    scope: { within: [nicId('x'), topology.vms[0]?.id ?? ''] },
  }).evaluation;
  t.deepEqual(failedOver(forecast(evaluation)), { 'ucr -> b': ' | ' });
});

test('nothing in, nothing out', (t) => {
  t.deepEqual(foresee(estate(), {}), { now: [], ifLost: [], ifFailover: [], cut: false });
});

test('1,000 members on two frontends: bounded, said to be cut, and where most fails is kept', (t) => {
  const names = Array.from({ length: 1000 }, (_, i) => `v${String(i).padStart(4, '0')}`);
  const vms = names.map((name, i) => {
    const [high, low] = [Math.floor(i / 200), (i % 200) + 10];
    return vm(name, {
      [`${name}-1`]: `10.1.${high}.${low}`,
      ...(i === 999 ? {} : { [`${name}-2`]: `10.2.${high}.${low}` }),
    });
  });
  const pool = names.map((name) => `${name}-1`);
  const topology = estate(...vms, ilb('ucr', '10.0.1.100', pool), ilb('pix', '10.0.1.101', pool));
  for (const [i, nic] of topology.nics.entries()) nic.mac = `00:0d:3a:00:${hex(i >> 8)}:${hex(i & 255)}`;
  const seen = foresee(topology, { ucr: ['v0000-1'], pix: ['v0001-1'] });
  t.true(seen.cut);
  t.is(seen.ifFailover.length, FORECAST_LIMITS.entries);
  t.true(seen.ifFailover.some((one) => failing(one.failing) === 'v0999>ucr'));
  for (const one of seen.ifLost) {
    t.true(one.moves.every(({ candidates }) => candidates.length <= FORECAST_LIMITS.within));
    t.true(one.sharing.length <= FORECAST_LIMITS.within);
  }
});

const hex = (n: number) => n.toString(16).padStart(2, '0');
