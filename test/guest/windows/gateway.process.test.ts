/** Where the gateway of a via address is taken from, and addresses of one bit. */
import { useEngine } from './engine.ts';
import { BACKEND_INDEX, command, frontend, hostRoutes, isClean, kept, member, run, VIA_INDEX } from './harness.ts';

const { engineTest, engine } = useEngine();

/** A member whose via address is a /32, with what else its NIC has. */
function single(addresses: { ip: string; prefix: number }[], routes: { prefix: string; gateway: string }[]) {
  const state = member();
  for (const nic of state.interfaces) {
    if (nic.index !== VIA_INDEX) continue;
    nic.addresses = [{ ip: '10.0.1.11', prefix: 32 }, ...addresses].map((one) => ({ ...one, state: 'Preferred' }));
  }
  state.routes = state.routes.filter(({ index, prefix }) => index !== VIA_INDEX || prefix === '10.0.1.11/32');
  for (const route of routes) state.routes.push({ store: 'active', index: VIA_INDEX, metric: 256, ...route });
  return state;
}

for (const [title, addresses, routes] of [
  ['another address of the NIC', [{ ip: '10.0.1.13', prefix: 24 }], []],
  ['an on-link route of the NIC', [], [{ prefix: '10.0.1.0/24', gateway: '0.0.0.0' }]],
  ['the gateway that its routes lead to', [], [{ prefix: '0.0.0.0/0', gateway: '10.0.1.1' }]],
  [
    'the first that holds the address',
    [{ ip: '10.9.0.4', prefix: 24 }],
    [
      { prefix: '10.9.0.0/24', gateway: '0.0.0.0' },
      { prefix: '10.0.1.0/28', gateway: '0.0.0.0' },
    ],
  ],
] as const) {
  engineTest(`a via address with /32: the gateway is known by ${title}`, async (t) => {
    const start = single([...addresses], [...routes]);
    const applied = await run(engine, start, command('apply', [frontend(100)]));
    t.true(isClean(applied.report), applied.stdout);
    t.deepEqual(hostRoutes(applied.state), [
      `active 10.0.1.100/32 ${VIA_INDEX} 10.0.1.1 1`,
      `persistent 10.0.1.100/32 ${VIA_INDEX} 10.0.1.1 1`,
    ]);
    t.is(applied.report.paths[0]?.proof, 'self');
    const removed = await run(engine, applied.state, command('remove'));
    t.deepEqual(kept(removed.state), kept(start));
  });
}

for (const [title, routes] of [
  ['nothing but the address', []],
  [
    'two gateways',
    [
      { prefix: '0.0.0.0/0', gateway: '10.0.1.1' },
      { prefix: '10.2.0.0/16', gateway: '10.0.1.4' },
    ],
  ],
] as const) {
  engineTest(`a via address with /32 and ${title}: an error of its own, for its own paths alone`, async (t) => {
    const start = single([], [...routes]);
    const applied = await run(engine, start, command('apply', [frontend(100)]));
    t.is(applied.report.errorCode, 'NO_GATEWAY');
    t.is(applied.report.errorDetail, '10.0.1.11 00-0D-3A-00-00-02');
    t.deepEqual(applied.report.paths[0]?.after, ['nic-missing']);
    t.deepEqual(kept(applied.state), kept(start));
  });
}

engineTest('a backend address with /32 beside another address of its NIC is served as any other', async (t) => {
  const start = member();
  const backend = { ip: '10.0.1.12', mac: '00:0d:3a:00:00:01' };
  start.interfaces
    .find(({ index }) => index === BACKEND_INDEX)
    ?.addresses.push({ ip: backend.ip, prefix: 32, state: 'Preferred' });
  for (const vip of start.vips) if (vip.ip === '10.0.1.100') vip.backend = backend.ip;
  const applied = await run(engine, start, command('apply', [frontend(100, { backends: [backend] })]));
  t.true(isClean(applied.report), applied.stdout);
  t.is(applied.report.paths[0]?.proof, 'self');
});
