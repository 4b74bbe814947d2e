/** A VIP that left the plan and stays: its route, its note and whatever else is there are as they were. */
import type { PlannedFrontend } from '../../../shared/model/guest.ts';
import { useEngine } from './engine.ts';
import { command, frontend, hostRoutes, isClean, kept, member, run } from './harness.ts';

const { engineTest, engine } = useEngine();
const keep = (more: Partial<PlannedFrontend> = {}): PlannedFrontend => ({ ...frontend(101, more), kept: true });

engineTest('an apply leaves its route as it is; without the word it would go', async (t) => {
  const first = await run(engine, member(), command('apply'));
  t.true(isClean(first.report));
  t.is(hostRoutes(first.state).length, 4, 'two VIPs in two stores');
  for (const entry of [
    keep(),
    keep({ via: { ip: '10.0.1.12', mac: '00:0d:3a:00:00:03' } }),
    keep({ backends: [{ ip: '10.0.1.13', mac: '00:0d:3a:00:00:04' }] }),
  ]) {
    for (const mode of ['check', 'apply'] as const) {
      const again = await run(engine, first.state, command(mode, [frontend(100), entry]));
      t.deepEqual([again.exitCode, again.report.errorCode, again.report.changed], [0, undefined, 0], mode);
      t.deepEqual(kept(again.state), kept(first.state));
      t.deepEqual(
        again.report.paths.map(({ after }) => after),
        [[], []],
      );
    }
  }
  const without = await run(engine, first.state, command('apply', [frontend(100)]));
  t.is(hostRoutes(without.state).length, 2);
});

engineTest('its VIP may be an address of the machine by now, and its lost route is not put back', async (t) => {
  const first = await run(engine, member(), command('apply'));
  const { state } = first;
  state.routes = state.routes.filter(({ prefix }) => prefix !== '10.0.1.101/32');
  state.interfaces[0]?.addresses.push({ ip: '10.0.1.101', prefix: 32, state: 'Preferred' });
  const again = await run(engine, state, command('apply', [frontend(100), keep()]));
  t.deepEqual([again.exitCode, again.report.errorCode, again.report.changed], [0, undefined, 0]);
  t.is(hostRoutes(again.state).length, 2);
});
