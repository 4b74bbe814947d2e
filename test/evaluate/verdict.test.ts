/** The verdict of a path. Long: one table of cases about one thing. */
import test from 'ava';
import type { FindingCode, Verdict } from '../../shared/model/findings.ts';
import { finding } from '../../shared/model/findings.ts';
import { idKey } from '../../shared/model/ids.ts';
import type { Proof, VmKnowledge } from '../../shared/model/path.ts';
import type { Topology, Vm } from '../../shared/model/topology.ts';
import { backend, estate, healthOf, ilb, look, mirror, nicId, pair, vm, vmId } from '../helpers/estate.ts';
import { type Heard, knowing, unseen } from '../helpers/looked.ts';

const VIP = '10.0.1.100';

/** VM a after it answered like this, with a healthy member, none, or health not known. */
function after(heard: Heard, health: 'healthy' | 'nobody' | 'unasked' = 'healthy', topology: Topology = mirror()) {
  const plan = look(topology).plan('a');
  if (!plan) throw new Error('no plan');
  const knowledge = new Map([[idKey(vmId('a')), knowing(plan, heard)]]);
  const given = health === 'unasked' ? {} : { health: healthOf(topology, { ucr: health === 'healthy' ? ['b1'] : [] }) };
  return look(topology, { knowledge, ...given });
}

const known = (knowledge: VmKnowledge, topology: Topology = mirror()) =>
  look(topology, { knowledge: new Map([[idKey(vmId('a')), knowledge]]) });

const table: [why: string, heard: Heard, health: Parameters<typeof after>[1], verdict: Verdict, code?: FindingCode][] =
  [
    ['state as planned and a connect that succeeded', {}, 'healthy', 'compliant'],
    ['the same found by a check', { mode: 'check' }, 'healthy', 'compliant'],
    ['the same while health is not known', {}, 'unasked', 'compliant'],
    ['the same while nobody is healthy any more', {}, 'nobody', 'compliant'],

    ['drift found by a check', { mode: 'check', drift: ['route-missing'] }, 'healthy', 'repairable'],
    [
      'drift found by a check, and a connect that fails',
      { mode: 'check', drift: ['reply-rule'], connect: 'timeout' },
      'healthy',
      'repairable',
    ],
    [
      'drift found by a check while nobody is healthy',
      { mode: 'check', drift: ['reply-rule'], connect: 'timeout' },
      'nobody',
      'repairable',
    ],
    ['drift that an apply left', { drift: ['route-foreign'] }, 'healthy', 'blocked', 'GUEST_FAILED'],

    ['a connect that fails after an apply', { connect: 'timeout' }, 'healthy', 'blocked', 'CONNECT_FAILED'],
    [
      'a connect that fails in a check, with nothing to repair',
      { mode: 'check', connect: 'refused' },
      'healthy',
      'blocked',
      'CONNECT_FAILED',
    ],
    ['a connect that fails while nobody is healthy', { connect: 'timeout' }, 'nobody', 'unknown', 'NO_HEALTHY_BACKEND'],
    [
      'a connect that fails while health is not known',
      { connect: 'timeout' },
      'unasked',
      'unknown',
      'NO_HEALTHY_BACKEND',
    ],
    [
      'a connect that failed when nobody was healthy, and now one is',
      { connect: 'timeout', look: { healthyVips: [] } },
      'healthy',
      'unknown',
    ],
    [
      'a connect that failed when one was healthy',
      { connect: 'timeout', look: { healthyVips: [VIP] } },
      'healthy',
      'blocked',
      'CONNECT_FAILED',
    ],
    ['a connect that was not tried', { connect: 'none' }, 'healthy', 'unknown'],

    [
      'a script that ended with an error',
      { report: { errorCode: 'NIC_NOT_FOUND', errorDetail: 'eth1' } },
      'healthy',
      'blocked',
      'GUEST_FAILED',
    ],
    [
      'the same in a check with drift',
      { mode: 'check', drift: ['nic-missing'], report: { errorCode: 'NIC_NOT_FOUND' } },
      'healthy',
      'blocked',
      'GUEST_FAILED',
    ],
    [
      'an error and no rows at all',
      { report: { errorCode: 'BAD_PLAN', paths: [] } },
      'healthy',
      'blocked',
      'GUEST_FAILED',
    ],
    ['a report without a row for the VIP', { report: { paths: [] } }, 'healthy', 'unknown'],
    ['a report of another plan', { look: { planHash: '0'.repeat(64) } }, 'healthy', 'unknown'],
    ['a report of a removal', { mode: 'remove' }, 'healthy', 'unknown'],
  ];

for (const [why, heard, health, verdict, code] of table) {
  test(`${why}: ${verdict}${code ? ` ${code}` : ''}`, (t) => {
    const seen = after(heard, health);
    t.is(seen.path('a').verdict, verdict);
    t.deepEqual(seen.codes('a'), code ? [code] : []);
  });
}

test('a guest that was never looked at: unknown, with nothing to say', (t) => {
  t.like(look(mirror()).path('a'), { verdict: 'unknown', findings: [], proof: { kind: 'none', at: 0 } });
});

