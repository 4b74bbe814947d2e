import test from 'ava';
import type { LoadBalancer } from '../../shared/model/topology.ts';
import {
  estate,
  frontendId,
  type IlbSpec,
  ilb,
  look,
  MIRROR_PROBE,
  mirror,
  OPT_OUT,
  pair,
  subnetId,
  vm,
} from '../helpers/estate.ts';

const NOT_IN_PLAY: [why: string, spec: IlbSpec, listed: string[]][] = [
  ['a Basic load balancer', { sku: 'Basic' }, []],
  ['a Gateway load balancer', { sku: 'Gateway' }, []],
  ['a sku of tomorrow', { sku: 'Premium' }, []],
  ['a frontend with no rule', { rules: [] }, []],
  ['a frontend that floats', { rules: [{ floatingIp: true }] }, ['ucr FLOATING_IP']],
  ['a load balancer that opted out', { tags: OPT_OUT }, ['ucr OPTED_OUT']],
  ['an IPv6 frontend', { frontend: { version: 'IPv6', address: 'fd00::100' } }, ['ucr IPV6_FRONTEND']],
  ['a rule of no frontend', { rules: [{ frontendId: frontendId('gone') }] }, []],
];

for (const [why, spec, listed] of NOT_IN_PLAY) {
  test(`not in play: ${why}`, (t) => {
    const seen = look(mirror(spec));
    t.deepEqual(seen.evaluation.frontends, []);
    t.deepEqual(seen.paths, []);
    t.is(seen.evaluation.plans.size, 0);
    t.deepEqual(seen.listed, listed);
  });
}

test('not in play: a public frontend', (t) => {
  const [lb] = ilb('ucr', undefined, ['a1', 'b1']).loadBalancers ?? [];
  const frontends = lb?.frontends.map(({ id }) => ({ id, version: 'IPv4' as const })) ?? [];
  const seen = look(estate(...pair(), { loadBalancers: [{ ...(lb as LoadBalancer), frontends }] }));
  t.deepEqual([seen.paths, seen.listed], [[], []]);
});

test('of a frontend where some rules float only the others count', (t) => {
  const rules = [{ floatingIp: true, frontendPort: 1433, pools: ['sql'] }, { frontendPort: 51773 }];
  const seen = look(mirror({ rules, pools: { sql: { ipConfigurationIds: [] } } }));
  t.deepEqual(seen.paths, ['a>ucr', 'b>ucr']);
  t.is(seen.path('a').port, 51773);
});

test('letter case of the sku does not matter', (t) => {
  t.is(look(mirror({ sku: 'STANDARD' })).paths.length, 2);
});

test('a frontend in a subnet that has no address yet, or none of a host, blocks its paths', (t) => {
  const nothing = look(estate(...pair(), ilb('ucr', undefined, ['a1', 'b1'])));
  t.deepEqual(nothing.path('a').findings, [{ code: 'ADDRESS_INVALID', params: { value: 'nothing' } }]);
  const wire = look(estate(...pair(), ilb('ucr', '168.63.129.16', ['a1', 'b1'])));
  t.deepEqual(wire.path('a').findings, [{ code: 'ADDRESS_INVALID', params: { value: '168.63.129.16' } }]);
  t.is(wire.evaluation.plans.size, 0);
});

for (const path of [
  '/csp/mirror_status.cxw',
  'mirror_status.cxw',
  '/ucr/csp/bin/Mirror_Status.cxw',
  '/csp/mirror_status.cxw?x=1',
]) {
  test(`a mirror is known by its probe: ${path}`, (t) => {
    t.true(look(withProbe({ path })).view().mirror);
    t.true(look(withProbe({ path, protocol: 'https' })).view().mirror);
  });
}

for (const probe of [{ path: '/health' }, { path: '/mirror_status.cxw/x' }, { protocol: 'tcp' as const }]) {
  test(`no mirror: ${JSON.stringify(probe)}`, (t) => t.false(look(withProbe(probe)).view().mirror));
}

const withProbe = (fields: Partial<LoadBalancer['probes'][number]>) => {
  const topology = mirror();
  const [lb] = topology.loadBalancers;
  if (lb) lb.probes = lb.probes.map((probe) => ({ ...probe, ...MIRROR_PROBE, ...fields }));
  return topology;
};

test('health is asked of the rule on the mirror’s probe, and its probe tells how long a change takes', (t) => {
  const rules = [
    { frontendPort: 443, probe: 'tcp' as const },
    { frontendPort: 1972, probe: 'mirror' as const },
  ];
  const view = look(mirror({ rules })).view();
  t.regex(view.healthRuleId ?? '', /rule1$/);
  t.is(view.probeSeconds, 10);
});

