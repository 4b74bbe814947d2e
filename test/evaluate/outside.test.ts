/** Load balancers outside the scope with a VM inside behind them: left alone, or served, and never before a mirror inside. */
import test from 'ava';
import { MAX_FRONTENDS } from '../../shared/model/guest.ts';
import type { Scope } from '../../shared/model/scope.ts';
import { estate, type IlbSpec, ilb, lbId, look, OPT_OUT, pair, vmId } from '../helpers/estate.ts';

const inside = (...names: string[]): Partial<Scope> => ({
  within: [vmId('a'), ...names.map(lbId)],
  outsideLoadBalancers: false,
});
const both = estate(...pair(), ilb('ucr', '10.0.1.100', ['a1', 'b1']), ilb('other', '10.0.1.101', ['a1', 'b1']));

test('one outside is left alone, and that is said of the VM', (t) => {
  const seen = look(both, { scope: inside('ucr') });
  t.deepEqual(seen.paths, ['a>ucr']);
  t.deepEqual(seen.listed, ['a LOAD_BALANCER_OUT_OF_SCOPE', 'b OUT_OF_SCOPE']);
  const said = seen.evaluation.listed.find(({ finding }) => finding.code === 'LOAD_BALANCER_OUT_OF_SCOPE');
  t.deepEqual(said?.finding.params, { id: lbId('other') });
  t.deepEqual(
    seen.plan('a')?.frontends.map(({ vip }) => vip),
    ['10.0.1.100'],
  );
});

test('one outside is served where that is set', (t) => {
  const seen = look(both, { scope: { ...inside('ucr'), outsideLoadBalancers: true } });
  t.deepEqual(seen.paths, ['a>ucr', 'a>other']);
  t.deepEqual(seen.listed, ['b OUT_OF_SCOPE']);
});

test('without a scope of its own a subscription has none outside', (t) => {
  t.deepEqual(look(both, { scope: { outsideLoadBalancers: false } }).paths.length, 4);
});

test('one outside without a member inside is no word worth, and one that opted out is opted out', (t) => {
  const foreign = estate(...pair(), ilb('other', '10.0.1.101', ['b1']));
  t.deepEqual(look(foreign, { scope: inside() }).listed, []);
  const out = estate(...pair(), ilb('other', '10.0.1.101', ['a1'], { tags: OPT_OUT }));
  t.deepEqual(look(out, { scope: inside() }).listed, ['other OPTED_OUT']);
});

const TCP: IlbSpec = { rules: [{ probe: 'tcp' }] };
/** So many frontends of a kind, their VIPs ahead of those of the next kind. */
const many = (name: string, net: number, count: number, spec?: IlbSpec) =>
  Array.from({ length: count }, (_, i) => ilb(`${name}${i}`, `10.0.${net}.${i + 1}`, ['a1', 'b1'], spec));
const planned = (topology: ReturnType<typeof estate>, scope: Partial<Scope>) => {
  const seen = look(topology, { scope });
  const vips = seen.plan('a')?.frontends.map(({ vip }) => vip) ?? [];
  const left = seen.evaluation.paths.filter(
    ({ vmId: id, findings }) => id === vmId('a') && findings.some(({ code }) => code === 'TOO_MANY_FRONTENDS'),
  );
  return { vips, left: left.map(({ vip }) => vip), seen };
};

test('64 outside do not push out the VM’s own mirror, and the one too many is said', (t) => {
  const topology = estate(...pair(), ...many('out', 2, MAX_FRONTENDS), ilb('ucr', '10.0.9.100', ['a1', 'b1']));
  const { vips, left, seen } = planned(topology, { ...inside('ucr'), outsideLoadBalancers: true });
  t.is(vips.length, MAX_FRONTENDS);
  t.true(vips.includes('10.0.9.100'));
  t.deepEqual(left, ['10.0.2.64']);
  t.deepEqual(seen.path('a', 'out63').findings, [{ code: 'TOO_MANY_FRONTENDS', params: { count: '65', most: '64' } }]);
  t.is(seen.path('a', 'out63').verdict, 'blocked');
  t.deepEqual(seen.codes('a'), []);
  const ignored = planned(topology, inside('ucr'));
  t.deepEqual([ignored.vips, ignored.left], [['10.0.9.100'], []]);
});

test('mirrors inside go before what else is inside, and that before mirrors outside', (t) => {
  const own = (names: string[]) => ({ ...inside(...names), outsideLoadBalancers: true });
  const names = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}${i}`);
  const topology = estate(...pair(), ...many('out', 4, 40), ...many('tcp', 2, 30, TCP), ...many('mirror', 3, 50));
  const { vips, left } = planned(topology, own([...names('tcp', 30), ...names('mirror', 50)]));
  const of = (net: number) => vips.filter((vip) => vip.startsWith(`10.0.${net}.`)).length;
  t.deepEqual([of(4), of(2), of(3)], [0, 14, 50]);
  t.is(left.length, 40 + 16);
  t.deepEqual(
    vips,
    vips.toSorted(
      (a, b) => Number(a.split('.')[2]) - Number(b.split('.')[2]) || Number(a.split('.')[3]) - Number(b.split('.')[3]),
    ),
  );
});
