import test from 'ava';
import { survey } from '../../shared/evaluate/survey.ts';
import {
  estate,
  ilb,
  ipId,
  look,
  networkId,
  nicId,
  nicOf,
  pair,
  poolId,
  SCOPE,
  SUBSCRIPTION,
  subnetId,
  vm,
  vmId,
} from '../helpers/estate.ts';

const VIP = '10.0.1.100';
const at = (address: string, place: { virtualNetworkId?: string; subnetId?: string } = {}) => ({ address, ...place });
const backends = (seen: ReturnType<typeof look>) => seen.path('a').backends.map(({ ip }) => ip);
const members = (...parts: Parameters<typeof estate>) => look(estate(...parts)).paths;

test('a pool names ip configurations', (t) => {
  t.deepEqual(members(...pair(), ilb('ucr', VIP, ['a1', 'b1'])), ['a>ucr', 'b>ucr']);
});

test('an ip configuration names the pool', (t) => {
  const a = vm('a', { a1: { at: '10.0.1.10', pools: ['ucr'] }, a2: '10.0.1.11' });
  t.deepEqual(members(a, ilb('ucr', VIP, [])), ['a>ucr']);
});

test('both directions at once are one member', (t) => {
  const a = vm('a', { a1: { at: '10.0.1.10', pools: ['ucr', 'ucr'] }, a2: '10.0.1.11' });
  t.deepEqual(members(a, ilb('ucr', VIP, ['a1', 'a1'])), ['a>ucr']);
});

test('an address-based pool matches addresses in its virtual network', (t) => {
  const pool = {
    addresses: [at('10.0.1.10', { virtualNetworkId: networkId() }), at('10.0.1.20', { subnetId: subnetId() })],
  };
  t.deepEqual(members(...pair(), ilb('ucr', VIP, [], { pool })), ['a>ucr', 'b>ucr']);
});

test('an address with no network is looked for in the frontend’s', (t) => {
  t.deepEqual(members(...pair(), ilb('ucr', VIP, [], { pool: { addresses: [at('10.0.1.10')] } })), ['a>ucr']);
});

test('an address in a subnet belongs to that subnet’s network, whatever the frontend’s', (t) => {
  const pool = { addresses: [at('10.0.1.10', { subnetId: subnetId() })] };
  const lb = ilb('ucr', VIP, [], { pool, frontend: { subnetId: subnetId('far/default') } });
  t.deepEqual(members(...pair(), lb), ['a>ucr']);
});

test('the same address in another virtual network is somebody else', (t) => {
  const far = vm('far', {
    f1: { at: '10.0.1.10', subnet: 'other/default' },
    f2: { at: '10.0.1.11', subnet: 'other/default' },
  });
  const pool = { addresses: [at('10.0.1.10', { virtualNetworkId: networkId() })] };
  t.deepEqual(members(far, ...pair(), ilb('ucr', VIP, [], { pool })), ['a>ucr']);
});

test('an address in a named network belongs to that one, whatever the frontend’s', (t) => {
  const far = vm('far', {
    f1: { at: '10.0.1.10', subnet: 'other/default' },
    f2: { at: '10.0.1.11', subnet: 'other/default' },
  });
  const pool = { addresses: [at('10.0.1.10', { virtualNetworkId: networkId('other').toUpperCase() })] };
  t.deepEqual(members(far, ...pair(), ilb('ucr', VIP, [], { pool })), ['far>ucr']);
});

test('letter case of ids does not matter', (t) => {
  const pool = {
    ipConfigurationIds: [ipId('a1').toUpperCase(), ipId('b1').replace('ipConfigurations', 'IpConfigurations')],
  };
  t.deepEqual(members(...pair(), ilb('ucr', VIP, [], { pool })), ['a>ucr', 'b>ucr']);
});

test('several pools and rules behind one frontend are one set of members', (t) => {
  const lb = ilb('ucr', VIP, ['a1'], {
    rules: [{ pools: ['ucr', 'more'] }, { frontendPort: 51773, pools: ['more'] }],
    pools: { more: { ipConfigurationIds: [ipId('b1')] } },
  });
  const seen = look(estate(...pair(), lb));
  t.deepEqual(seen.paths, ['a>ucr', 'b>ucr']);
});

