/** Random machines, random plans, random kills. A failing case prints its seed; HAIRPIN_SEED repeats it. */
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { startWindowsEngine } from '../../../simulator/guests/windows/engine.ts';
import {
  restarted,
  type WindowsFault,
  type WindowsRoute,
  type WindowsState,
} from '../../../simulator/guests/windows/state.ts';
import { useEngine } from './engine.ts';
import {
  BACKEND,
  BACKEND_INDEX,
  command,
  frontend,
  isClean,
  kept,
  member,
  rendered,
  run,
  VIA,
  VIA_INDEX,
} from './harness.ts';

const { engineTest, engine } = useEngine();

const seed = process.env.HAIRPIN_SEED === undefined ? Date.now() % 2 ** 31 : Number(process.env.HAIRPIN_SEED);

async function always<T>(t: ExecutionContext, runs: number, cases: fc.Arbitrary<T>, holds: (one: T) => Promise<void>) {
  t.log(`seed ${seed}, ${runs} cases`);
  await fc.assert(fc.asyncProperty(cases, holds), { seed, numRuns: runs, endOnFailure: true });
}

const VIPS = [100, 101, 102];
const host = fc.record({
  store: fc.constantFrom<WindowsRoute['store']>('active', 'persistent'),
  prefix: fc.constantFrom(...VIPS.map((last) => `10.0.1.${last}/32`)),
  index: fc.constantFrom(1, BACKEND_INDEX, VIA_INDEX, 90),
  gateway: fc.constantFrom('10.0.1.1', '10.0.1.254', '0.0.0.0'),
  metric: fc.constantFrom(0, 1, 2, 256),
});
const key = (route: WindowsRoute) => [route.store, route.prefix, route.index, route.gateway].join(' ');
/** Somebody's host routes; an interface that is gone (90) has them in the persistent store alone. */
const hosts = fc
  .uniqueArray(host, { selector: key, maxLength: 8 })
  .map((list) => list.filter(({ index, store }) => index !== 90 || store === 'persistent'));
/** A part of the VIPs, each through either NIC. */
const plan = fc
  .uniqueArray(fc.record({ last: fc.constantFrom(...VIPS), swap: fc.boolean() }), {
    selector: ({ last }) => last,
    minLength: 1,
  })
  .map((list) => list.map(({ last, swap }) => frontend(last, swap ? { backends: [VIA], via: BACKEND } : {})));

function machine(routes: WindowsRoute[]): WindowsState {
  const state = member();
  state.routes.push(...structuredClone(routes));
  // Another member answers at once: this is about routes.
  state.vips = VIPS.map((last) => ({ ip: `10.0.1.${last}`, port: 1972, backend: '10.0.1.20', listening: true, ms: 0 }));
  return state;
}

engineTest(
  'any machine: apply is clean, a second changes nothing, a restart loses nothing, remove gives all back',
  (t) =>
    always(t, 20, fc.tuple(hosts, plan), async ([routes, frontends]) => {
      const start = machine(routes);
      const applied = await run(engine, start, command('apply', frontends));
      t.true(isClean(applied.report), applied.stdout);
      const again = await run(engine, applied.state, command('apply', frontends));
      t.is(again.state.changes, 0);
      const later = await run(engine, restarted(again.state), command('check', frontends));
      t.true(isClean(later.report), later.stdout);
      const removed = await run(engine, again.state, command('remove', frontends));
      t.deepEqual(kept(removed.state), kept(start));
    }),
);

engineTest('one plan after another: the last is what stands, and remove gives back the beginning', (t) =>
  always(t, 12, fc.tuple(hosts, fc.array(plan, { minLength: 2, maxLength: 3 })), async ([routes, plans]) => {
    const start = machine(routes);
    let state = start;
    for (const frontends of plans) {
      const applied = await run(engine, state, command('apply', frontends));
      t.true(isClean(applied.report), applied.stdout);
      state = applied.state;
    }
    const removed = await run(engine, state, command('remove', []));
    t.deepEqual(kept(removed.state), kept(start));
  }),
);

const at = fc.integer({ min: 1, max: 14 });
const killed = (call: number): WindowsFault => ({ at: 'change', call, kind: 'killed' });

