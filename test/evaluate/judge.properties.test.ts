/**
 * What holds of every estate. fast-check prints the seed and the smallest counterexample of a failure.
 * Long: one table of cases about one thing.
 */
import test from 'ava';
import fc from 'fast-check';
import { forecast } from '../../shared/evaluate/forecast.ts';
import { planHash } from '../../shared/evaluate/planHash.ts';
import { checkCommand } from '../../shared/guest/plan.ts';
import { findingText, findingVerdict } from '../../shared/model/findings.ts';
import { type IdKey, idKey, isWithin, sameId } from '../../shared/model/ids.ts';
import type { Evaluation, Path, VmKnowledge } from '../../shared/model/path.ts';
import { isTrueWord } from '../../shared/model/scope.ts';
import type { FrontendIp, IpConfiguration, LoadBalancer, Nic, Topology } from '../../shared/model/topology.ts';
import { type Draw, disguised, draws, mangled, type World, worldOf } from '../helpers/arbitraryEstate.ts';
import { estate, ilb, NOW, networkId, nicOf, OPT_OUT, SCOPE, vm } from '../helpers/estate.ts';
import { evaluate } from '../helpers/evaluate.ts';
import { type Heard, knowingAll } from '../helpers/looked.ts';

const runs = { numRuns: 500 };
const nothing = new Map<IdKey, VmKnowledge>();
const see = (world: World, knowledge: ReadonlyMap<IdKey, VmKnowledge> = nothing): Evaluation =>
  evaluate({ ...world, knowledge, now: NOW });

/** `check` throws on a world that breaks the rule. */
const always = (check: (world: World, draw: Draw) => void) =>
  fc.assert(
    fc.property(draws, (draw) => check(worldOf(draw), draw)),
    runs,
  );
const all = <T>(list: Iterable<T>, check: (item: T) => boolean, what: string) => {
  for (const item of list) if (!check(item)) throw new Error(`${what}: ${JSON.stringify(item)}`);
};

const isOptedOut = (tags: Record<string, string>) => isTrueWord(tags[SCOPE.optOutTag]);

/** The rules of balancing, told as slowly as can be: is this configuration behind a rule of the frontend that does not float? */
const isBehind = (ip: IpConfiguration, lb: LoadBalancer, frontend: FrontendIp): boolean =>
  ip.version === 'IPv4' &&
  lb.rules.some(
    (rule) =>
      rule.frontendId === frontend.id &&
      !rule.floatingIp &&
      rule.poolIds.some((id) => {
        const pool = lb.pools.find((candidate) => candidate.id === id);
        return (
          ip.poolIds.includes(id) ||
          pool?.ipConfigurationIds.includes(ip.id) ||
          pool?.addresses.some(
            ({ address, virtualNetworkId }) =>
              address === ip.address &&
              virtualNetworkId !== undefined &&
              ip.subnetId?.startsWith(`${virtualNetworkId}/`),
          )
        );
      }),
  );
const behind = (nic: Nic, lb: LoadBalancer, frontend: FrontendIp) =>
  nic.ipConfigurations.some((ip) => isBehind(ip, lb, frontend));

/** Every member x frontend of Standard internal IPv4 frontends whose load balancer did not opt out. */
function* memberships({ vms, nics, loadBalancers }: Topology) {
  for (const lb of loadBalancers.filter(({ sku, tags }) => sku === 'Standard' && !isOptedOut(tags))) {
    for (const frontend of lb.frontends.filter(({ address, version }) => address && version === 'IPv4')) {
      for (const vm of vms) {
        if (nics.some((nic) => nic.vmId === vm.id && behind(nic, lb, frontend))) yield { vm, frontend, lb };
      }
    }
  }
}