test('a member’s port to prove is one of a rule that leads to it', (t) => {
  const lb = ilb('ucr', VIP, ['a1'], {
    rules: [{}, { frontendPort: 443, pools: ['web'] }],
    pools: { web: { ipConfigurationIds: [ipId('b1')] } },
  });
  const seen = look(estate(...pair(), lb));
  t.is(seen.path('a').port, 1972);
  t.is(seen.path('b').port, undefined);
  t.deepEqual(seen.codes('b'), ['NO_SAFE_PORT']);
});

test('a member’s rules are in the frontend’s order, also where only some lead to another pool', (t) => {
  const lb = ilb('ucr', VIP, ['a1'], {
    rules: [{ frontendPort: 443 }, { frontendPort: 1972, pools: ['ucr', 'more'] }, { frontendPort: 51773 }],
    pools: { more: { ipConfigurationIds: [ipId('b1')] } },
  });
  const [frontend] = survey(estate(...pair(), lb), SCOPE).frontends;
  const ports = frontend?.members.map(({ rules }) => rules.map(({ frontendPort }) => frontendPort));
  t.deepEqual(ports, [[443, 1972, 51773], [1972]]);
});

test('a rule that leads to fewer pools than the first one leads to fewer members', (t) => {
  const lb = ilb('ucr', VIP, ['a1'], {
    rules: [{ pools: ['ucr', 'more'] }, { frontendPort: 51773 }],
    pools: { more: { ipConfigurationIds: [ipId('b1')] } },
  });
  const [frontend] = survey(estate(...pair(), lb), SCOPE).frontends;
  const ports = frontend?.members.map(({ rules }) => rules.map(({ frontendPort }) => frontendPort));
  t.deepEqual(ports, [[1972, 51773], [1972]]);
});

test('several ip configurations in the pool are all backend addresses: the primary NIC’s first, its primary one first', (t) => {
  const a = vm('a', {
    a1: { at: '10.0.1.10', primary: false },
    a2: { at: ['10.0.1.12', '10.0.1.11'], primary: true },
    a3: '10.0.1.13',
  });
  const seen = look(estate(a, ilb('ucr', VIP, ['a1', 'a2/2', 'a2'])));
  t.deepEqual(backends(seen), ['10.0.1.12', '10.0.1.11', '10.0.1.10']);
  t.is(seen.path('a').via?.ip, '10.0.1.13', 'no NIC of the pool carries the route');
  t.deepEqual(seen.plan('a')?.frontends[0]?.backends, seen.path('a').backends);
});

test('the primary ip configuration goes first by its mark, not by its name', (t) => {
  const topology = estate(
    vm('a', { a1: { at: ['10.0.1.10', '10.0.1.12'] }, a2: '10.0.1.11' }),
    ilb('ucr', VIP, ['a1', 'a1/2']),
  );
  for (const ip of topology.nics[0]?.ipConfigurations ?? []) ip.primary = !ip.primary;
  t.deepEqual(backends(look(topology)), ['10.0.1.12', '10.0.1.10']);
});

test('an ip configuration outside the pool does not count', (t) => {
  const a = vm('a', { a1: { at: ['10.0.1.10', '10.0.1.12'] }, a2: '10.0.1.11' });
  t.deepEqual(backends(look(estate(a, ilb('ucr', VIP, ['a1/2'])))), ['10.0.1.12']);
});

test('an IPv6 configuration is no member of an IPv4 frontend', (t) => {
  const a = vm('a', { a1: { at: ['10.0.1.10', 'fd00::10'] }, a2: '10.0.1.11' });
  t.deepEqual(members(a, ilb('ucr', VIP, ['a1/2'])), []);
  t.deepEqual(backends(look(estate(a, ilb('ucr', VIP, ['a1/2', 'a1'])))), ['10.0.1.10']);
});

