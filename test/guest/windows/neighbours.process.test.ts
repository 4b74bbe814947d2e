/**
 * Routes that other programs of the machine set, before the apply or after: what they did without ours they do with
 * them, the VIP is proved all the same, and remove gives the machine back as they left it.
 */
import type { Drift } from '../../../shared/model/guest.ts';
import type { WindowsRoute, WindowsState } from '../../../simulator/guests/windows/state.ts';
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
const TUNNEL = 30;

/** A VPN client's adapter is up. */
function tunnel(state: WindowsState, routes: Omit<WindowsRoute, 'store' | 'index' | 'gateway'>[], metric = 1): void {
  state.interfaces.push({
    index: TUNNEL,
    alias: 'VPN',
    mac: '00-FF-00-00-00-30',
    guid: '{00000000-0000-0000-0000-000000000030}',
    metric,
    weakHostSend: false,
    weakHostReceive: false,
    registersInDns: true,
    ip: true,
    addresses: [{ ip: '10.200.0.2', prefix: 32, state: 'Preferred' }],
  });
  for (const one of routes) state.routes.push({ store: 'active', index: TUNNEL, gateway: '0.0.0.0', ...one });
}

const NEIGHBOURS: { title: string; add: (state: WindowsState) => void; after?: Drift[] }[] = [
  {
    title: 'route add, with a better metric than ours',
    add: (s) => s.routes.push(hostRoute(VIP, BACKEND_INDEX, 0, 'active')),
    after: ['route-foreign'],
  },
  {
    title: 'route add -p, with a better metric than ours',
    add: (s) =>
      s.routes.push(hostRoute(VIP, BACKEND_INDEX, 0, 'active'), hostRoute(VIP, BACKEND_INDEX, 0, 'persistent')),
    after: ['route-foreign'],
  },
  {
    title: 'route add -p, with a worse metric than ours',
    add: (s) =>
      s.routes.push(hostRoute(VIP, BACKEND_INDEX, 300, 'active'), hostRoute(VIP, BACKEND_INDEX, 300, 'persistent')),
    after: ['route-duplicate'],
  },
  {
    title: 'a VPN that takes everything by two halves',
    add: (s) =>
      tunnel(s, [
        { prefix: '0.0.0.0/1', metric: 0 },
        { prefix: '128.0.0.0/1', metric: 0 },
      ]),
  },
  {
    title: 'a VPN that takes the whole private network',
    add: (s) => tunnel(s, [{ prefix: '10.0.0.0/8', metric: 0 }]),
  },
  {
    title: 'a VPN that takes the subnet by halves',
    add: (s) =>
      tunnel(s, [
        { prefix: '10.0.1.0/25', metric: 0 },
        { prefix: '10.0.1.128/25', metric: 0 },
      ]),
  },
  {
    title: 'a VPN that takes the VIP itself',
    add: (s) => tunnel(s, [{ prefix: `${VIP}/32`, metric: 0 }]),
    after: ['route-foreign'],
  },
  {
    title: 'a default route on the secondary NIC that wins',
    add: (s) => {
      for (const one of s.interfaces) if (one.index === VIA_INDEX) one.metric = 1;
      s.routes.push({ store: 'active', prefix: '0.0.0.0/0', index: VIA_INDEX, gateway: '10.0.1.1', metric: 0 });
    },
  },
  {
    title: 'a host route to another member',
    add: (s) => s.routes.push(hostRoute('10.0.1.20', BACKEND_INDEX, 1, 'active', '10.0.1.4')),
  },
];

/** The way to addresses that are no VIP of ours, as Windows would take it. */
async function ways(state: WindowsState): Promise<string[]> {
  const ask = ['8.8.8.8', '200.1.1.1', '10.0.1.20', '10.0.1.101', '10.0.1.200', '10.9.0.5', '10.0.0.4']
    .map(
      (ip) =>
        `$a, $r = Find-NetRoute -RemoteIPAddress ${ip} -ErrorAction Stop; "${ip} $($r.InterfaceIndex) $($r.NextHop)"`,
    )
    .join('\n');
  return (await engine.runScript({ ...state, faults: [] }, ask)).stdout.trim().split('\n');
}