engineTest('killed amid apply: the next apply is clean, and remove gives all back', (t) =>
  always(t, 25, fc.tuple(hosts, plan, at, fc.boolean()), async ([routes, frontends, call, repair]) => {
    const start = machine(routes);
    const cut = await engine.runScript({ ...start, faults: [killed(call)] }, rendered('apply', frontends));
    let state = cut.state;
    if (repair) {
      const applied = await run(engine, state, command('apply', frontends));
      t.true(isClean(applied.report), applied.stdout);
      state = applied.state;
    }
    const removed = await run(engine, state, command('remove', frontends));
    t.deepEqual(kept(removed.state), kept(start), `killed ${cut.exitCode === -1}, repaired ${repair}`);
  }),
);

engineTest('killed amid remove: the next remove gives all back', (t) =>
  always(t, 15, fc.tuple(hosts, plan, at), async ([routes, frontends, call]) => {
    const start = machine(routes);
    const applied = await run(engine, start, command('apply', frontends));
    const cut = await engine.runScript({ ...applied.state, faults: [killed(call)] }, rendered('remove', frontends));
    const removed = await run(engine, cut.state, command('remove', frontends));
    t.deepEqual(kept(removed.state), kept(start));
  }),
);

const refusal = fc.record({
  at: fc.constantFrom('New-NetRoute', 'Remove-NetRoute', 'Get-NetRoute', 'registry'),
  call: fc.integer({ min: 1, max: 8 }),
  kind: fc.constant<WindowsFault['kind']>('denied'),
});

engineTest('refused amid apply, once: an error code, and the machine is as it was', (t) =>
  always(t, 30, fc.tuple(hosts, plan, refusal), async ([routes, frontends, fault]) => {
    const start = machine(routes);
    const { report, state, stdout } = await run(engine, start, command('apply', frontends), [fault]);
    if (report.errorCode === undefined) {
      t.true(isClean(report), stdout);
    } else {
      t.is(report.errorCode, 'ACCESS_DENIED');
      t.deepEqual(kept(state), kept(start), stdout);
    }
  }),
);

engineTest('refused amid remove, once: an error code, and the machine is as it was', (t) =>
  always(t, 30, fc.tuple(hosts, plan, refusal), async ([routes, frontends, fault]) => {
    const applied = await run(engine, machine(routes), command('apply', frontends));
    const { report, state, stdout } = await run(engine, applied.state, command('remove', frontends), [fault]);
    if (report.errorCode === undefined) {
      t.deepEqual(kept(state), kept(machine(routes)), stdout);
    } else {
      t.is(report.errorCode, 'ACCESS_DENIED');
      t.deepEqual(kept(state), kept(applied.state), stdout);
    }
  }),
);

engineTest('a kill at one and the same change strikes the same route in every process', async (t) => {
  const other = await startWindowsEngine();
  try {
    const frontends = Array.from({ length: 20 }, (_, n) => frontend(100 + n));
    const { state } = await run(engine, member(), command('apply', frontends, 600));
    const script = rendered('remove', frontends);
    const [one, two] = await Promise.all(
      [engine, other].map((each) => each.runScript({ ...state, faults: [killed(17)] }, script)),
    );
    t.is(one?.exitCode, -1);
    t.deepEqual(one?.state.routes, two?.state.routes);
  } finally {
    await other.stop();
  }
});

/** Any call of these may say yes and do nothing, once or always. */
const silence = fc.record({
  at: fc.constantFrom('New-NetRoute', 'Remove-NetRoute', 'Remove-NetRoute persistent'),
  call: fc.integer({ min: 0, max: 6 }),
  kind: fc.constant<WindowsFault['kind']>('lost'),
});

engineTest(
  'calls that say yes and do nothing, amid apply and amid remove: no clean report that is not so, and a remove without them gives all back',
  (t) =>
    always(t, 20, fc.tuple(hosts, plan, silence, silence), async ([routes, frontends, first, second]) => {
      const start = machine(routes);
      const applied = await run(engine, start, command('apply', frontends), [first]);
      const looked = await run(engine, applied.state, command('check', frontends));
      if (isClean(applied.report)) t.true(isClean(looked.report), `${applied.stdout}${looked.stdout}`);
      const cut = await run(engine, applied.state, command('remove', frontends), [second]);
      if (isClean(cut.report)) t.deepEqual(kept(cut.state), kept(start), cut.stdout);
      const removed = await run(engine, cut.state, command('remove', frontends));
      t.true(isClean(removed.report), removed.stdout);
      t.deepEqual(kept(removed.state), kept(start), `${applied.stdout}${cut.stdout}`);
    }),
);
