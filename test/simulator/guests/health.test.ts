import test from 'ava';
import { findRule, healthyBackends, ruleHealth, unsettled } from '../../../simulator/guests/health.ts';
import { layoutOf } from '../../../simulator/guests/layout.ts';
import type { BackendState } from '../../../simulator/guests/probes.ts';
import { articleEstate } from './estates.ts';

const layout = layoutOf(articleEstate());
const ucr = findRule(layout, 'lb', 'ucr');
const states =
  (up: string[]) =>
  (key: string): BackendState => ({
    up: up.some((it) => key.endsWith(it)),
    reason: up.some((it) => key.endsWith(it)) ? 'Up_Probe_Success' : 'Down_Probe_HttpStatusCodeError',
    against: 0,
  });

test('health follows the probes', (t) => {
  t.deepEqual(ruleHealth(ucr, states(['.10']), {}), [
    { address: '10.0.1.10', member: 'vm-a/pool/ipconfig', up: true, reason: 'Up_Probe_Success' },
    { address: '10.0.1.20', member: 'vm-b/pool/ipconfig', up: false, reason: 'Down_Probe_HttpStatusCodeError' },
  ]);
  t.deepEqual(healthyBackends(ucr, states(['.10'])), ['10.0.1.10']);
});

test('before the first answer a backend is down; without a probe it is up', (t) => {
  const unasked = () => undefined;
  t.deepEqual(healthyBackends(ucr, unasked), []);
  t.false(ruleHealth(ucr, unasked, {}).some((it) => it.up));
  const unprobed = { ...ucr, backends: ucr.backends.map(({ probe: _, ...backend }) => backend) };
  t.deepEqual(healthyBackends(unprobed, unasked), ['10.0.1.10', '10.0.1.20']);
  t.true(ruleHealth(unprobed, unasked, {}).every((it) => it.up && it.reason === 'Up_Admin'));
});

test('admin states go before probes', (t) => {
  const held = layoutOf(
    articleEstate((estate) => {
      const [pool] = estate.loadBalancers[0]?.pools ?? [];
      if (pool) pool.adminStates = { 'vm-a/pool/ipconfig': 'Down', 'vm-b/pool/ipconfig': 'Up' };
    }),
  );
  const rule = findRule(held, 'lb', 'ucr');
  t.deepEqual(
    ruleHealth(rule, states(['.10']), {}).map(({ up, reason }) => [up, reason]),
    [
      [false, 'Down_Admin'],
      [true, 'Up_Admin'],
    ],
  );
  t.deepEqual(healthyBackends(rule, states(['.10'])), ['10.0.1.20']);
});

test('all down counts as up only where the probe says so, and not for one that is held down', (t) => {
  const of = (adminStates: Record<string, 'Up' | 'Down'>) =>
    findRule(
      layoutOf(
        articleEstate((estate) => {
          for (const probe of estate.loadBalancers[0]?.probes ?? []) probe.noHealthyBackendsBehavior = 'AllProbedUp';
          for (const pool of estate.loadBalancers[0]?.pools ?? []) pool.adminStates = adminStates;
        }),
      ),
      'lb',
      'ucr',
    );
  const reasons = (rule: typeof ucr, up: string[]) => ruleHealth(rule, states(up), {}).map(({ reason }) => reason);
  t.deepEqual(reasons(of({}), []), ['Up_Probe_AllDownIsUp', 'Up_Probe_AllDownIsUp']);
  t.deepEqual(reasons(of({}), ['.10']), ['Up_Probe_Success', 'Down_Probe_HttpStatusCodeError']);
  t.deepEqual(reasons(of({ 'vm-b/pool/ipconfig': 'Down' }), []), ['Up_Probe_AllDownIsUp', 'Down_Admin']);
  t.deepEqual(healthyBackends(of({}), states([])), ['10.0.1.10', '10.0.1.20']);
  t.deepEqual(healthyBackends(ucr, states([])), []);
});

test('a lie holds for the rules that have the member', (t) => {
  const lied = ruleHealth(ucr, states(['.10']), { probeSays: 'vm-b/pool/ipconfig' });
  t.deepEqual(
    lied.map((it) => it.up),
    [false, true],
  );
  t.deepEqual(
    ruleHealth(ucr, states(['.10']), { probeSays: 'vm-x/nic/ip' }).map((it) => it.up),
    [true, false],
  );
});

test('settled is when the probes see every primary and no other', (t) => {
  t.is(unsettled(layout, states(['.10'])), undefined);
  t.is(unsettled(layout, states([])), 'UCR on vm-a is not up (lb/ucr/10.0.1.10)');
  t.is(unsettled(layout, states(['.10', '.20'])), 'UCR on vm-b is not down (lb/ucr/10.0.1.20)');
});

test('a rule that is not there is told', (t) => {
  t.throws(() => findRule(layout, 'lb', 'x'), { message: 'rule is "lb/x": the estate has no such IPv4 rule' });
});
