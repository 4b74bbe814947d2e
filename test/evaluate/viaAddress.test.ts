/** Which address of which NIC carries the route. Long: one table of cases about one thing. */
import test from 'ava';
import { estate, ilb, look, macOf, nicId, OPT_OUT, poolId, subnetId, VIA, vm, vmId } from '../helpers/estate.ts';

const VIP = '10.0.1.100';
type Nics = Parameters<typeof vm>[1];

/** VM a with these NICs; a1 is in the pool. */
const behind = (nics: Nics, members = ['a1']) => estate(vm('a', nics), ilb('ucr', VIP, members));
const via = (nics: Nics, members?: string[]) => {
  const { via, viaReason } = look(behind(nics, members)).path('a');
  return `${via?.ip ?? 'none'} ${viaReason ?? ''}`.trim();
};
const findings = (nics: Nics, members?: string[]) => look(behind(nics, members)).path('a').findings;

test('backend and via address carry their NICs’ MACs', (t) => {
  const path = look(behind({ a1: '10.0.1.10', a2: '10.0.1.11' })).path('a');
  t.deepEqual(path.backends, [{ ip: '10.0.1.10', mac: macOf('a1') }]);
  t.deepEqual(path.via, { ip: '10.0.1.11', mac: macOf('a2') });
});

for (const [why, nics, result] of [
  ['the one other NIC', { a1: '10.0.1.10', a2: '10.0.1.11' }, '10.0.1.11 subnet'],
  [
    'a NIC in another subnet of the network',
    { a1: '10.0.1.10', a2: { at: '10.0.2.11', subnet: 'vnet/two' } },
    '10.0.2.11 name',
  ],
  [
    'the tagged one before the one nearby',
    { a1: '10.0.1.10', a2: '10.0.1.11', a3: { at: '10.0.2.12', subnet: 'vnet/two', tags: VIA } },
    '10.0.2.12 tag',
  ],
  [
    'the backend’s own subnet before another',
    { a1: '10.0.1.10', a2: { at: '10.0.2.11', subnet: 'vnet/two' }, a3: '10.0.1.12' },
    '10.0.1.12 subnet',
  ],
  ['the first by name', { a1: '10.0.1.10', a3: '10.0.1.12', a2: '10.0.1.11' }, '10.0.1.11 subnet'],
  [
    'one in no pool before one that another frontend uses',
    { a1: '10.0.1.10', a2: { at: '10.0.1.11', pools: ['other'] }, a3: '10.0.1.12' },
    '10.0.1.12 subnet',
  ],
  [
    'one in the VIP’s network before one in another',
    { a1: '10.0.1.10', a2: { at: '10.9.1.11', subnet: 'far/default' }, a3: { at: '10.0.2.12', subnet: 'vnet/two' } },
    '10.0.2.12 name',
  ],
  [
    'one with an address before one without',
    { a1: '10.0.1.10', a2: {}, a3: { at: '10.0.2.12', subnet: 'vnet/two' } },
    '10.0.2.12 name',
  ],
  ['the NIC’s primary configuration', { a1: '10.0.1.10', a2: ['10.0.1.12', '10.0.1.11'] }, '10.0.1.12 subnet'],
  ['an IPv4 configuration', { a1: '10.0.1.10', a2: ['fd00::11', '10.0.1.11'] }, '10.0.1.11 subnet'],
  ['a configuration that has an address', { a1: '10.0.1.10', a2: [undefined, '10.0.1.11'] }, '10.0.1.11 subnet'],
  [
    'a NIC of which one of several configurations is near',
    { a1: '10.0.1.10', a2: { at: ['10.0.2.11', '10.0.2.12'], subnet: 'vnet/two', ip: { subnetId: subnetId() } } },
    '10.0.2.11 subnet',
  ],
  [
    'one in no pool at all before one of which a configuration is in another',
    { a1: '10.0.1.10', a2: { at: ['10.0.1.11', '10.0.1.13'], pools: ['other'] }, a3: '10.0.1.12' },
    '10.0.1.12 subnet',
  ],
  ['the primary NIC, when the other is in the pool', { a0: '10.0.1.9', a1: '10.0.1.10' }, '10.0.1.9 subnet'],
  [
    'not a NIC that opted out',
    { a1: '10.0.1.10', a2: { at: '10.0.1.11', tags: OPT_OUT }, a3: '10.0.1.12' },
    '10.0.1.12 subnet',
  ],
] as [string, Record<string, string | (string | undefined)[] | object>, string][]) {
  test(`via: ${why}`, (t) => {
    const spec = Object.fromEntries(
      Object.entries(nics).map(([name, value]) => [name, Array.isArray(value) ? { at: value } : value]),
    );
    t.is(via(spec as Nics), result);
    t.is(
      via(Object.fromEntries(Object.entries(spec).toReversed()) as Nics).split(' ')[0],
      result.split(' ')[0],
      'in any order',
    );
  });
}