test('every member of every frontend is exactly one path, or its VM is listed as not to be touched', (t) => {
  let paths = 0;
  always((world) => {
    const seen = see(world);
    const expected = [...memberships(world.topology)];
    paths += seen.paths.length;
    all(
      expected,
      ({ vm, frontend }) => {
        const own = seen.paths.filter((path) => path.vmId === vm.id && path.frontendId === frontend.id);
        const untouched = seen.listed.some(
          ({ id, finding }) => id === vm.id && (finding.code === 'OUT_OF_SCOPE' || finding.code === 'OPTED_OUT'),
        );
        return own.length === 1 || (own.length === 0 && untouched);
      },
      'member without path',
    );
    all(
      seen.paths,
      (path) => expected.some(({ vm, frontend }) => vm.id === path.vmId && frontend.id === path.frontendId),
      'path without member',
    );
  });
  t.true(paths > 1000, `${paths} paths`);
});

test('nothing that is out of scope or opted out is on a path or in a plan', (t) => {
  always(({ topology, ...rest }) => {
    const seen = see({ topology, ...rest });
    const touched = new Set([...seen.paths.map(({ vmId }) => idKey(vmId)), ...seen.plans.keys()]);
    for (const one of topology.vms) {
      const within = rest.scope.within.length === 0 || rest.scope.within.some((outer) => isWithin(one.id, outer));
      if (touched.has(idKey(one.id))) t.true(within && !isOptedOut(one.tags));
    }
    const macs = new Set(topology.nics.filter(({ tags }) => isOptedOut(tags)).map(({ mac }) => mac));
    all(seen.paths, ({ via }) => !via || !macs.has(via.mac), 'opted-out NIC');
    for (const { plan } of seen.plans.values()) {
      all(
        plan.frontends,
        ({ backends, via }) => [...backends, via].every(({ mac }) => !macs.has(mac)),
        'opted-out NIC in a plan',
      );
    }
  });
  t.pass();
});

test('a via address is on a NIC of the same VM that is in none of the frontend’s pools', (t) => {
  let vias = 0;
  always((world) => {
    const { nics } = world.topology;
    for (const path of see(world).paths.filter(({ via }) => via)) {
      vias += 1;
      const nic = nics.find(({ mac }) => mac === path.via?.mac);
      const lb = world.topology.loadBalancers.find(({ frontends }) =>
        frontends.some(({ id }) => id === path.frontendId),
      );
      const frontend = lb?.frontends.find(({ id }) => id === path.frontendId);
      t.true(nic && lb && frontend && nic.vmId === path.vmId && !behind(nic, lb, frontend));
      t.true(nic?.ipConfigurations.some(({ address }) => address === path.via?.ip));
    }
  });
  t.true(vias > 500, `${vias} via addresses`);
});

test('every path has one verdict, which its findings explain; what can be repaired is planned', (t) => {
  const reached = new Set<string>();
  const heards: Heard[] = [
    {},
    { mode: 'check', drift: ['route-missing'] },
    { connect: 'timeout' },
    { drift: ['reply-rule'] },
  ];
  for (const heard of heards) {
    always((world) => {
      const seen = see(world, knowingAll(see(world), heard));
      for (const path of seen.paths) {
        reached.add(path.verdict);
        t.is<string, string>(path.verdict, explained(path));
        const planned = seen.plans.get(idKey(path.vmId))?.plan.frontends.some(({ vip }) => vip === path.vip) ?? false;
        if (path.verdict === 'repairable' || path.verdict === 'compliant') t.true(planned);
        if (path.verdict === 'compliant') t.truthy(path.port);
        if (!planned) t.is(path.verdict, 'blocked');
      }
    });
  }
  t.deepEqual([...reached].toSorted(), ['blocked', 'compliant', 'repairable', 'unknown']);
});

/** The verdict that the findings call for; where they call for none, whatever the path has but blocked. */
function explained({ findings, verdict }: Path): string {
  const verdicts = findings.map(({ code }) => findingVerdict(code));
  if (verdicts.includes('blocked')) return 'blocked';
  if (verdicts.includes('unknown')) return 'unknown';
  return verdict === 'blocked' ? 'no verdict without a finding' : verdict;
}

