import test from 'ava';
import { checkCommand } from '../../shared/guest/plan.ts';
import { estate, ilb, look, macOf, mirror, OPT_OUT, pair, SCOPE, subnetId, vm, vmId } from '../helpers/estate.ts';

const VIP = '10.0.1.100';
const vips = (seen: ReturnType<typeof look>, name = 'a') =>
  seen.plan(name)?.frontends.map(({ vip, port }) => `${vip}:${port ?? ''}`);

test('a plan holds the VIP, the port to prove, backend and via address', (t) => {
  t.deepEqual(look(mirror()).plan('a'), {
    frontends: [
      {
        vip: VIP,
        port: 1972,
        backends: [{ ip: '10.0.1.10', mac: macOf('a1') }],
        via: { ip: '10.0.1.11', mac: macOf('a2') },
      },
    ],
  });
});

test('all frontends of the VM, in order of their VIP by number', (t) => {
  const lbs = ['10.0.1.100', '10.0.1.9', '10.0.1.30'].map((vip, i) => ilb(`lb${i}`, vip, ['a1', 'b1']));
  const seen = look(estate(...pair(), ...lbs));
  t.deepEqual(vips(seen), ['10.0.1.9:1972', '10.0.1.30:1972', '10.0.1.100:1972']);
  t.deepEqual(vips(seen, 'b'), vips(seen));
});

test('a frontend that needs a person’s help is left out, the others stay', (t) => {
  const blocked = ilb('two', '10.0.1.101', ['a1', 'a2']);
  const seen = look(estate(...pair(), ilb('one', VIP, ['a1']), blocked));
  t.deepEqual(seen.codes('a', 'two'), ['SECONDARY_NIC_IN_POOL']);
  t.deepEqual(vips(seen), ['10.0.1.100:1972']);
});

test('a frontend that the fix cannot reach is left out, though all its addresses are there', (t) => {
  const far = ilb('far', '10.0.1.101', ['a1'], { frontend: { subnetId: subnetId('far/default') } });
  const open = ilb('open', '20.1.0.9', ['a1']);
  const seen = look(estate(...pair(), ilb('one', VIP, ['a1']), far, open));
  t.deepEqual([seen.codes('a', 'far'), seen.codes('a', 'open')], [['SECONDARY_NIC_OTHER_NETWORK'], ['ADDRESS_PUBLIC']]);
  t.deepEqual(vips(seen), ['10.0.1.100:1972']);
});

test('a VM whose every path is blocked has no plan', (t) => {
  t.is(look(estate(vm('a', { a1: '10.0.1.10' }), ilb('ucr', VIP, ['a1']))).evaluation.plans.size, 0);
});

test('nothing is put on a VM of which nothing can be proved', (t) => {
  for (const rules of [
    [{ frontendPort: 443, probe: 'tcp' as const }],
    [{ protocol: 'udp' as const }],
    [{ frontendPort: 6661 }],
    [{ probe: 'none' as const }],
  ]) {
    t.is(look(mirror({ rules })).plan('a'), undefined);
  }
});

test('a mirror’s frontend that lacks a port keeps its place in the plan of a VM that has another', (t) => {
  const rules = [{ frontendPort: 7001 }, { frontendPort: 7002 }];
  const seen = look(
    estate(...pair(), ilb('one', VIP, ['a1', 'b1']), ilb('two', '10.0.1.101', ['a1', 'b1'], { rules })),
  );
  t.deepEqual(vips(seen), ['10.0.1.100:1972', '10.0.1.101:']);
  t.is(seen.path('a', 'two').verdict, 'blocked');
});

test('a frontend of anything else that lacks a port gets nothing', (t) => {
  const rules = [{ frontendPort: 443, probe: 'tcp' as const }];
  const seen = look(
    estate(...pair(), ilb('one', VIP, ['a1', 'b1']), ilb('web', '10.0.1.101', ['a1', 'b1'], { rules })),
  );
  t.deepEqual(vips(seen), ['10.0.1.100:1972']);
});

test('a probe that was taken away does not take the route away', (t) => {
  const rules = [{ probe: 'none' as const }];
  const seen = look(
    estate(...pair(), ilb('one', VIP, ['a1', 'b1']), ilb('two', '10.0.1.101', ['a1', 'b1'], { rules })),
  );
  t.deepEqual(vips(seen), ['10.0.1.100:1972', '10.0.1.101:1972']);
});

test('the same VIP twice, with the same addresses and port, is planned once', (t) => {
  const seen = look(estate(...pair(), ilb('one', VIP, ['a1']), ilb('two', VIP, ['a1'])));
  t.deepEqual(vips(seen), ['10.0.1.100:1972']);
  t.deepEqual([seen.path('a', 'one').verdict, seen.path('a', 'two').verdict], ['unknown', 'unknown']);
});

test('the same VIP twice for two ways is neither, and both say so', (t) => {
  const seen = look(
    estate(...pair(), ilb('one', VIP, ['a1']), ilb('two', VIP, ['a2']), ilb('three', '10.0.1.101', ['a1'])),
  );
  for (const name of ['one', 'two']) {
    t.deepEqual(seen.path('a', name).findings, [{ code: 'ADDRESS_INVALID', params: { value: VIP } }]);
    t.is(seen.path('a', name).verdict, 'blocked');
  }
  t.deepEqual(vips(seen), ['10.0.1.101:1972']);
});

test('an opted-out or out-of-scope frontend or VM is in no plan', (t) => {
  const two = ilb('two', '10.0.1.101', ['a1', 'b1'], { tags: OPT_OUT });
  const seen = look(estate(...pair(), ilb('one', VIP, ['a1', 'b1']), two), { scope: { within: [vmId('a')] } });
  t.deepEqual(vips(seen), ['10.0.1.100:1972']);
  t.is(seen.plan('b'), undefined);
});

test('a plan passes the gate before the guest', (t) => {
  const seen = look(estate(...pair(), ilb('one', VIP, ['a1', 'b1']), ilb('two', '10.0.1.101', ['a2', 'b2'])));
  for (const { plan } of seen.evaluation.plans.values()) {
    const limits = { connectSeconds: 5, totalSeconds: 60 };
    t.notThrows(() => checkCommand({ commandId: '0'.repeat(32), mode: 'apply', plan, limits }));
  }
});

test('the tag names of the scope are those that count', (t) => {
  const a = vm('a', { a1: '10.0.1.10', a2: '10.0.1.11', a3: { at: '10.0.1.12', tags: { mine: 'yes' } } });
  const topology = estate(a, ilb('ucr', VIP, ['a1'], { tags: { port: '1980' }, rules: [{ frontendPort: 1980 }, {}] }));
  t.is(look(topology).path('a').via?.ip, '10.0.1.11');
  const seen = look(topology, { scope: { ...SCOPE, viaTag: 'mine', portTag: 'port' } });
  t.like(seen.path('a'), { viaReason: 'tag', port: 1980 });
  t.is(seen.path('a').via?.ip, '10.0.1.12');
});