test('a tag on a NIC in the pool does not make it a way around the pool', (t) => {
  t.is(via({ a1: '10.0.1.10', a2: { at: '10.0.1.11', tags: VIA }, a3: '10.0.1.12' }, ['a1', 'a2']), '10.0.1.12 subnet');
});

test('a tag whose word is not true says nothing', (t) => {
  t.is(
    via({ a1: '10.0.1.10', a2: '10.0.1.11', a3: { at: '10.0.1.12', tags: { 'Ilb-Hairpin-Guard-VIA': 'no' } } }),
    '10.0.1.11 subnet',
  );
  t.is(
    via({ a1: '10.0.1.10', a2: '10.0.1.11', a3: { at: '10.0.1.12', tags: { 'Ilb-Hairpin-Guard-VIA': 'Yes' } } }),
    '10.0.1.12 tag',
  );
});

test('one NIC may be backend for one frontend and via for another', (t) => {
  const seen = look(
    estate(vm('a', { a1: '10.0.1.10', a2: '10.0.1.11' }), ilb('one', VIP, ['a1']), ilb('two', '10.0.1.101', ['a2'])),
  );
  const roles = ['one', 'two'].map((name) => [seen.path('a', name).backends[0]?.ip, seen.path('a', name).via?.ip]);
  t.deepEqual(roles, [
    ['10.0.1.10', '10.0.1.11'],
    ['10.0.1.11', '10.0.1.10'],
  ]);
  t.is(seen.plan('a')?.frontends.length, 2);
});

test('NO_SECONDARY_NIC', (t) => {
  t.deepEqual(findings({ a1: '10.0.1.10' }), [{ code: 'NO_SECONDARY_NIC', params: { vip: VIP } }]);
});

test('SECONDARY_NIC_IN_POOL names the NIC to take out', (t) => {
  const found = findings({ a1: '10.0.1.10', a2: '10.0.1.11' }, ['a1', 'a2']);
  t.deepEqual(found, [{ code: 'SECONDARY_NIC_IN_POOL', params: { vip: VIP, nic: 'a2' } }]);
});

test('SECONDARY_NIC_IN_POOL also when only a second configuration of it is in another pool of the frontend', (t) => {
  const lb = ilb('ucr', VIP, ['a1'], {
    rules: [{ pools: ['ucr', 'more'] }],
    pools: { more: { ipConfigurationIds: [`${nicId('a2')}/ipConfigurations/ip2`] } },
  });
  const seen = look(estate(vm('a', { a1: '10.0.1.10', a2: { at: ['10.0.1.11', '10.0.1.12'] } }), lb));
  t.deepEqual(seen.codes('a'), ['SECONDARY_NIC_IN_POOL']);
});

test('a NIC that the VM names and Azure does not list may be the one that is missed', (t) => {
  const topology = behind({ a1: '10.0.1.10', a2: '10.0.1.11' });
  topology.nics = topology.nics.filter(({ id }) => id !== nicId('a2'));
  t.deepEqual(look(topology).path('a').findings, [
    { code: 'DANGLING_REFERENCE', params: { vip: VIP, id: nicId('a2') } },
  ]);
});