test('after a perfect repair a second evaluation asks for nothing', (t) => {
  let compliant = 0;
  always((world) => {
    const first = see(world);
    for (const heard of [{}, { mode: 'check' }] as const) {
      const second = see(world, knowingAll(first, heard));
      t.deepEqual(second.plans, first.plans);
      for (const [i, path] of second.paths.entries()) {
        const before = first.paths[i]?.findings ?? [];
        t.deepEqual(path.findings, before);
        if (before.length === 0) {
          t.is(path.verdict, 'compliant');
          compliant += 1;
        }
      }
    }
  });
  t.true(compliant > 300, `${compliant} compliant paths`);
});

test('neither letter case nor order of anything that Azure lists changes a thing', (t) => {
  always((world, draw) => t.deepEqual(plain(see(disguised(world, draw))), plain(see(world))));
  t.pass();
});

/** An evaluation as text without letter case. Findings are compared as sets: their order follows the lists. */
const plain = (evaluation: Evaluation) => {
  const plans = [...evaluation.plans].map(([key, { plan }]) => [key, planHash(plan)]).toSorted();
  return JSON.parse(JSON.stringify({ ...evaluation, plans }).toLowerCase());
};

test('what has nothing to do with a path changes nothing of it', (t) => {
  const strangers = estate(
    vm('zz', { zz1: { at: '10.8.0.10', subnet: 'far/x' }, zz2: { at: '10.8.0.11', subnet: 'far/x' } }),
    vm('zy', { zy1: '10.0.200.1' }, { tags: OPT_OUT }),
    { nics: [nicOf('loose', true, { at: '10.0.200.9' })] },
    ilb('zilb', '10.8.0.100', ['zz1'], { frontend: { subnetId: `${networkId('far')}/subnets/x` } }),
    ilb('zbasic', '10.0.200.100', ['zy1'], { sku: 'Basic' }),
  );
  always((world) => {
    const { vms, nics, loadBalancers } = world.topology;
    const more = {
      ...world.topology,
      vms: [...strangers.vms, ...vms],
      nics: [...strangers.nics, ...nics],
      loadBalancers: [...strangers.loadBalancers, ...loadBalancers],
    };
    const before = see(world);
    const after = see({ ...world, topology: more });
    const stranger = (id: string) => strangers.vms.some((one) => sameId(one.id, id));
    t.deepEqual(
      after.paths.filter(({ vmId }) => !stranger(vmId)),
      before.paths,
    );
    t.deepEqual(
      after.listed.filter(({ id }) => !stranger(id)),
      before.listed,
    );
    for (const [key, plan] of before.plans) t.deepEqual(after.plans.get(key), plan);
  });
});

test('a broken topology is evaluated: no throw, no path twice, no plan that the guest’s gate refuses, no sentence with a hole', (t) => {
  const limits = { connectSeconds: 5, totalSeconds: 60 };
  const commandId = '0'.repeat(32);
  let plans = 0;
  always((sound, draw) => {
    const world = mangled(sound, draw);
    const seen = see(world);
    const again = see(world, knowingAll(seen, { connect: 'timeout' }));
    for (const evaluation of [seen, again]) {
      forecast(evaluation);
      const keys = evaluation.paths.map(({ vmId, frontendId }) => `${idKey(vmId)} ${idKey(frontendId)}`);
      t.is(new Set(keys).size, keys.length);
      for (const { plan } of evaluation.plans.values()) {
        plans += 1;
        t.notThrows(() => checkCommand({ commandId, mode: 'apply', plan, limits }));
      }
      const findings = [
        ...evaluation.paths.flatMap((path) => path.findings),
        ...evaluation.listed.map((one) => one.finding),
      ];
      all(findings, (one) => !/\{[a-z]+\}/i.test(findingText({ ...one, params: withoutBraces(one.params) })), 'hole');
    }
  });
  t.true(plans > 100, `${plans} plans`);
});

const withoutBraces = (params: Record<string, string>) =>
  Object.fromEntries(Object.entries(params).map(([key, value]) => [key, value.replaceAll(/[{}]/g, '')]));
