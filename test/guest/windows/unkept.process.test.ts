/** Calls that say yes and do nothing: what they left is seen, told, and kept in the notes until it is done. */
import type { WindowsFault, WindowsState } from '../../../simulator/guests/windows/state.ts';
import { useEngine } from './engine.ts';
import {
  BACKEND_INDEX,
  command,
  frontend,
  hostRoute,
  hostRoutes,
  isClean,
  kept,
  member,
  run,
  VIA_INDEX,
} from './harness.ts';

const { engineTest, engine } = useEngine();

const VIP = '10.0.1.100';
const OWN = 'SOFTWARE\\ilb-hairpin-guard\\Routes';
const DISPLACED = 'SOFTWARE\\ilb-hairpin-guard\\Displaced';
const notesOf = (state: WindowsState, list: string, vip = VIP) =>
  Object.keys(state.registry[list] ?? {}).filter((name) => name.startsWith(vip));
const routesOf = (state: WindowsState, vip = VIP) => hostRoutes(state).filter((text) => text.includes(`${vip}/32`));

const nothing: WindowsFault = { at: 'Remove-NetRoute', call: 0, kind: 'lost' };
const notPersistent: WindowsFault = { at: 'Remove-NetRoute persistent', call: 0, kind: 'lost' };
const GONE = `${VIP} {00000000-0000-0000-0000-000000000090} 10.0.1.1`;

for (const [title, fault, changed, left] of [
  ['from neither store', nothing, 0, 4],
  ['from the active store alone', notPersistent, 2, 2],
] as const) {
  engineTest(`remove that takes routes ${title} says so and keeps its notes; the next one finishes`, async (t) => {
    const applied = await run(engine, member(), command('apply'));
    const stuck = await run(engine, applied.state, command('remove'), [fault]);
    t.is(stuck.report.errorCode, 'CHANGE_FAILED', stuck.stdout);
    t.is(stuck.report.errorDetail, 'not removed or given back: 10.0.1.100 10.0.1.101');
    t.is(stuck.exitCode, 1);
    t.is(stuck.report.changed, changed);
    t.deepEqual(
      stuck.report.paths.map(({ after }) => after),
      [['leftover'], ['leftover']],
    );
    t.is(hostRoutes(stuck.state).length, left);
    t.deepEqual(stuck.state.registry, applied.state.registry);
    const removed = await run(engine, stuck.state, command('remove'));
    t.true(isClean(removed.report), removed.stdout);
    t.deepEqual(kept(removed.state), kept(member()));
  });
}

engineTest('one route of two that stays: the other is gone, and only the one is named', async (t) => {
  const applied = await run(engine, member(), command('apply'));
  const stuck = await run(engine, applied.state, command('remove'), [
    { ...nothing, call: 1 },
    { ...nothing, call: 2 },
  ]);
  t.is(stuck.report.errorDetail, 'not removed or given back: 10.0.1.100', stuck.stdout);
  t.deepEqual(
    stuck.report.paths.map(({ after }) => after),
    [['leftover'], []],
  );
  t.deepEqual([routesOf(stuck.state).length, routesOf(stuck.state, '10.0.1.101').length], [2, 0]);
});

engineTest('a leftover of a smaller plan that stays is not called clean; what is planned is repaired', async (t) => {
  const applied = await run(engine, member(), command('apply', [frontend(100)]));
  const moved = await run(engine, applied.state, command('apply', [frontend(101)]), [notPersistent]);
  t.is(moved.report.errorCode, 'CHANGE_FAILED', moved.stdout);
  t.is(moved.report.errorDetail, 'not removed or given back: 10.0.1.100');
  t.deepEqual(moved.report.paths[0]?.after, ['leftover']);
  t.is(moved.report.paths[0]?.connectAfter.outcome, 'ok');
  t.is(routesOf(moved.state, '10.0.1.101').length, 2);
  t.is(notesOf(moved.state, OWN).length, 1);
  const checked = await run(engine, moved.state, command('check', [frontend(101)]));
  t.deepEqual(checked.report.paths[0]?.after, ['leftover']);
  const again = await run(engine, checked.state, command('apply', [frontend(101)]));
  t.true(isClean(again.report), again.stdout);
  t.deepEqual(routesOf(again.state), []);
});

