/** Known estates for the page: what Azure lists, what rule health says, what guests reported. */

import { judge } from '../../shared/evaluate/judge.ts';
import { survey } from '../../shared/evaluate/survey.ts';
import type { EstateReading } from '../../shared/model/estateReading.ts';
import { type IdKey, idKey } from '../../shared/model/ids.ts';
import type { Proof, VmKnowledge } from '../../shared/model/path.ts';
import type { Topology } from '../../shared/model/topology.ts';
import { type EstateData, estateView, NO_ROWS } from '../../shared/views/estate.ts';
import type { EstateView } from '../../shared/views/estateSchema.ts';
import { type TraceView, traceView } from '../../shared/views/trace.ts';
import { estate, healthOf, ilb, NOW, observedOf, SCOPE, vm, vmId } from '../helpers/estate.ts';
import { knowing } from '../helpers/looked.ts';

const MINUTE = 60_000;

/** Puts load balancers of one frontend each together as one. */
function onOneBalancer(topology: Topology, name: string): Topology {
  const text = JSON.stringify(topology)
    .replaceAll(/\/loadBalancers\/([\w-]+)\/(probes|loadBalancingRules)\/([\w-]+)/g, `/loadBalancers/${name}/$2/$1-$3`)
    .replaceAll(
      /\/loadBalancers\/[\w-]+\/(frontendIPConfigurations|backendAddressPools)\//g,
      `/loadBalancers/${name}/$1/`,
    )
    .replaceAll(/\/loadBalancers\/[\w-]+"/g, `/loadBalancers/${name}"`);
  const { loadBalancers, ...rest } = JSON.parse(text) as Topology;
  const one = {
    frontends: loadBalancers.flatMap(({ frontends }) => frontends),
    rules: loadBalancers.flatMap(({ rules }) => rules),
    probes: loadBalancers.flatMap(({ probes }) => probes),
    pools: loadBalancers.flatMap(({ pools }) => pools),
  };
  return { ...rest, loadBalancers: loadBalancers.slice(0, 1).map((first) => ({ ...first, ...one })) };
}

export interface Sample {
  view: EstateView;
  data: EstateData;
  /** The answer of `GET /api/paths`, by names. */
  trace(vm: string, vip: string): TraceView | undefined;
}

const rekeyed = (health: EstateReading['health'], name: string): EstateReading['health'] =>
  new Map(
    JSON.parse(
      JSON.stringify([...health])
        .replaceAll(
          /\/loadbalancers\/[\w-]+\/frontendipconfigurations/g,
          `/loadbalancers/${name}/frontendipconfigurations`,
        )
        .replaceAll(
          /\/loadBalancers\/[\w-]+\/frontendIPConfigurations/g,
          `/loadBalancers/${name}/frontendIPConfigurations`,
        ),
    ),
  );

/** What a guest is known to be: all well but for the drift on some VIPs, with a proof for each other. */
function guest(
  plan: Parameters<typeof knowing>[0],
  minutesAgo: number,
  self: string[],
  drifted: string[] = [],
): VmKnowledge {
  const at = NOW - minutesAgo * MINUTE;
  const known = knowing(plan, { mode: drifted.length > 0 ? 'check' : 'apply', look: { at } });
  for (const path of known.look?.report.paths ?? []) {
    if (drifted.includes(path.vip)) Object.assign(path, { before: ['route-missing'], after: ['route-missing'] });
  }
  const proofs: Record<string, Proof> = {};
  for (const { vip, backends, port } of plan.frontends) {
    if (drifted.includes(vip)) continue;
    const isSelf = self.includes(vip);
    proofs[vip] = {
      kind: isSelf ? 'self' : 'remote',
      at,
      ...(isSelf ? { seen: backends.map(({ ip }) => ({ ip, port: port ?? 1972, at })) } : {}),
    };
  }
  return { ...known, proofs };
}

export function sampleOf(
  topology: Topology,
  health: EstateReading['health'],
  known: (plans: ReturnType<typeof survey>['plans']) => ReadonlyMap<IdKey, VmKnowledge>,
): Sample {
  const surveyed = survey(topology, SCOPE);
  const knowledge = known(surveyed.plans);
  const evaluation = judge(surveyed, health, knowledge, NOW);
  const heard = new Map([...knowledge.keys()].map((key) => [key, 'report' as const]));
  const observed = observedOf(topology, { health, knowledge, heard });
  const data: EstateData = {
    observed,
    listedAt: NOW - 20_000,
    evaluation,
    ...NO_ROWS,
  };
  return {
    view: estateView(data, 'enforce'),
    data,
    trace(name, vip) {
      const path = evaluation.paths.find((one) => one.vip === vip && idKey(one.vmId) === idKey(vmId(name)));
      return path && traceView(observed, surveyed, evaluation, { vm: path.vmKey, frontend: path.frontendKey });
    },
  };
}

/** Three mirrors on three VMs, one of which has no second NIC and is primary for one of them. */
export function hospital(): Sample {
  const listed = estate(
    vm('hs-a', { 'hs-a-nic1': '10.0.1.10', 'hs-a-nic2': '10.0.1.11' }),
    vm('hs-b', { 'hs-b-nic1': '10.0.1.20', 'hs-b-nic2': '10.0.1.21' }),
    vm('hs-c', { 'hs-c-nic1': '10.0.1.30' }, { os: 'windows' }),
    ilb('ucr-registry', '10.0.1.100', ['hs-a-nic1', 'hs-b-nic1', 'hs-c-nic1']),
    ilb('patient-index', '10.0.1.101', ['hs-a-nic1', 'hs-b-nic1']),
    ilb('health-insight', '10.0.1.102', ['hs-a-nic1', 'hs-b-nic1', 'hs-c-nic1']),
  );
  const health = healthOf(listed, {
    'ucr-registry': ['hs-c-nic1'],
    'patient-index': ['hs-a-nic1'],
    'health-insight': ['hs-b-nic1'],
  });
  const name = 'healthshare-ilb';
  return sampleOf(onOneBalancer(listed, name), rekeyed(health, name), (plans) => {
    const plan = (vmName: string) => plans.get(idKey(vmId(vmName)))?.plan as Parameters<typeof knowing>[0];
    return new Map([
      [idKey(vmId('hs-a')), guest(plan('hs-a'), 120, ['10.0.1.100', '10.0.1.101'], ['10.0.1.102'])],
      [idKey(vmId('hs-b')), guest(plan('hs-b'), 14, ['10.0.1.102'])],
    ]);
  });
}

/** Every VM behind every VIP. */
export function dense(vms: number, vips: number): Sample {
  const names = Array.from({ length: vms }, (_, i) => `hs-${String(i).padStart(4, '0')}`);
  const addressOf = (net: number, i: number) => `10.${net}.${Math.floor(i / 250)}.${(i % 250) + 1}`;
  const listed = estate(
    ...names.map((name, i) => vm(name, { [`${name}-nic1`]: addressOf(1, i), [`${name}-nic2`]: addressOf(2, i) })),
    ...Array.from({ length: vips }, (_, i) =>
      ilb(
        `mirror-${String(i).padStart(2, '0')}`,
        addressOf(3, i),
        names.map((name) => `${name}-nic1`),
      ),
    ),
  );
  return sampleOf(listed, new Map(), () => new Map());
}

/** More than is shown at once, in each way: a long and broad group, many small ones, and many VMs of which the same is said. */
export function vast(): Sample {
  const long = Array.from({ length: 100 }, (_, i) => `hs-${String(i).padStart(4, '0')}`);
  const vips = Array.from({ length: 30 }, (_, i) => String(i).padStart(2, '0'));
  const pairs = Array.from({ length: 24 }, (_, i) => String(i).padStart(2, '0'));
  const single = Array.from({ length: 70 }, (_, i) => `single-${String(i).padStart(2, '0')}`);
  const listed = estate(
    ...long.map((name, i) => vm(name, { [`${name}-nic1`]: `10.1.0.${i + 1}`, [`${name}-nic2`]: `10.2.0.${i + 1}` })),
    ...vips.map((n, i) =>
      ilb(
        `mirror-${n}`,
        `10.3.0.${i + 1}`,
        long.map((name) => `${name}-nic1`),
      ),
    ),
    ...single.map((name, i) => vm(name, { [`${name}-nic1`]: `10.6.0.${i + 1}` })),
    ilb(
      'archive',
      '10.7.0.1',
      single.map((name) => `${name}-nic1`),
    ),
    ...pairs.flatMap((n, i) => [
      ...['a', 'b'].map((letter, k) =>
        vm(`pair-${n}-${letter}`, { [`pair-${n}-${letter}-nic1`]: `10.4.${k}.${i + 1}` }),
      ),
      ilb(`registry-${n}`, `10.5.0.${i + 1}`, [`pair-${n}-a-nic1`, `pair-${n}-b-nic1`]),
    ]),
  );
  return sampleOf(listed, new Map(), () => new Map());
}