test('SECONDARY_NIC_NOT_READY: no MAC, or no address', (t) => {
  for (const a2 of [{ at: undefined }, { at: 'fd00::11' }]) {
    t.deepEqual(findings({ a1: '10.0.1.10', a2 }), [
      { code: 'SECONDARY_NIC_NOT_READY', params: { vip: VIP, nic: 'a2' } },
    ]);
  }
  const topology = behind({ a1: '10.0.1.10', a2: '10.0.1.11' });
  for (const nic of topology.nics) if (nic.id === nicId('a2')) delete nic.mac;
  t.deepEqual(look(topology).codes('a'), ['SECONDARY_NIC_NOT_READY']);
});

test('a tagged NIC that is not ready is waited for, not passed over', (t) => {
  const seen = look(behind({ a1: '10.0.1.10', a2: { tags: VIA }, a3: '10.0.1.12' }));
  t.deepEqual(seen.codes('a'), ['SECONDARY_NIC_NOT_READY']);
});

test('SECONDARY_NIC_OTHER_NETWORK', (t) => {
  const found = findings({ a1: '10.0.1.10', a2: { at: '10.9.1.11', subnet: 'far/default' } });
  t.deepEqual(found, [{ code: 'SECONDARY_NIC_OTHER_NETWORK', params: { vip: VIP, nic: 'a2' } }]);
});

test('an unknown subnet is not held against a NIC', (t) => {
  const topology = behind({ a1: '10.0.1.10', a2: '10.0.1.11' });
  for (const nic of topology.nics) for (const ip of nic.ipConfigurations) delete ip.subnetId;
  t.deepEqual(look(topology).path('a').findings, []);
});

test('SECONDARY_NIC_GUESSED: only a name decides between several; a warning, and the path is planned', (t) => {
  const far = (at: string) => ({ at, subnet: 'vnet/two' });
  const guessed = { code: 'SECONDARY_NIC_GUESSED', params: { vip: VIP, nic: 'a2', tag: 'ilb-hairpin-guard-via' } };
  const seen = look(behind({ a1: '10.0.1.10', a2: far('10.0.2.11'), a3: far('10.0.2.12') }));
  t.deepEqual(seen.path('a').findings, [guessed]);
  t.is(seen.path('a').verdict, 'unknown');
  t.is(seen.plan('a')?.frontends[0]?.via.ip, '10.0.2.11');
  for (const nics of [
    { a1: '10.0.1.10', a2: far('10.0.2.11') },
    { a1: '10.0.1.10', a2: far('10.0.2.11'), a3: '10.0.1.12' },
    { a1: '10.0.1.10', a2: far('10.0.2.11'), a3: { ...far('10.0.2.12'), tags: VIA } },
    { a1: '10.0.1.10', a2: far('10.0.2.11'), a3: { at: '10.9.1.12', subnet: 'far/default' } },
    { a1: '10.0.1.10', a2: far('10.0.2.11'), a3: { ...far('10.0.2.12'), tags: OPT_OUT } },
  ] as Nics[]) {
    t.deepEqual(findings(nics), []);
  }
});

test('a NIC in the subnet of any own address in the pools is near', (t) => {
  const nics = { a1: '10.0.1.10', a2: { at: '10.0.2.10', subnet: 'vnet/two' }, a3: '10.0.3.9', a4: '10.0.2.11' };
  const seen = look(
    behind({ ...nics, a3: { at: '10.0.3.9', subnet: 'vnet/three' }, a4: { at: '10.0.2.11', subnet: 'vnet/two' } }, [
      'a1',
      'a2',
    ]),
  );
  t.like(seen.path('a'), { via: { ip: '10.0.2.11' }, viaReason: 'subnet' });
});

test('BACKEND_NIC_NOT_READY: no MAC, or no address', (t) => {
  t.deepEqual(findings({ a1: {}, a2: '10.0.1.11' }), [
    { code: 'BACKEND_NIC_NOT_READY', params: { vip: VIP, nic: 'a1' } },
  ]);
});