engineTest('our route on the other NIC that stays is known as ours whatever happens after', async (t) => {
  const start = member();
  start.routes.push(hostRoute(VIP, BACKEND_INDEX, 1, 'active'), hostRoute(VIP, BACKEND_INDEX, 1, 'persistent'));
  start.registry[OWN] = { [`${VIP} {00000000-0000-0000-0000-000000000004} 10.0.1.1`]: '1 1' };
  const stuck = await run(engine, start, command('apply', [frontend(100)]), [nothing]);
  t.is(stuck.report.errorCode, 'CHANGE_FAILED', stuck.stdout);
  t.regex(stuck.report.errorDetail ?? '', /still 10\.0\.1\.100 W/);
  const removed = await run(engine, stuck.state, command('remove'));
  t.deepEqual(routesOf(removed.state), [], 'and is never given back as somebody’s');
  t.is(removed.report.errorCode, undefined);
});

engineTest(
  'a stale route of an adapter that is gone counts as changed, and its note goes, when it is gone',
  async (t) => {
    const start = (await run(engine, member(), command('apply'))).state;
    start.routes.push(hostRoute(VIP, 90, 1, 'persistent'));
    start.registry[OWN] = { ...start.registry[OWN], [GONE]: '1 1' };
    const checked = await run(engine, start, command('check'));
    t.deepEqual(checked.report.warnings, ['stale-route-left']);
    for (const mode of ['apply', 'remove'] as const) {
      const stuck = await run(engine, start, command(mode), [notPersistent]);
      t.true(stuck.report.warnings.includes('stale-route-left'), stuck.stdout);
      if (mode === 'apply') t.is(stuck.report.changed, 0);
      t.true(GONE in (stuck.state.registry[OWN] ?? {}));
    }
    const applied = await run(engine, start, command('apply'));
    t.true(isClean(applied.report));
    t.deepEqual([applied.report.changed, applied.report.warnings], [1, []]);
    t.false(GONE in (applied.state.registry[OWN] ?? {}));
    t.false(kept(applied.state).routes.some((text) => text.includes(' 90 ')));
  },
);

engineTest(
  'somebody’s route that New-NetRoute does not give back is not lost: the next remove gives it back',
  async (t) => {
    const start = member();
    start.routes.push(hostRoute(VIP, BACKEND_INDEX, 40, 'active'));
    const applied = await run(engine, start, command('apply', [frontend(100)]));
    const stuck = await run(engine, applied.state, command('remove'), [{ at: 'New-NetRoute', call: 0, kind: 'lost' }]);
    t.is(stuck.report.errorDetail, 'not removed or given back: 10.0.1.100', stuck.stdout);
    t.is(notesOf(stuck.state, DISPLACED).length, 1);
    const removed = await run(engine, stuck.state, command('remove'));
    t.is(removed.report.errorCode, undefined);
    t.deepEqual(kept(removed.state), kept(start));
  },
);

engineTest(
  'somebody’s route on a NIC that is gone stays noted, and is given back when the NIC is there again',
  async (t) => {
    const start = member();
    start.routes.push(hostRoute(VIP, VIA_INDEX, 40, 'active', '10.0.1.254'));
    const applied = await run(engine, start, command('apply', [frontend(100)]));
    const bare = structuredClone(applied.state);
    bare.interfaces = bare.interfaces.filter(({ index }) => index !== VIA_INDEX);
    bare.routes = bare.routes.filter(({ store, index }) => store === 'persistent' || index !== VIA_INDEX);
    const removed = await run(engine, bare, command('remove'));
    t.is(removed.report.errorCode, undefined, removed.stdout);
    t.deepEqual(removed.report.warnings, ['displaced-route-kept']);
    t.is(notesOf(removed.state, DISPLACED).length, 1);
    t.deepEqual(routesOf(removed.state), []);
    const back = { ...removed.state, interfaces: member().interfaces };
    const given = await run(engine, back, command('remove'));
    t.deepEqual(
      kept(given.state).routes.filter((text) => text.includes(VIP)),
      [`active ${VIP}/32 ${VIA_INDEX} 10.0.1.254 40`],
    );
    t.false(Object.keys(given.state.registry).some((key) => key.includes('ilb-hairpin-guard')));
  },
);

engineTest('an apply that is taken back by calls that do nothing: what stands is told and stays noted', async (t) => {
  const stuck = await run(engine, member(), command('apply'), [
    nothing,
    { at: 'New-NetRoute', call: 2, kind: 'denied' },
  ]);
  t.is(stuck.report.errorCode, 'ACCESS_DENIED');
  t.regex(stuck.report.errorDetail ?? '', /^1 steps not taken back: /);
  t.is(stuck.report.changed, 1);
  t.is(routesOf(stuck.state).length, 2);
  t.is(notesOf(stuck.state, OWN).length, 1);
  t.is(notesOf(stuck.state, OWN, '10.0.1.101').length, 0);
  const removed = await run(engine, stuck.state, command('remove'));
  t.deepEqual(kept(removed.state), kept(member()));
});
