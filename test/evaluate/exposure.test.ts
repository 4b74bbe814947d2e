import test from 'ava';
import { HEALTH_STALE_MS } from '../../shared/evaluate/exposure.ts';
import { idKey } from '../../shared/model/ids.ts';
import type { BackendHealth, RuleHealth } from '../../shared/model/topology.ts';
import {
  backend,
  estate,
  frontendId,
  healthOf,
  ilb,
  ipId,
  lbId,
  look,
  mirror,
  NOW,
  pair,
  vm,
  vmId,
} from '../helpers/estate.ts';

const told = (backends: BackendHealth[], topology = mirror()) => {
  const one = { frontendId: frontendId('ucr'), state: 'known' as const, backends, at: NOW };
  return look(topology, { health: new Map([[idKey(frontendId('ucr')), one]]) });
};
const exposure = (seen: ReturnType<typeof look>) =>
  ['a', 'b'].map((name) => `${seen.path(name).exposure} ${seen.path(name).share}`);

test('the one healthy member is the primary: all its own flows come back', (t) => {
  const topology = mirror();
  const seen = look(topology, { health: healthOf(topology, { ucr: ['a1'] }) });
  t.deepEqual(exposure(seen), ['active 1', 'latent 0']);
  t.like(seen.view(), { primaryId: vmId('a'), healthyIds: [vmId('a')], healthKnown: true, healthAt: NOW });
});

test('of a true pool each member gets its share back, and nobody is primary', (t) => {
  const topology = mirror();
  const seen = look(topology, { health: healthOf(topology, { ucr: ['a1', 'b1'] }) });
  t.deepEqual(exposure(seen), ['active 0.5', 'active 0.5']);
  t.like(seen.view(), { primaryId: undefined, healthyIds: [vmId('a'), vmId('b')] });
});

test('nobody healthy, or nothing known: latent', (t) => {
  const topology = mirror();
  const none = look(topology, { health: healthOf(topology, { ucr: [] }) });
  t.deepEqual(exposure(none), ['latent 0', 'latent 0']);
  t.true(none.view().healthKnown);
  const unasked = look(topology);
  t.deepEqual(exposure(unasked), ['latent 0', 'latent 0']);
  t.like(unasked.view(), { healthKnown: false, healthAt: 0, healthyIds: [] });
});

for (const reason of ['Up_Admin', 'Up_Probe_AllDownIsUp', 'up_admin']) {
  test(`${reason} is no evidence of a primary, and gets connections all the same`, (t) => {
    const seen = told([backend('10.0.1.10', true, ipId('a1'), reason), backend('10.0.1.20', false, ipId('b1'))]);
    t.deepEqual(exposure(seen), ['active 1', 'latent 0']);
    t.deepEqual(seen.view().healthyIds, []);
    t.is(seen.view().primaryId, undefined);
  });
}

test('beside the primary a member whose admin state is Up takes half of its connections', (t) => {
  const seen = told([backend('10.0.1.10', true, ipId('a1')), backend('10.0.1.20', true, ipId('b1'), 'Up_Admin')]);
  t.deepEqual(exposure(seen), ['active 0.5', 'active 0.5']);
  t.like(seen.view(), { primaryId: vmId('a'), healthyIds: [vmId('a')] });
});

test('all down and counted as up: each gets its share, and nobody is primary', (t) => {
  const reason = 'Up_Probe_AllDownIsUp';
  const seen = told([backend('10.0.1.10', true, ipId('a1'), reason), backend('10.0.1.20', true, ipId('b1'), reason)]);
  t.deepEqual(exposure(seen), ['active 0.5', 'active 0.5']);
  t.like(seen.view(), { primaryId: undefined, healthyIds: [] });
});

test('without any probe every member gets connections, whatever is known of health', (t) => {
  const seen = look(mirror({ rules: [{ probe: 'none' }] }));
  t.deepEqual(exposure(seen), ['active 0.5', 'active 0.5']);
  t.deepEqual(seen.codes('a'), ['NO_PROBE']);
  const a = vm('a', { a1: { at: ['10.0.1.10', '10.0.1.12'] }, a2: '10.0.1.11' });
  const lb = ilb('ucr', '10.0.1.100', ['a1', 'a1/2', 'b1'], { rules: [{ probe: 'none' }] });
  t.deepEqual(exposure(look(estate(a, ...pair().slice(1), lb))), [`active ${2 / 3}`, `active ${1 / 3}`]);
});

