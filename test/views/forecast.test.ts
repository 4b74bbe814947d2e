/** The forecast and the trace of a path as documents of the API. */
import test from 'ava';
import { InputError } from '../../shared/errors.ts';
import { openEstate } from '../../shared/reconcile/estate.ts';
import { forecastView } from '../../shared/views/forecast.ts';
import { pathTraceView } from '../../shared/views/paths.ts';
import { articleWorld, type World } from '../helpers/world.ts';

const known = (world: World) => openEstate(world.ports(), world.settings)();

async function half(): Promise<World> {
  const world = articleWorld();
  world.manual('apply', 'hs-a');
  await world.run();
  return world;
}

test('both mirrors are primary on one VM: what its loss brings, and each failover', async (t) => {
  const seen = forecastView(await known(await half()));
  t.deepEqual(seen.now, [{ vm: 'hs-a', frontends: ['ucr', 'pi'], failing: [] }]);
  const failing = [
    { vm: 'hs-b', frontend: 'ucr', vip: '10.0.1.100' },
    { vm: 'hs-b', frontend: 'pi', vip: '10.0.1.101' },
  ];
  t.deepEqual(seen.ifLost, [
    {
      vm: 'hs-a',
      moves: [
        { frontend: 'ucr', vip: '10.0.1.100', to: ['hs-b'] },
        { frontend: 'pi', vip: '10.0.1.101', to: ['hs-b'] },
      ],
      sharing: [{ vm: 'hs-b', frontends: ['ucr', 'pi'] }],
      failing,
    },
  ]);
  t.deepEqual(
    seen.ifFailover.map(({ frontend, vip, to, failing: fails }) => [frontend, vip, to, fails.length]),
    [
      ['ucr', '10.0.1.100', 'hs-b', 1],
      ['pi', '10.0.1.101', 'hs-b', 1],
    ],
  );
  t.false(seen.cut);
});

test('of one VM, by name in any letter case or id', async (t) => {
  const world = await half();
  const estate = await known(world);
  for (const name of ['HS-B', world.vmId('hs-b').toUpperCase()]) {
    const seen = forecastView(estate, name);
    t.deepEqual(seen.ifLost, [{ vm: 'hs-b', moves: [], sharing: [], failing: [] }], 'primary for nothing');
    t.is(seen.ifFailover.length, 2);
    t.deepEqual(seen.now, []);
  }
  t.is(forecastView(estate, 'hs-a').ifLost[0]?.moves.length, 2);
  const error = t.throws(() => forecastView(estate, 'hs-x'), { instanceOf: InputError });
  t.like(error, { code: 'NOT_FOUND', field: 'vm', nextStep: 'Among those that there are: hs-a, hs-b.' });
});

test('a trace: repaired, it works; not looked at, nobody knows', async (t) => {
  const estate = await known(await half());
  const { trace, asOf } = pathTraceView(estate, { vm: 'hs-a', vip: '10.0.1.100' });
  t.is(asOf, new Date(estate.observed.at).toISOString());
  t.like(trace, { vm: 'hs-a', vip: '10.0.1.100', frontend: 'ucr', port: 1972, fix: 'whole', stopped: [] });
  const [now] = trace.scenarios;
  t.is(now?.outcome, 'works');
  t.true(now?.asIs[0]?.steps.some(({ code }) => code === 'SENT_VIA'));
  const other = pathTraceView(estate, { vm: 'hs-b', vip: 'pi' }).trace;
  t.is(other.fix, 'none', 'it was given no command');
  const moved = other.scenarios.find(({ failoverTo }) => failoverTo === 'hs-b');
  t.is(moved?.outcome, 'fails');
  t.is(moved?.withFix[0]?.outcome, 'works');
});

test('a path that is not there', async (t) => {
  const estate = await known(await half());
  for (const [vm, vip, field] of [
    ['hs-x', '10.0.1.100', 'vm'],
    ['hs-a', '10.0.1.99', 'vip'],
  ] as const) {
    const error = t.throws(() => pathTraceView(estate, { vm, vip }), { instanceOf: InputError });
    t.like(error, { code: 'NOT_FOUND', field });
  }
});