for (const { title, add, after = [] } of NEIGHBOURS) {
  engineTest(`neighbour: ${title}, there first`, async (t) => {
    const start = member();
    add(start);
    const without = await ways(start);
    const applied = await run(engine, start, command('apply', [frontend(100)]));
    t.true(isClean(applied.report), applied.stdout);
    t.is(applied.report.paths[0]?.proof, 'self');
    t.deepEqual(await ways(applied.state), without);
    const removed = await run(engine, applied.state, command('remove'));
    t.deepEqual(kept(removed.state), kept(start));
  });

  engineTest(`neighbour: ${title}, after the apply`, async (t) => {
    const start = member();
    const applied = await run(engine, start, command('apply', [frontend(100)]));
    add(applied.state);
    add(start);
    const without = await ways(start);
    t.deepEqual(await ways(applied.state), without);
    const found = await run(engine, applied.state, command('check', [frontend(100)]));
    t.deepEqual(found.report.paths[0]?.after, after, found.stdout);
    if (after.length === 0) t.is(found.report.paths[0]?.proof, 'self', 'ours serves on');
    const again = await run(engine, found.state, command('apply', [frontend(100)]));
    t.true(isClean(again.report), again.stdout);
    t.is(again.report.paths[0]?.proof, 'self');
    t.deepEqual(await ways(again.state), without);
    const removed = await run(engine, again.state, command('remove'));
    t.deepEqual(kept(removed.state), kept(start));
  });
}

engineTest(
  'neighbour: a VPN that ends takes nothing of ours with it, and what was put aside of it is not lost',
  async (t) => {
    const start = member();
    tunnel(start, [{ prefix: `${VIP}/32`, metric: 0 }]);
    const applied = await run(engine, start, command('apply', [frontend(100)]));
    const ended = structuredClone(applied.state);
    ended.interfaces = ended.interfaces.filter(({ index }) => index !== TUNNEL);
    ended.routes = ended.routes.filter(({ index }) => index !== TUNNEL);
    const checked = await run(engine, ended, command('check', [frontend(100)]));
    t.true(isClean(checked.report));
    t.is(checked.report.paths[0]?.proof, 'self');
    const removed = await run(engine, ended, command('remove'));
    t.deepEqual(removed.report.warnings, ['displaced-route-kept']);
    t.deepEqual(hostRoutes(removed.state), []);
  },
);

engineTest(
  'neighbour: somebody deletes our active routes (route -f, a client that cleans up): one apply, without loss of the persistent ones',
  async (t) => {
    const applied = await run(engine, member(), command('apply'));
    const bare = {
      ...applied.state,
      routes: applied.state.routes.filter(({ metric, store }) => metric !== 1 || store !== 'active'),
    };
    const again = await run(engine, bare, command('apply'), [{ at: 'Remove-NetRoute', call: 0, kind: 'denied' }]);
    t.true(isClean(again.report), again.stdout);
    t.deepEqual(kept(again.state), kept(applied.state));
  },
);

engineTest(
  'neighbour: the secondary NIC is made anew with another MAC and address: the old route goes, the new one is proved',
  async (t) => {
    const applied = await run(engine, member(), command('apply', [frontend(100)]));
    const anew = structuredClone(applied.state);
    for (const nic of anew.interfaces) {
      if (nic.index !== VIA_INDEX) continue;
      Object.assign(nic, { index: 40, mac: '00-0D-3A-00-00-09', guid: '{00000000-0000-0000-0000-000000000040}' });
      nic.addresses = [{ ip: '10.0.1.12', prefix: 24, state: 'Preferred' }];
    }
    // Azure attached another NIC: the routes of the old one are gone from the active store alone.
    anew.routes = anew.routes.filter(({ index, store }) => index !== VIA_INDEX || store === 'persistent');
    const plan = [frontend(100, { via: { ip: '10.0.1.12', mac: '00:0d:3a:00:00:09' } })];
    const found = await run(engine, anew, command('check', plan));
    t.deepEqual(found.report.paths[0]?.after, ['route-missing']);
    t.deepEqual(found.report.warnings, ['stale-route-left']);
    const repaired = await run(engine, anew, command('apply', plan));
    t.true(isClean(repaired.report), repaired.stdout);
    t.is(repaired.report.paths[0]?.proof, 'self');
    t.deepEqual(repaired.report.warnings, []);
    t.deepEqual(hostRoutes(repaired.state), [`active ${VIP}/32 40 10.0.1.1 1`, `persistent ${VIP}/32 40 10.0.1.1 1`]);
    t.is(Object.keys(repaired.state.registry[OWN] ?? {}).length, 1);
    const removed = await run(engine, repaired.state, command('remove'));
    t.deepEqual(hostRoutes(removed.state), []);
  },
);