test('CONNECT_FAILED says how and where', (t) => {
  const [only] = after({ connect: 'reset' }).path('a').findings;
  t.deepEqual(only, { code: 'CONNECT_FAILED', params: { vip: VIP, outcome: 'reset', port: '1972' } });
});

test('NO_HEALTHY_BACKEND says for which VIP', (t) => {
  t.deepEqual(after({ connect: 'timeout' }, 'nobody').path('a').findings, [
    { code: 'NO_HEALTHY_BACKEND', params: { vip: VIP } },
  ]);
});

test('of a report each row speaks for its own VIP alone', (t) => {
  const topology = estate(...pair(), ilb('ucr', VIP, ['a1', 'b1']), ilb('pix', '10.0.1.101', ['a1', 'b1']));
  const plan = look(topology).plan('a');
  if (!plan) return t.fail();
  const good = knowing(plan, { mode: 'check' });
  for (const row of good.look?.report.paths ?? []) if (row.vip !== VIP) row.after = ['route-missing'];
  const seen = known(good, topology);
  t.deepEqual([seen.path('a', 'ucr').verdict, seen.path('a', 'pix').verdict], ['compliant', 'repairable']);
});

test('GUEST_FAILED says which code, and what an apply left', (t) => {
  const failed = after({ report: { errorCode: 'NIC_NOT_FOUND', errorDetail: 'eth1' } }).path('a').findings;
  t.deepEqual(failed, [{ code: 'GUEST_FAILED', params: { code: 'NIC_NOT_FOUND', detail: 'eth1' } }]);
  t.deepEqual(after({ report: { errorCode: 'NIC_NOT_FOUND' } }).path('a').findings[0]?.params, {
    ...{ code: 'NIC_NOT_FOUND', detail: 'no detail' },
  });
  const left = after({ drift: ['route-foreign', 'reply-order'] }).path('a').findings;
  t.deepEqual(left, [
    { code: 'GUEST_FAILED', params: { code: 'CHANGE_FAILED', detail: 'route-foreign, reply-order' } },
  ]);
});

test('a report speaks for its own VM alone', (t) => {
  t.is(after({}).path('a').verdict, 'compliant');
  t.is(after({}).path('b').verdict, 'unknown');
});

test('a connect that failed while one gets connections whom no probe saw healthy counts against nobody', (t) => {
  const topology = mirror();
  const plan = look(topology).plan('a');
  if (!plan) return t.fail();
  const health = healthOf(topology, { ucr: ['a1'] });
  for (const one of health.values())
    for (const it of one.backends) if (!it.up) Object.assign(it, { up: true, reason: 'Up_Admin' });
  const seen = (heard: Heard) =>
    look(topology, { health, knowledge: new Map([[idKey(vmId('a')), knowing(plan, heard)]]) });
  const failed = seen({ connect: 'timeout' });
  t.deepEqual(failed.path('a').findings, [
    { code: 'UNHEALTHY_GETS_CONNECTS', params: { vip: VIP, outcome: 'timeout' } },
  ]);
  t.is(failed.path('a').verdict, 'unknown');
  t.is(seen({}).path('a').verdict, 'compliant');
});

test('REMOVED_BY_HAND: the plan stays, so that a person can put it back', (t) => {
  const seen = after({ knowledge: { held: true } });
  t.deepEqual(seen.codes('a'), ['REMOVED_BY_HAND']);
  t.is(seen.path('a').verdict, 'blocked');
  t.truthy(seen.plan('a'));
});

test('what the loop found of the VM is on each of its paths', (t) => {
  const denied = finding('ACCESS_DENIED', { action: 'runCommands/write' });
  const topology = estate(...pair(), ilb('ucr', VIP, ['a1', 'b1']), ilb('pix', '10.0.1.101', ['a1', 'b1']));
  const seen = known(unseen({ findings: [denied] }), topology);
  for (const name of ['ucr', 'pix']) t.like(seen.path('a', name), { verdict: 'blocked', findings: [denied] });
  t.deepEqual(seen.codes('b'), []);
});

test('what the loop found of one VIP is on that path alone', (t) => {
  const topology = estate(...pair(), ilb('ucr', VIP, ['a1', 'b1']), ilb('pix', '10.0.1.101', ['a1', 'b1']));
  const seen = known(unseen({ findings: [finding('ROLLOUT_HALTED', { vip: VIP })] }), topology);
  t.deepEqual([seen.path('a', 'ucr').verdict, seen.path('a', 'pix').verdict], ['blocked', 'unknown']);
});

test('what the loop says without holding anything back does not block', (t) => {
  const seen = known(unseen({ findings: [finding('AGENT_NOT_READY', { status: 'Not Ready' })] }));
  t.like(seen.path('a'), { verdict: 'unknown' });
  t.deepEqual(seen.codes('a'), ['AGENT_NOT_READY']);
});