test('a rule without a probe beside the mirror’s gives every member of its own pool connections', (t) => {
  const topology = mirror({
    rules: [{}, { frontendPort: 443, probe: 'none', pools: ['web'] }],
    pools: { web: { ipConfigurationIds: [ipId('b1')] } },
  });
  const seen = look(topology, { health: healthOf(topology, { ucr: ['a1'] }) });
  t.deepEqual(exposure(seen), ['active 1', 'active 1']);
  t.is(seen.view().primaryId, vmId('a'));
});

/** Two rules on two pools: 1972 to a1 and b1, 57772 to a1 and b1 as well, or to others; health of each as told. */
const twoRules = (web: string[], others: RuleHealth[] | undefined, main: BackendHealth[]) => {
  const topology = mirror({
    rules: [{}, { frontendPort: 57772, pools: ['web'] }],
    pools: { web: { ipConfigurationIds: web.map(ipId) } },
  });
  const one = { frontendId: frontendId('ucr'), state: 'known' as const, backends: main, at: NOW };
  const health = { ...one, ...(others ? { others } : {}) };
  return look(topology, { health: new Map([[idKey(frontendId('ucr')), health]]) });
};
const webHealth = (backends: BackendHealth[], at = NOW): RuleHealth => ({
  ruleId: `${lbId('ucr')}/LOADBALANCINGRULES/rule1`,
  backends,
  at,
});
const DOWN = [backend('10.0.1.10', false, ipId('a1'), 'Down_Admin'), backend('10.0.1.20', true, ipId('b1'))];

test('held down in one pool and up in another of the same frontend: active', (t) => {
  const up = webHealth([backend('10.0.1.10', true, ipId('a1')), backend('10.0.1.20', false, ipId('b1'))]);
  t.deepEqual(exposure(twoRules(['a1', 'b1'], [up], DOWN)), ['active 1', 'active 1']);
});

test('held down in one pool, and nobody asked about the other: latent, never none', (t) => {
  t.is(exposure(twoRules(['a1', 'b1'], undefined, DOWN))[0], 'latent 0');
  t.is(exposure(twoRules(['a1', 'b1'], [webHealth(DOWN, NOW - HEALTH_STALE_MS - 1)], DOWN))[0], 'latent 0');
  t.is(exposure(twoRules(['a1', 'b1'], [webHealth(DOWN)], DOWN))[0], 'none 0');
  t.is(exposure(twoRules(['b1'], undefined, DOWN))[0], 'none 0', 'a rule that does not lead to it does not count');
});

test('one rule’s health says nothing of a rule with another pool or probe', (t) => {
  const up = [backend('10.0.1.10', true, ipId('a1')), backend('10.0.1.20', false, ipId('b1'))];
  t.deepEqual(exposure(twoRules(['b1'], undefined, up)), ['active 1', 'latent 0']);
  const both = webHealth([backend('10.0.1.10', true, ipId('a1')), backend('10.0.1.20', true, ipId('b1'))]);
  const seen = twoRules(['a1', 'b1'], [both], up);
  t.deepEqual(exposure(seen), ['active 1', 'active 0.5'], 'the largest share of any rule');
  t.is(seen.view().primaryId, vmId('a'), 'the primary is told by the one rule alone');
});

test('a probe that begins to fail is still one that succeeded', (t) => {
  t.is(
    told([backend('10.0.1.10', true, ipId('a1'), 'Up_Probe_ApproachingUnhealthyThreshold')]).view().primaryId,
    vmId('a'),
  );
});

test('a backend is found by its id in any letter case, or by its address alone', (t) => {
  t.is(told([backend('', true, ipId('b1').toUpperCase())]).view().primaryId, vmId('b'));
  t.is(told([backend('10.0.1.20', true)]).view().primaryId, vmId('b'));
  t.is(told([backend('10.0.1.20', true, ipId('gone'))]).view().primaryId, vmId('b'));
});

test('the same backend told twice is one', (t) => {
  const twice = [backend('10.0.1.10', true, ipId('a1')), backend('10.0.1.10', true, ipId('a1'))];
  t.is(told(twice).path('a').share, 1);
});

test('a healthy backend that is no member takes its share and leaves nobody primary', (t) => {
  const seen = told([backend('10.0.1.10', true, ipId('a1')), backend('10.0.1.99', true)]);
  t.is(seen.path('a').share, 0.5);
  t.is(seen.view().primaryId, undefined);
  t.is(told([backend('10.0.1.99', true)]).view().primaryId, undefined);
});