test('a NIC on no VM is no member', (t) => {
  const nics = [nicOf('n1', true, { at: '10.0.1.10' })];
  const seen = look(estate({ nics }, ilb('ucr', VIP, ['n1'])));
  t.deepEqual([seen.paths, seen.listed], [[], []]);
});

test('a NIC that does not say where it is belongs to the VM that names it', (t) => {
  const topology = estate(...pair(), ilb('ucr', VIP, ['a1']));
  for (const nic of topology.nics) delete nic.vmId;
  const seen = look(topology);
  t.deepEqual(seen.paths, ['a>ucr']);
  t.is(seen.path('a').via?.ip, '10.0.1.11');
});

test('a NIC’s own word goes before that of a VM read earlier', (t) => {
  const topology = estate(...pair(), ilb('ucr', VIP, ['a1']));
  for (const nic of topology.nics) if (nic.id === nicId('a2')) nic.vmId = vmId('b');
  t.deepEqual(look(topology).codes('a'), ['NO_SECONDARY_NIC']);
});

test('DANGLING_REFERENCE: an ip configuration, a pool or an address that Azure does not list', (t) => {
  const lb = ilb('ucr', VIP, ['a1', 'gone'], {
    rules: [{ pools: ['ucr', 'nopool'] }],
    pool: { addresses: [at('10.9.9.9')] },
  });
  const { evaluation } = look(estate(...pair(), lb));
  const missing = evaluation.listed.map(({ finding }) => [finding.code, finding.params.vip, finding.params.id]);
  t.deepEqual(
    missing.toSorted(),
    [
      ['DANGLING_REFERENCE', VIP, '10.9.9.9'],
      ['DANGLING_REFERENCE', VIP, ipId('gone')],
      ['DANGLING_REFERENCE', VIP, poolId('ucr').replace(/ucr$/, 'nopool')],
    ].toSorted(),
  );
  t.is(evaluation.paths.length, 1, 'and the rest is evaluated');
});

test('DANGLING_REFERENCE: addresses that are kept for later VMs are one line with their number', (t) => {
  const addresses = Array.from({ length: 50 }, (_, i) => at(`10.0.2.${i + 1}`));
  const lb = ilb('ucr', VIP, ['a1'], {
    rules: [{ pools: ['ucr', 'later'] }],
    pool: { addresses },
    pools: { later: { addresses: addresses.slice(0, 3) } },
  });
  const { evaluation } = look(estate(...pair(), lb));
  const id = '10.0.2.1 and 49 more';
  t.deepEqual(
    evaluation.listed.map(({ finding }) => finding),
    [{ code: 'DANGLING_REFERENCE', params: { vip: VIP, id } }],
  );
});

test('DANGLING_REFERENCE: a VM that only its NIC knows is a blocked path', (t) => {
  const topology = estate(...pair(), ilb('ucr', VIP, ['a1', 'b1']));
  topology.vms = topology.vms.filter(({ id }) => id !== vmId('b'));
  const seen = look(topology);
  t.deepEqual(seen.path('b').findings, [{ code: 'DANGLING_REFERENCE', params: { vip: VIP, id: vmId('b') } }]);
  t.is(seen.plan('b'), undefined);
  t.is(seen.path('a').verdict, 'unknown');
});

test('SCALE_SET_INSTANCE: an instance of a uniform scale set is listed, its NIC is in no list', (t) => {
  const instance = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/0`;
  const pool = { ipConfigurationIds: [`${instance}/networkInterfaces/n/ipConfigurations/i`] };
  const { evaluation } = look(estate(ilb('ucr', VIP, [], { pool })));
  t.deepEqual(evaluation.listed, [{ id: instance, finding: { code: 'SCALE_SET_INSTANCE', params: {} } }]);
});

test('resources listed twice count once', (t) => {
  const once = [...pair(), ilb('ucr', VIP, ['a1', 'b1'])];
  t.deepEqual(look(estate(...once, ...once)).evaluation, look(estate(...once)).evaluation);
});
