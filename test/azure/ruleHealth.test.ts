import test from 'ava';
import { createRuleHealthReader } from '../../shared/azure/ruleHealth.ts';
import { ruleId } from '../../simulator/estate/ids.ts';
import { withArm } from '../simulator/arm/withArm.ts';

test('asks a rule for its backends and follows the primary', async (t) => {
  const { clients, estate, lab } = await withArm(t);
  const reader = createRuleHealthReader(clients, { pollMs: 20 });
  const rule = ruleId(estate, 'healthshare-ilb', 'ucr-registry-superserver');
  const up = async () =>
    ((await reader.read(rule)) ?? []).filter((backend) => backend.up).map((backend) => backend.address);
  t.deepEqual(await up(), ['10.0.1.10']);
  await lab.setPrimary('ucr-registry', 'hs-b');
  t.deepEqual(await up(), ['10.0.1.20']);
});