test('a VM with two healthy addresses in the pool is still the one primary', (t) => {
  const a = vm('a', { a1: { at: ['10.0.1.10', '10.0.1.12'] }, a2: '10.0.1.11' });
  const topology = estate(a, ...pair().slice(1), ilb('ucr', '10.0.1.100', ['a1', 'a1/2', 'b1']));
  const seen = told([backend('10.0.1.10', true, ipId('a1')), backend('10.0.1.12', true, ipId('a1/2'))], topology);
  t.is(seen.path('a').share, 1);
  t.is(seen.view().primaryId, vmId('a'));
});

test('a member that a person holds down can never be hit: none', (t) => {
  const seen = told([backend('10.0.1.10', true, ipId('a1')), backend('10.0.1.20', false, ipId('b1'), 'Down_Admin')]);
  t.deepEqual(exposure(seen), ['active 1', 'none 0']);
});

test('held down by one address and merely down by the other: latent', (t) => {
  const a = vm('a', { a1: { at: ['10.0.1.10', '10.0.1.12'] }, a2: '10.0.1.11' });
  const topology = estate(a, ...pair().slice(1), ilb('ucr', '10.0.1.100', ['a1', 'a1/2', 'b1']));
  const down = [backend('10.0.1.10', false, ipId('a1'), 'Down_Admin'), backend('10.0.1.12', false, ipId('a1/2'))];
  t.deepEqual(exposure(told(down, topology)), ['latent 0', 'latent 0']);
  t.deepEqual(exposure(told(down.toReversed(), topology)), ['latent 0', 'latent 0']);
});

test('a one-member pool: active while healthy, latent while the VM is deallocated', (t) => {
  for (const power of ['running', 'deallocated'] as const) {
    const topology = estate(vm('a', { a1: '10.0.1.10', a2: '10.0.1.11' }, { power }), ilb('ucr', '10.0.1.100', ['a1']));
    const seen = look(topology, { health: healthOf(topology, { ucr: power === 'running' ? ['a1'] : [] }) });
    t.is(seen.path('a').exposure, power === 'running' ? 'active' : 'latent');
  }
});

test('health from long ago says nothing of now', (t) => {
  const topology = mirror();
  const health = healthOf(topology, { ucr: ['a1'] });
  t.is(look(topology, { health, now: NOW + HEALTH_STALE_MS }).view().primaryId, vmId('a'));
  const late = look(topology, { health, now: NOW + HEALTH_STALE_MS + 1 });
  t.like(late.view(), { healthKnown: false, primaryId: undefined, healthyIds: [], healthAt: NOW });
  t.deepEqual(exposure(late), ['latent 0', 'latent 0']);
});

test('health that Azure did not tell in time is unknown, whatever backends are in it', (t) => {
  const one = {
    frontendId: frontendId('ucr'),
    state: 'unknown' as const,
    backends: [backend('10.0.1.10', true)],
    at: NOW,
  };
  t.false(look(mirror(), { health: new Map([[idKey(frontendId('ucr')), one]]) }).view().healthKnown);
});

test('a primary that is out of scope is still known as primary', (t) => {
  const topology = mirror();
  const seen = look(topology, { health: healthOf(topology, { ucr: ['a1'] }), scope: { within: [vmId('b')] } });
  t.deepEqual(seen.paths, ['b>ucr']);
  t.like(seen.view(), { primaryId: vmId('a'), memberIds: [vmId('a'), vmId('b')] });
});

test('of a large pool a backend is found as of a small one', (t) => {
  const names = Array.from({ length: 12 }, (_, i) => `m${i}`);
  const vms = names.map((name, i) => vm(name, { [`${name}1`]: `10.0.1.${10 + i}`, [`${name}2`]: `10.0.1.${110 + i}` }));
  const topology = estate(
    ...vms,
    ilb(
      'ucr',
      '10.0.1.100',
      names.map((name) => `${name}1`),
    ),
  );
  const primary = (...backends: BackendHealth[]) => told(backends, topology).view().primaryId;
  t.is(primary(backend('', true, ipId('m91').toUpperCase())), vmId('m9'), 'by its id');
  t.is(primary(backend('10.0.1.19', true)), vmId('m9'), 'by its address alone');
  t.is(primary(backend('10.0.1.19', true, ipId('gone'))), vmId('m9'), 'by its address beside an id of nobody');
  t.is(primary(backend('10.0.1.19', true, ipId('m31'))), vmId('m3'), 'the id counts before the address');
  t.is(primary(backend('10.0.1.99', true)), undefined);
  t.is(primary(backend('10.0.1.19', true), backend('10.0.1.99', true)), undefined);
  t.is(told([backend('10.0.1.19', true, ipId('m91')), backend('10.0.1.99', true)], topology).path('m9').share, 0.5);
});
