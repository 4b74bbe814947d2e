/** Rules of one frontend with other pools: each is asked, and says who gets its own connections. */
import test from 'ava';
import { idKey } from '../../shared/model/ids.ts';
import { ruleId } from '../helpers/seen.ts';
import { withWeb } from '../helpers/webRule.ts';

const told = (address: string, up: boolean, reason = up ? 'Up_Probe_Success' : 'Down_Probe_HttpStatusCodeError') => ({
  address,
  up,
  reason,
});

test('a member that is latent behind the mirror’s rule is active behind the other, and its plan has both addresses', async (t) => {
  const world = withWeb();
  const asked: string[] = [];
  const mirrors = world.health.bind(world);
  world.health = (rule) => {
    asked.push(rule);
    if (idKey(rule) !== idKey(ruleId('web'))) return mirrors(rule);
    return [told('10.0.1.102', false), told('10.0.1.202', true)];
  };
  const runId = world.sweep();
  await world.run();
  t.is(asked.filter((rule) => rule === ruleId('web')).length, 1, 'asked once, however many passes there are');
  const exposure = async (vm: string) =>
    (await world.outcome(runId, vm))?.paths.map((path) => `${path.vip} ${path.exposure}`);
  t.deepEqual(await exposure('hs-a'), ['10.0.1.100 active', '10.0.1.101 active']);
  t.deepEqual(await exposure('hs-b'), ['10.0.1.100 active', '10.0.1.101 latent']);
  const row = await world.vmRow('hs-b');
  t.is(row?.look?.report.paths.length, 2);
  const outcome = await world.outcome(runId, 'hs-b');
  t.deepEqual(outcome?.paths[0]?.notProved, ['10.0.1.20:1972', '10.0.1.202:57772']);
});