for (const power of ['starting', 'stopping', 'stopped', 'deallocating', 'deallocated', 'unknown'] as const) {
  test(`VM_NOT_RUNNING: ${power}, whatever was reported before; the plan stays as it was`, (t) => {
    const topology = mirror();
    const [a] = topology.vms;
    const before = look(topology).plan('a');
    if (a) a.power = power;
    const seen = after({}, 'healthy', topology);
    const said = power === 'unknown' ? 'in no power state that Azure tells' : power;
    t.deepEqual(seen.path('a').findings, [{ code: 'VM_NOT_RUNNING', params: { power: said } }]);
    t.is(seen.path('a').verdict, 'unknown');
    t.deepEqual(seen.plan('a'), before);
  });
}

test('a stopped VM with something to mend is blocked: somebody can act meanwhile', (t) => {
  const seen = look(estate(vm('a', { a1: '10.0.1.10' }, { power: 'stopped' }), ilb('ucr', VIP, ['a1'])));
  t.deepEqual(seen.codes('a'), ['VM_NOT_RUNNING', 'NO_SECONDARY_NIC']);
  t.is(seen.path('a').verdict, 'blocked');
});

test('a VM of a flexible scale set is a member like any other', (t) => {
  const ordinary = mirror();
  const topology = mirror();
  for (const one of topology.vms) one.scaleSetId = vmId('set').replace('virtualMachines', 'virtualMachineScaleSets');
  t.deepEqual(look(topology).evaluation, look(ordinary).evaluation);
  t.is(after({}, 'healthy', topology).path('a').verdict, 'compliant');
});

test('UNSUPPORTED_OS and SCALE_SET_INSTANCE: no plan', (t) => {
  for (const [fields, code] of [
    [{ os: 'unknown' }, 'UNSUPPORTED_OS'],
    [{ scaleSetId: '/set', nicIds: [nicId('a1'), nicId('a2'), nicId('nowhere')] }, 'SCALE_SET_INSTANCE'],
  ] as [Partial<Vm>, FindingCode][]) {
    const seen = look(estate(vm('a', { a1: '10.0.1.10', a2: '10.0.1.11' }, fields), ilb('ucr', VIP, ['a1'])));
    t.deepEqual(seen.codes('a'), [code]);
    t.is(seen.path('a').verdict, 'blocked');
    t.is(seen.plan('a'), undefined);
  }
});

test('UDP_ONLY and NO_SAFE_PORT: a good state without a connect is not compliant', (t) => {
  for (const [rule, code] of [
    [{ protocol: 'udp' }, 'UDP_ONLY'],
    [{ frontendPort: 6661 }, 'NO_SAFE_PORT'],
  ] as const) {
    const lb = ilb('pix', '10.0.1.101', ['a1', 'b1'], { rules: [rule] });
    const topology = estate(...pair(), ilb('ucr', VIP, ['a1', 'b1']), lb);
    const seen = after({}, 'healthy', topology);
    t.like(seen.path('a', 'pix'), { verdict: 'blocked' });
    t.deepEqual(seen.codes('a', 'pix'), [code]);
    t.is(seen.path('a', 'pix').findings[0]?.params.vip, '10.0.1.101');
    t.is(seen.path('a', 'ucr').verdict, 'compliant');
  }
});

test('NO_SAFE_PORT names the tag that helps', (t) => {
  const [only] = look(mirror({ rules: [{ frontendPort: 6661 }] })).path('a').findings;
  t.like(only?.params, { vip: VIP, tag: 'ilb-hairpin-guard-port' });
});

test('proof: kept while the plan is the same, none when it changed or was never proved', (t) => {
  const proof: Proof = { kind: 'self', at: 7 };
  const heard = { knowledge: { proofs: { [VIP]: proof, '10.9.9.9': proof } } };
  t.deepEqual(after(heard).path('a').proof, proof);
  t.deepEqual(
    after({ ...heard, connect: 'timeout' }).path('a').proof,
    proof,
    'a later connect that failed is the loop’s to judge',
  );
  t.deepEqual(after({ ...heard, look: { planHash: 'old' } }).path('a').proof, { kind: 'none', at: 0 });
  t.deepEqual(known(unseen({ proofs: { [VIP]: proof } })).path('a').proof, { kind: 'none', at: 0 });
  t.deepEqual(after({}).path('a').proof, { kind: 'none', at: 0 });
});

test('a VIP named like a member of every object is no proof', (t) => {
  const topology = estate(...pair(), ilb('ucr', VIP, ['a1', 'b1']), ilb('odd', 'constructor', ['a1', 'b1']));
  t.deepEqual(after({}, 'healthy', topology).path('a', 'odd').proof, { kind: 'none', at: 0 });
});

test('health by address alone is enough to hold a failed connect against a path', (t) => {
  const topology = mirror();
  const plan = look(topology).plan('a');
  if (!plan) return t.fail();
  const health = healthOf(topology, { ucr: [] });
  for (const one of health.values()) one.backends.push(backend('10.0.1.99', true));
  const knowledge = new Map([[idKey(vmId('a')), knowing(plan, { connect: 'timeout' })]]);
  t.deepEqual(look(topology, { health, knowledge }).codes('a'), ['CONNECT_FAILED']);
});
