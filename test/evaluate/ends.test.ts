import test from 'ava';
import { idKey } from '../../shared/model/ids.ts';
import type { Proof } from '../../shared/model/path.ts';
import type { Topology } from '../../shared/model/topology.ts';
import { estate, ilb, ipId, look, mirror, NOW, pair, vm, vmId } from '../helpers/estate.ts';
import { type Heard, knowing } from '../helpers/looked.ts';

const VIP = '10.0.1.100';
const self = (...seen: [ip: string, port: number][]): Proof => ({
  kind: 'self',
  at: NOW,
  seen: seen.map(([ip, port]) => ({ ip, port, at: NOW })),
});

/** What is set and not proved of VM a once its guest answered well, with such a proof. */
function left(topology: Topology, proof: Proof | undefined, heard: Heard = {}) {
  const plan = look(topology).plan('a');
  if (!plan) throw new Error('no plan');
  const knowledge = new Map([
    [idKey(vmId('a')), knowing(plan, { ...heard, knowledge: { proofs: proof ? { [VIP]: proof } : {} } })],
  ]);
  const { verdict, notProved } = look(topology, { knowledge }).path('a');
  return { verdict, notProved };
}

const twoAddresses = () =>
  estate(
    vm('a', { a1: { at: ['10.0.1.10', '10.0.1.15'] }, a2: '10.0.1.11' }),
    ...pair().slice(1),
    ilb('ucr', VIP, ['a1', 'a1/2', 'b1']),
  );

const twoPools = () =>
  estate(
    vm('a', { a1: { at: ['10.0.1.10', '10.0.1.15'] }, a2: '10.0.1.11' }),
    ...pair().slice(1),
    ilb('ucr', VIP, ['a1', 'b1'], {
      rules: [{}, { frontendPort: 57772, pools: ['web'] }],
      pools: { web: { ipConfigurationIds: [ipId('a1/2'), ipId('b1')] } },
    }),
  );

test('one address and one port: a connect that came back proves all there is', (t) => {
  t.deepEqual(left(mirror(), self(['10.0.1.10', 1972])), { verdict: 'compliant', notProved: undefined });
});

test('a second address in the pool is not proved by a connect that came to the first', (t) => {
  const first = left(twoAddresses(), self(['10.0.1.10', 1972]));
  t.deepEqual(first, { verdict: 'compliant', notProved: ['10.0.1.15:1972'] });
  t.is(left(twoAddresses(), self(['10.0.1.15', 1972], ['10.0.1.10', 1972])).notProved, undefined);
});

test('a second rule’s port is not proved, and stands with the address of its own pool', (t) => {
  t.deepEqual(left(twoPools(), self(['10.0.1.10', 1972])).notProved, ['10.0.1.15:57772']);
});

test('a rule on two pools leads to the addresses of both', (t) => {
  const topology = twoPools();
  const [lb] = topology.loadBalancers;
  for (const rule of lb?.rules ?? [])
    if (rule.frontendPort === 57772) rule.poolIds = (lb?.pools ?? []).map(({ id }) => id);
  t.deepEqual(left(topology, self(['10.0.1.10', 1972])).notProved, ['10.0.1.10:57772', '10.0.1.15:57772']);
});

test('of a pool NIC beside another the same holds', (t) => {
  const topology = estate(
    vm('a', { a1: '10.0.1.10', a2: '10.0.1.15', a3: '10.0.1.11' }),
    ilb('ucr', VIP, ['a1', 'a2'], { rules: [{}, { frontendPort: 443, backendPort: 8443, probe: 'tcp' }] }),
  );
  t.deepEqual(left(topology, self(['10.0.1.15', 1972])).notProved, [
    '10.0.1.10:8443',
    '10.0.1.15:8443',
    '10.0.1.10:1972',
  ]);
});

test('a connect to another member, or one that was not seen to arrive, proves none of them', (t) => {
  t.deepEqual(left(mirror(), { kind: 'remote', at: NOW }).notProved, ['10.0.1.10:1972']);
  const elsewhere: Proof = { ...self(['10.0.1.10', 1972]), kind: 'remote' };
  t.deepEqual(left(mirror(), elsewhere).notProved, ['10.0.1.10:1972']);
  t.deepEqual(left(mirror(), undefined).notProved, ['10.0.1.10:1972']);
  t.deepEqual(left(mirror(), { kind: 'self', at: NOW }).notProved, ['10.0.1.10:1972'], 'nor one of an older program');
});

test('a port that the rule leads to no more proves nothing of it', (t) => {
  t.deepEqual(left(mirror({ rules: [{ backendPort: 51773 }] }), self(['10.0.1.10', 1972])).notProved, [
    '10.0.1.10:51773',
  ]);
});

test('UDP, and the other ports of a rule for all, no connect can prove', (t) => {
  const rules = [{}, { protocol: 'udp', frontendPort: 514 }] as const;
  t.deepEqual(left(mirror({ rules: [...rules] }), self(['10.0.1.10', 1972])).notProved, ['10.0.1.10:514/udp']);
  t.deepEqual(left(mirror({ rules: [{ protocol: 'all' }] }), self(['10.0.1.10', 1972])).notProved, ['10.0.1.10:*']);
});

test('what is not compliant claims nothing', (t) => {
  for (const heard of [{ mode: 'check', drift: ['reply-rule'] }, { connect: 'timeout' }] as Heard[]) {
    t.is(left(twoAddresses(), self(['10.0.1.10', 1972]), heard).notProved, undefined);
  }
});

test('of very many the first are named and the rest is counted', (t) => {
  const rules = Array.from({ length: 40 }, (_, i) => (i === 0 ? {} : { frontendPort: 8000 + i }));
  const named = left(mirror({ rules }), self(['10.0.1.10', 1972])).notProved;
  t.is(named?.length, 17);
  t.is(named?.at(-1), '23 more');
});