test('BACKEND_NIC_NOT_READY once for a NIC, whatever number of addresses it lacks', (t) => {
  const seen = look(behind({ a1: { at: [undefined, undefined] }, a2: '10.0.1.11' }, ['a1', 'a1/2']));
  t.deepEqual(seen.codes('a'), ['BACKEND_NIC_NOT_READY']);
  const half = look(behind({ a1: { at: ['10.0.1.10', undefined] }, a2: '10.0.1.11' }, ['a1', 'a1/2']));
  t.deepEqual(half.codes('a'), ['BACKEND_NIC_NOT_READY']);
  t.is(half.plan('a'), undefined, 'no half of a plan');
});

test('TOO_MANY_ADDRESSES: more than a path can carry', (t) => {
  const at = Array.from({ length: 9 }, (_, i) => `10.0.1.${10 + i}`);
  const pool = at.map((_, i) => `a1/${i + 1}`);
  const seen = look(behind({ a1: { at }, a2: '10.0.1.30' }, pool));
  t.deepEqual(seen.path('a').findings, [{ code: 'TOO_MANY_ADDRESSES', params: { vip: VIP, count: '9', most: '8' } }]);
  t.is(seen.plan('a'), undefined);
  t.is(look(behind({ a1: { at }, a2: '10.0.1.30' }, pool.slice(1))).plan('a')?.frontends[0]?.backends.length, 8);
});

test('ADDRESS_INVALID names what is none', (t) => {
  t.deepEqual(findings({ a1: '10.0.1.300', a2: '10.0.1.11' }), [
    { code: 'ADDRESS_INVALID', params: { value: '10.0.1.300' } },
  ]);
  t.deepEqual(findings({ a1: '10.0.1.10', a2: { at: '10.0.1.11', mac: '00:0d:3a' } }), [
    { code: 'ADDRESS_INVALID', params: { value: '00:0d:3a' } },
  ]);
});

test('ADDRESS_INVALID: what one VM cannot carry', (t) => {
  const same = '00:0d:3a:00:00:01';
  for (const [nics, value] of [
    [{ a1: '10.0.1.10', a2: '10.0.1.10' }, '10.0.1.10'],
    [{ a1: { at: '10.0.1.10', mac: same }, a2: { at: '10.0.1.11', mac: same } }, same],
    [{ a1: '10.0.1.10', a2: { at: ['10.0.1.11', VIP] } }, VIP],
    [{ a1: { at: ['10.0.1.10', '10.0.1.10'] }, a2: '10.0.1.11' }, '10.0.1.10'],
    [{ a1: { at: ['10.0.1.10', '10.0.1.11'] }, a2: '10.0.1.11' }, '10.0.1.11'],
  ] as [Nics, string][]) {
    t.deepEqual(findings(nics, ['a1', 'a1/2']), [{ code: 'ADDRESS_INVALID', params: { value } }]);
  }
});

test('a MAC in capitals is the same MAC', (t) => {
  t.is(
    look(behind({ a1: '10.0.1.10', a2: { at: '10.0.1.11', mac: '00:0D:3A:00:00:02' } })).path('a').via?.mac,
    '00:0d:3a:00:00:02',
  );
});

test('OPTED_OUT: the NIC in the pool, or the only NIC outside it; nothing is said of the path', (t) => {
  for (const [nics, nic] of [
    [{ a1: { at: '10.0.1.10', tags: OPT_OUT }, a2: '10.0.1.11' }, 'a1'],
    [{ a1: '10.0.1.10', a2: { at: '10.0.1.11', tags: OPT_OUT } }, 'a2'],
    [{ a0: '10.0.1.10', a1: { at: '10.0.1.12', tags: OPT_OUT }, a2: '10.0.1.11' }, 'a1'],
  ] as [Nics, string][]) {
    const seen = look(behind(nics, 'a0' in nics ? ['a0', 'a1'] : ['a1']));
    t.deepEqual(seen.paths, []);
    t.deepEqual(seen.evaluation.listed, [
      { id: vmId('a'), finding: { code: 'OPTED_OUT', params: { id: nicId(nic) } } },
    ]);
    t.is(seen.plan('a'), undefined);
  }
});

