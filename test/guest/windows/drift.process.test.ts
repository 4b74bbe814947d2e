import type { Drift } from '../../../shared/model/guest.ts';
import { restarted, type WindowsState } from '../../../simulator/guests/windows/state.ts';
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
const both = (index: number, metric: number, gateway?: string) => [
  hostRoute(VIP, index, metric, 'active', gateway),
  hostRoute(VIP, index, metric, 'persistent', gateway),
];
const OWN = 'SOFTWARE\\ilb-hairpin-guard\\Routes';
const note = (index: number, gateway: string) => `${VIP} {00000000-0000-0000-0000-00000000000${index}} ${gateway}`;

/** Each way a machine can differ from the plan, with what the check says of VIP .100. */
const STATES: { title: string; make: (state: WindowsState) => void; drift: Drift[]; ours?: boolean }[] = [
  { title: 'nothing there', make: () => {}, drift: ['route-missing'] },
  {
    title: 'route only until the next restart',
    make: (s) => s.routes.push(hostRoute(VIP, VIA_INDEX, 1, 'active')),
    drift: ['route-not-persistent'],
  },
  {
    title: 'route only in the persistent store',
    make: (s) => s.routes.push(hostRoute(VIP, VIA_INDEX, 1, 'persistent')),
    drift: ['route-missing'],
  },
  { title: 'another metric', make: (s) => s.routes.push(...both(VIA_INDEX, 256)), drift: ['route-wrong'] },
  {
    title: 'another metric in the persistent store',
    make: (s) => s.routes.push(hostRoute(VIP, VIA_INDEX, 1, 'active'), hostRoute(VIP, VIA_INDEX, 50, 'persistent')),
    drift: ['route-not-persistent'],
  },
  {
    title: 'somebody’s route through the backend NIC',
    make: (s) => s.routes.push(...both(BACKEND_INDEX, 1)),
    drift: ['route-missing', 'route-foreign'],
  },
  {
    title: 'somebody’s route with another gateway',
    make: (s) => s.routes.push(hostRoute(VIP, VIA_INDEX, 1, 'active', '10.0.1.254')),
    drift: ['route-missing', 'route-foreign'],
  },
  {
    title: 'the right route and a stronger one',
    make: (s) => s.routes.push(...both(VIA_INDEX, 1), hostRoute(VIP, BACKEND_INDEX, 0, 'active')),
    drift: ['route-foreign'],
  },
  {
    title: 'the right route and one that is stronger by its interface’s metric',
    make: (s) => s.routes.push(...both(VIA_INDEX, 1), hostRoute(VIP, BACKEND_INDEX, 5, 'active')),
    drift: ['route-foreign'],
  },
  {
    title: 'the right route and one that is weaker by little',
    make: (s) => s.routes.push(...both(VIA_INDEX, 1), hostRoute(VIP, BACKEND_INDEX, 7, 'active')),
    drift: ['route-duplicate'],
  },
  {
    title: 'the right route and a weaker one',
    make: (s) => s.routes.push(...both(VIA_INDEX, 1), ...both(BACKEND_INDEX, 500)),
    drift: ['route-duplicate'],
  },
  {
    title: 'a route that waits in the persistent store',
    make: (s) => s.routes.push(...both(VIA_INDEX, 1), hostRoute(VIP, BACKEND_INDEX, 1, 'persistent')),
    drift: ['route-duplicate'],
  },
  {
    title: 'a blackhole on the loopback interface',
    make: (s) => s.routes.push(hostRoute(VIP, 1, 1, 'active', '0.0.0.0')),
    drift: ['route-missing', 'route-foreign'],
  },
  {
    title: 'our route of an older plan on the other NIC',
    make: (s) => {
      s.routes.push(...both(BACKEND_INDEX, 1));
      s.registry[OWN] = { [note(BACKEND_INDEX, '10.0.1.1')]: '1 1' };
    },
    drift: ['route-wrong'],
    ours: true,
  },
];

for (const { title, make, drift, ours } of STATES) {
  engineTest(`${title}: found, repaired, clean, left alone, given back`, async (t) => {
    const start = member();
    make(start);
    const found = await run(engine, start, command('check'));
    t.deepEqual(found.report.paths[0]?.after, drift);
    t.deepEqual(kept(found.state), kept(start), 'check changes nothing');
    t.is(found.report.changed, 0);
    t.is(found.state.changes, 0);

    const repaired = await run(engine, start, command('apply'));
    t.deepEqual(repaired.report.paths[0]?.before, drift);
    t.true(isClean(repaired.report), repaired.stdout);
    t.true(repaired.report.changed > 0);
    t.is(repaired.report.paths[0]?.proof, 'self');
    t.is(repaired.exitCode, 0);

    const checked = await run(engine, repaired.state, command('check'));
    t.true(isClean(checked.report), checked.stdout);
    const again = await run(engine, repaired.state, command('apply'));
    t.is(again.report.changed, 0);
    t.is(again.state.changes, 0, 'a second apply touches neither routes nor registry');
    t.deepEqual(kept(again.state), kept(repaired.state));

    const removed = await run(engine, again.state, command('remove'));
    t.true(isClean(removed.report), removed.stdout);
    t.deepEqual(removed.report.paths[0]?.before, repaired.state.registry[OWN] ? ['leftover'] : []);
    if (!ours) t.deepEqual(kept(removed.state), kept(start), 'remove gives back the machine as it was');
    else t.deepEqual(hostRoutes(removed.state), []);
    t.false(Object.keys(removed.state.registry).some((key) => key.includes('ilb-hairpin-guard')));
  });
}