test('without a mirror’s probe health is asked of the first probed rule, TCP before UDP', (t) => {
  const rules = [
    { frontendPort: 80, probe: 'none' as const },
    { frontendPort: 514, probe: 'tcp' as const, protocol: 'udp' as const },
    { frontendPort: 1972, probe: 'tcp' as const },
  ];
  t.regex(look(mirror({ rules })).view().healthRuleId ?? '', /rule2$/);
});

test('of a mirror’s rules TCP tells health before UDP, and UDP where it is the only one', (t) => {
  const udp = { frontendPort: 514, protocol: 'udp' } as const;
  t.regex(look(mirror({ rules: [udp, {}] })).view().healthRuleId ?? '', /rule1$/);
  const beside = look(mirror({ rules: [udp, { frontendPort: 443, probe: 'tcp' }] })).view();
  t.regex(beside.healthRuleId ?? '', /rule0$/, 'before a rule on another probe');
});

test('what is listed names the VIP, or the frontend where it has none', (t) => {
  const said = (spec: IlbSpec, vip: string | undefined = '10.0.1.100') =>
    look(estate(...pair(), ilb('ucr', vip, ['a1', 'b1'], spec))).evaluation.listed.map(({ id, finding }) => [
      id,
      finding.params,
    ]);
  const floats = { rules: [{ floatingIp: true }] };
  t.deepEqual(said(floats), [[frontendId('ucr'), { vip: '10.0.1.100' }]]);
  t.deepEqual(said({ ...floats, frontend: { version: 'IPv6', address: 'fd00::1' } }), [
    [frontendId('ucr'), { vip: 'fd00::1' }],
  ]);
  t.deepEqual(look(mirror({ rules: [{ probe: 'none' }] })).path('a').findings, [
    { code: 'NO_PROBE', params: { vip: '10.0.1.100' } },
  ]);
});

test('of a load balancer that is listed twice the first counts, also where the lists differ', (t) => {
  const seen = look(estate(...pair(), ilb('ucr', '10.0.1.100', ['a1']), ilb('UCR', '10.0.1.101', ['b1'])));
  t.deepEqual(
    seen.evaluation.frontends.map(({ vip }) => vip),
    ['10.0.1.100'],
  );
  t.deepEqual(seen.paths, ['a>ucr']);
});

test('NO_PROBE: nobody can know the primary', (t) => {
  const seen = look(mirror({ rules: [{ probe: 'none' }] }));
  t.deepEqual(seen.codes('a'), ['NO_PROBE']);
  t.is(seen.path('a').verdict, 'blocked');
  t.is(seen.view().healthRuleId, undefined);
  t.is(seen.view().probeSeconds, 0);
});

test('a probe that is not there is none of a mirror, and its rule can still be asked', (t) => {
  const topology = mirror();
  const [lb] = topology.loadBalancers;
  if (lb) lb.probes = [];
  const { mirror: isMirror, healthRuleId, probeSeconds } = look(topology).view();
  t.deepEqual([isMirror, typeof healthRuleId, probeSeconds], [false, 'string', 0]);
});

test('frontends come in order of their VIP, paths in that order and by VM', (t) => {
  const seen = look(estate(...pair(), ilb('z', '10.0.1.20', ['b1', 'a1']), ilb('y', '10.0.1.9', ['a1', 'b1'])));
  t.deepEqual(seen.paths, ['a>y', 'b>y', 'a>z', 'b>z']);
});

test('a frontend in a subnet of another network than the pool is said to be so', (t) => {
  const lb = ilb('ucr', '10.0.1.100', ['a1'], { frontend: { subnetId: subnetId('far/default') } });
  const seen = look(estate(vm('a', { a1: '10.0.1.10', a2: '10.0.1.11' }), lb));
  t.deepEqual(seen.path('a').findings, [
    { code: 'SECONDARY_NIC_OTHER_NETWORK', params: { vip: '10.0.1.100', nic: 'a2' } },
  ]);
});

test('a public VIP, and a NIC’s public address, block their paths unless the network is ours', (t) => {
  const shown = (networks?: string[]) => {
    const given = networks ? { scope: { networks } } : {};
    const vip = look(estate(...pair(), ilb('ucr', '20.1.0.100', ['a1', 'b1'])), given);
    const nics = vm('a', { a1: '20.1.0.10', a2: '20.1.0.11' });
    const nic = look(estate(nics, ilb('ucr', '10.0.1.100', ['a1'])), given);
    const said = [...vip.path('a').findings, ...nic.path('a').findings].map(
      ({ code, params }) => `${code} ${params.value}`,
    );
    return [said, vip.plan('a')?.frontends.length ?? 0, nic.plan('a')?.frontends.length ?? 0];
  };
  const refused = ['20.1.0.100', '20.1.0.10', '20.1.0.11'].map((value) => `ADDRESS_PUBLIC ${value}`);
  t.deepEqual(shown(), [refused, 0, 0]);
  t.deepEqual(shown(['20.2.0.0/16']), [refused, 0, 0]);
  t.deepEqual(shown(['20.1.0.0/16']), [[], 1, 1]);
});