test('a pool of another load balancer is no pool of the frontend', (t) => {
  const topology = estate(
    vm('a', { a1: '10.0.1.10', a2: { at: '10.0.1.11', pools: ['other'] } }),
    ilb('ucr', VIP, ['a1']),
    ilb('other', undefined, []),
  );
  t.is(topology.nics[1]?.ipConfigurations[0]?.poolIds[0], poolId('other'));
  t.is(look(topology).path('a').via?.ip, '10.0.1.11');
});

/** VM a with one pool NIC towards two frontends, the second of which differs in this. */
const towardsTwo = (nics: Nics, second: { vip?: string; members?: string[]; subnet?: string }) => {
  const { vip = '10.0.1.101', members = ['a1'], subnet } = second;
  const frontend = subnet === undefined ? {} : { subnetId: subnetId(subnet) };
  const seen = look(
    estate(
      vm('a', nics),
      ilb('one', VIP, ['a1']),
      ilb('two', vip, members, { frontend }),
      ilb('x3', '10.0.1.103', ['a1']),
    ),
  );
  return ['one', 'two', 'x3'].map((name) => {
    const { backends, via, findings } = seen.path('a', name);
    return [...backends.map(({ ip }) => ip), via?.ip ?? '-', ...findings.map(({ code }) => code)].join(' ');
  });
};
const PLAIN = '10.0.1.10 10.0.1.11';

test('what is told of a VM once holds for a frontend that is alike, and for no other', (t) => {
  const nics = { a1: '10.0.1.10', a2: '10.0.1.11' };
  t.deepEqual(towardsTwo(nics, {}), [PLAIN, PLAIN, PLAIN]);
  t.deepEqual(
    towardsTwo({ ...nics, a2: { at: ['10.0.1.11', '10.0.1.102'] } }, { vip: '10.0.1.102' }),
    [PLAIN, `${PLAIN} ADDRESS_INVALID`, PLAIN],
    'a VIP that is an address of the VM',
  );
  t.deepEqual(
    towardsTwo(nics, { subnet: 'far/default' }),
    [PLAIN, `${PLAIN} SECONDARY_NIC_OTHER_NETWORK`, PLAIN],
    'a VIP in another network',
  );
  t.deepEqual(
    towardsTwo(nics, { members: ['a2'] }),
    [PLAIN, '10.0.1.11 10.0.1.10', PLAIN],
    'the other NIC in its pool',
  );
  t.deepEqual(
    towardsTwo({ a1: { at: ['10.0.1.10', '10.0.1.12'] }, a2: '10.0.1.11' }, { members: ['a1', 'a1/2'] }),
    [PLAIN, '10.0.1.10 10.0.1.12 10.0.1.11', PLAIN],
    'a second address in its pool',
  );
  t.deepEqual(
    towardsTwo({ ...nics, a3: '10.0.1.12' }, { members: ['a1', 'a2'] }),
    [PLAIN, '10.0.1.10 10.0.1.11 10.0.1.12', PLAIN],
    'a second NIC in its pool',
  );
});

test('what is found wrong is told of each frontend, with its own VIP', (t) => {
  const seen = look(estate(vm('a', { a1: '10.0.1.10' }), ilb('one', VIP, ['a1']), ilb('two', '10.0.1.101', ['a1'])));
  t.deepEqual(
    ['one', 'two'].map((name) => seen.path('a', name).findings),
    [VIP, '10.0.1.101'].map((vip) => [{ code: 'NO_SECONDARY_NIC', params: { vip } }]),
  );
  const none = look(
    estate(
      vm('a', { a1: '10.0.1.10', a2: { at: '10.0.1.11', tags: OPT_OUT } }),
      ilb('one', VIP, ['a1']),
      ilb('two', '10.0.1.101', ['a1']),
    ),
  );
  t.deepEqual(none.paths, [], 'a NIC that opted out is so towards each');
});

test('of NICs that the VM names and Azure does not list the first by name is named', (t) => {
  const topology = behind({ a1: '10.0.1.10' });
  for (const one of topology.vms) one.nicIds = [nicId('z'), nicId('c'), nicId('a1').toUpperCase(), nicId('m')];
  t.deepEqual(look(topology).path('a').findings, [
    { code: 'DANGLING_REFERENCE', params: { vip: VIP, id: nicId('c') } },
  ]);
});