engineTest('what apply put is there after a restart with other interface indexes', async (t) => {
  const applied = await run(engine, member(), command('apply'));
  const later = restarted(applied.state, (index) => (index === 1 ? 1 : index + 10));
  const checked = await run(engine, later, command('check'));
  t.true(isClean(checked.report), checked.stdout);
  const removed = await run(engine, later, command('remove'));
  t.deepEqual(hostRoutes(removed.state), []);
});

engineTest('a route that was never ours stays when the plan finds it right', async (t) => {
  const start = member();
  start.routes.push(...both(VIA_INDEX, 1), ...both(VIA_INDEX, 1).map((one) => ({ ...one, prefix: '10.0.1.101/32' })));
  const applied = await run(engine, start, command('apply'));
  t.is(applied.report.changed, 0);
  t.is(applied.state.changes, 0);
  const removed = await run(engine, applied.state, command('remove'));
  t.deepEqual(kept(removed.state), kept(start));
});

engineTest('a route that somebody puts in the way again is not what remove gives back: the first one is', async (t) => {
  const start = member();
  start.routes.push(hostRoute(VIP, BACKEND_INDEX, 40, 'active'));
  const applied = await run(engine, start, command('apply'));
  applied.state.routes.push(hostRoute(VIP, BACKEND_INDEX, 2, 'active'));
  const again = await run(engine, applied.state, command('apply'));
  t.true(isClean(again.report));
  t.deepEqual(again.report.warnings, ['route-displaced']);
  const removed = await run(engine, again.state, command('remove'));
  t.deepEqual(kept(removed.state), kept(start));
});

engineTest('a VIP that left the plan is found and given up; remove needs no plan', async (t) => {
  const applied = await run(engine, member(), command('apply'));
  const narrow = [frontend(101)];
  const found = await run(engine, applied.state, command('check', narrow));
  t.deepEqual(found.report.paths[0]?.after, ['leftover']);
  const moved = await run(engine, applied.state, command('apply', narrow));
  t.true(isClean(moved.report), moved.stdout);
  t.deepEqual(
    hostRoutes(moved.state).filter((text) => text.includes(VIP)),
    [],
  );
  const removed = await run(engine, moved.state, command('remove', []));
  t.deepEqual(kept(removed.state), kept(member()));
});

engineTest('a persistent route of an interface that is gone is left alone, ours is not', async (t) => {
  const start = member();
  start.routes.push(hostRoute(VIP, 90, 1, 'persistent'), hostRoute('10.0.1.101', 90, 1, 'persistent', '10.0.1.254'));
  start.registry[OWN] = { [`${VIP} {00000000-0000-0000-0000-000000000090} 10.0.1.1`]: '1 1' };
  const applied = await run(engine, start, command('apply'));
  t.true(isClean(applied.report), applied.stdout);
  t.false(kept(applied.state).routes.some((text) => text.includes(`${VIP}/32 90`)));
  t.true(kept(applied.state).routes.some((text) => text.includes('10.0.1.101/32 90')));
});

engineTest('weak host is told and left as it is, and shows why the connect fails', async (t) => {
  const start = member();
  const nic = start.interfaces.find(({ index }) => index === BACKEND_INDEX);
  if (nic) nic.weakHostReceive = true;
  const { report, state } = await run(engine, start, command('apply'));
  t.deepEqual(report.paths[0]?.after, ['weak-host']);
  t.is(report.paths[0]?.connectAfter.outcome, 'reset');
  t.true(report.warnings.includes('weak-host'));
  t.is(report.errorCode, undefined);
  t.true(state.interfaces.find(({ index }) => index === BACKEND_INDEX)?.weakHostReceive);
  const again = await run(engine, state, command('apply'));
  t.is(again.report.changed, 0);
});

engineTest('warns of a default gateway and of DNS registration on the secondary NIC', async (t) => {
  const start = member();
  start.routes.push({ store: 'active', prefix: '0.0.0.0/0', index: VIA_INDEX, gateway: '10.0.1.1', metric: 0 });
  for (const nic of start.interfaces) nic.registersInDns = true;
  const { report } = await run(engine, start, command('apply'));
  t.deepEqual(report.warnings, ['default-route-on-via', 'dns-registration-on-via']);
  const quiet = await run(engine, member(), command('apply'));
  t.deepEqual(quiet.report.warnings, []);
});

engineTest('64 frontends fit in one report, with every entry at its longest', async (t) => {
  const start = member();
  for (const nic of start.interfaces) {
    if (nic.index === VIA_INDEX) nic.addresses.unshift({ ip: '10.0.1.211', prefix: 24, state: 'Preferred' });
    if (nic.index === BACKEND_INDEX) nic.weakHostSend = true;
    nic.registersInDns = true;
  }
  start.vips = Array.from({ length: 64 }, (_, n) => {
    return { ip: `10.0.1.${100 + n}`, port: 1972, backend: '10.0.1.20', listening: true, ms: n < 32 ? 2100 : 2900 };
  });
  for (let n = 0; n < 64; n += 1)
    start.routes.push(hostRoute(`10.0.1.${100 + n}`, BACKEND_INDEX, 1, 'active', '10.0.1.254'));
  const frontends = Array.from({ length: 64 }, (_, n) => frontend(100 + n));
  const asked = command('apply', frontends, 600);
  const { report, stdout } = await run(engine, start, asked);
  t.is(report.errorCode, undefined);
  t.is(report.paths.length, 64);
  t.deepEqual(report.paths[63]?.after, ['weak-host']);
  t.is(report.paths[63]?.source, '10.0.1.211');
  const bytes = Buffer.byteLength(stdout.trimEnd().split('\n').at(-1) ?? '');
  t.log(`${bytes} bytes`);
  t.true(bytes < 3500, `${bytes}`);
});
