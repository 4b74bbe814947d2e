/**
 * An estate without its ids and names: for a report that is shown to others. The input of the evaluation is masked, not
 * the report: what is made from it holds no name that was not made here. Private addresses stay.
 * Long: everything that holds a name is masked in one place.
 */
import { isContainerNetwork } from '../model/address.ts';
import type { EstateFilter, EstateReading } from '../model/estateReading.ts';
import { type IdKey, idKey, parseResourceId, sameId } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { VmKnowledge } from '../model/path.ts';
import { DEFAULT_TAGS, isTrueWord, type Scope } from '../model/scope.ts';
import type { Surroundings } from '../model/surroundings.ts';
import type { BackendHealth, FrontendHealth, LoadBalancer, Nic, Topology, Vm } from '../model/topology.ts';

export interface Masked {
  observed: EstateReading;
  scope: Scope;
  filter: EstateFilter;
  /** The masked form of an id of the estate. */
  maskId(id: string): string;
}

/** What the names of a type become; others become `resource`. */
const SHORT: Record<string, string> = {
  virtualmachines: 'vm',
  networkinterfaces: 'nic',
  ipconfigurations: 'ip',
  loadbalancers: 'lb',
  frontendipconfigurations: 'frontend',
  loadbalancingrules: 'rule',
  backendaddresspools: 'pool',
  probes: 'probe',
  virtualnetworks: 'network',
  subnets: 'subnet',
  virtualmachinescalesets: 'scaleset',
  networksecuritygroups: 'nsg',
  securityrules: 'security-rule',
  defaultsecurityrules: 'default-rule',
  applicationsecuritygroups: 'asg',
  routetables: 'route-table',
  routes: 'route',
};

/**
 * Masks all that was observed, with the scope and the filter that go with it. Names are numbered in the order of the
 * real ones, with zeros ahead, so that a choice that falls by name falls the same way.
 */
export function mask(observed: EstateReading, scope: Scope, filter: EstateFilter): Masked {
  const names = new Names();
  withIds(observed, (id) => {
    names.collect(id);
    return id;
  });
  for (const id of [...scope.within, ...scope.subscriptionIds.map((own) => `/subscriptions/${own}`)]) names.collect(id);
  names.number();
  const maskId = (id: string): string => names.maskId(id);
  const masked = withIds(observed, maskId);
  const { topology } = observed;
  const balancers = topology.loadBalancers.map(({ id }) => id);
  return {
    observed: { ...masked, topology: withoutTexts(masked.topology, scope) },
    scope: {
      ...scope,
      ...DEFAULT_TAGS,
      subscriptionIds: scope.subscriptionIds.map((id) => names.subscription(id)),
      within: scope.within.map(maskId),
    },
    filter: {
      resourceGroups: filter.resourceGroups.flatMap((name) => names.groups(name)),
      loadBalancers: balancers.filter((id) => filter.loadBalancers.some((name) => isCalled(id, name))).map(maskId),
    },
    maskId,
  };
}

const isCalled = (id: string, name: string): boolean =>
  sameId(id, name) || parseResourceId(id)?.names[0]?.toLowerCase() === name.toLowerCase();

/** The parts of an id that are names: the kind of each, and the whole id up to it as its key. */
interface Part {
  kind: string;
  key: IdKey;
}

const SUBSCRIPTION = /^\/subscriptions\/([^/]+)(?:\/resourceGroups\/([^/]+))?$/i;

class Names {
  readonly #seen = new Map<string, Set<IdKey>>();
  readonly #made = new Map<IdKey, string>();

  collect(id: string): void {
    for (const { kind, key } of partsOf(id)) {
      const keys = this.#seen.get(kind) ?? new Set();
      this.#seen.set(kind, keys.add(key));
    }
  }

  number(): void {
    for (const [kind, keys] of this.#seen) {
      const width = String(keys.size).length;
      [...keys].sort().forEach((key, index) => {
        const number = String(index + 1);
        this.#made.set(key, kind === 'subscription' ? zeroId(number) : `${kind}-${number.padStart(width, '0')}`);
      });
    }
  }

  /** The id with other names; what is no id becomes one word. */
  maskId(id: string): string {
    const parts = partsOf(id);
    const segments = id.replace(/\/+$/, '').split('/');
    if (parts.length === 1 && parts[0]?.kind === 'unnamed') return this.#name(parts[0]);
    // `/subscriptions/S/resourceGroups/G/providers/N/type/name/type/name`: names stand at 2, 4, 8, 10, ...
    parts.forEach((part, index) => {
      segments[index < 2 ? 2 * index + 2 : 2 * index + 4] = this.#name(part);
    });
    return segments.join('/');
  }

  subscription(id: string): string {
    return this.#made.get(idKey(`/subscriptions/${id}`)) ?? zeroId('0');
  }

  /** The masked names of the groups of that name, in all subscriptions. */
  groups(name: string): string[] {
    const suffix = `/resourcegroups/${name.toLowerCase()}`;
    return [...this.#made].flatMap(([key, made]) => (key.endsWith(suffix) && SUBSCRIPTION.test(key) ? [made] : []));
  }

  #name({ kind, key }: Part): string {
    return this.#made.get(key) ?? `${kind}-0`;
  }
}

const zeroId = (number: string): string => `00000000-0000-0000-0000-${number.padStart(12, '0')}`;

function partsOf(id: string): Part[] {
  const [, subscription, group] = SUBSCRIPTION.exec(id.replace(/\/+$/, '')) ?? [];
  const parsed = subscription === undefined ? parseResourceId(id) : undefined;
  if (subscription === undefined && !parsed) return [{ kind: 'unnamed', key: idKey(id) }];
  const segments = idKey(id).split('/');
  const upTo = (length: number): IdKey => segments.slice(0, length).join('/') as IdKey;
  const parts: Part[] = [{ kind: 'subscription', key: upTo(3) }];
  if (parsed || group !== undefined) parts.push({ kind: 'group', key: upTo(5) });
  const [, ...types] = parsed?.type.split('/') ?? [];
  types.forEach((type, index) => {
    parts.push({ kind: SHORT[type] ?? 'resource', key: upTo(9 + 2 * index) });
  });
  return parts;
}

type EachId = (id: string) => string;

/** Rows whose text is this program’s, without a name in it. */
const OWN_WORDS: ReadonlySet<string> = new Set(['NOT_ASKED', 'NOT_LISTED']);

/** All that was observed with each id in it put through a function. */
function withIds(observed: EstateReading, each: EachId): EstateReading {
  const keys = <V>(map: ReadonlyMap<IdKey, V>, value: (value: V) => V = (same) => same): Map<IdKey, V> =>
    new Map([...map].map(([key, item]) => [idKey(each(key)), value(item)]));
  return {
    at: observed.at,
    subscriptions: observed.subscriptions.map(({ id }) => ({
      id: each(`/subscriptions/${id}`).replace(/^\/subscriptions\//, ''),
    })),
    topology: topologyWith(observed.topology, each),
    health: keys(observed.health, (health) => healthWith(health, each)),
    knowledge: keys(observed.knowledge, knowledgeWithout),
    heard: keys(observed.heard),
    surroundings: surroundingsWith(observed.surroundings, each, keys(observed.surroundings.agents)),
    unread: observed.unread.map(({ name: _, ...row }) => ({
      ...row,
      id: each(row.id),
      text: OWN_WORDS.has(row.code) ? row.text : '',
    })),
  };
}

function topologyWith(topology: Topology, each: EachId): Topology {
  const { subscriptionId } = topology;
  return {
    subscriptionId: subscriptionId && each(`/subscriptions/${subscriptionId}`).replace(/^\/subscriptions\//, ''),
    vms: topology.vms.map((vm) => ({
      ...vm,
      id: each(vm.id),
      nicIds: vm.nicIds.map(each),
      ...defined({ scaleSetId: vm.scaleSetId && each(vm.scaleSetId) }),
    })),
    nics: topology.nics.map((nic) => ({
      ...nic,
      id: each(nic.id),
      ...defined({
        vmId: nic.vmId && each(nic.vmId),
        securityGroupId: nic.securityGroupId && each(nic.securityGroupId),
      }),
      ipConfigurations: nic.ipConfigurations.map((ip) => ({
        ...ip,
        id: each(ip.id),
        ...defined({ subnetId: ip.subnetId && each(ip.subnetId) }),
        poolIds: ip.poolIds.map(each),
        ...defined({ applicationGroupIds: ip.applicationGroupIds?.map(each) }),
      })),
    })),
    loadBalancers: topology.loadBalancers.map((balancer) => balancerWith(balancer, each)),
    notes: topology.notes.map(({ id }) => ({ id: each(id), text: 'hidden' })),
  };
}

function surroundingsWith(
  { networks, securityGroups, routeTables, locks, sizes }: Surroundings,
  each: EachId,
  agents: Surroundings['agents'],
): Surroundings {
  return {
    networks: networks.map((network) => ({
      ...network,
      id: each(network.id),
      subnets: network.subnets.map(({ id, securityGroupId, routeTableId }) => ({
        id: each(id),
        ...defined({
          securityGroupId: securityGroupId && each(securityGroupId),
          routeTableId: routeTableId && each(routeTableId),
        }),
      })),
    })),
    securityGroups: securityGroups.map((group) => ({
      id: each(group.id),
      rules: group.rules.map((rule) => ({
        ...rule,
        id: each(rule.id),
        sources: rule.sources.map(withoutWords),
        destinations: rule.destinations.map(withoutWords),
        sourceGroups: rule.sourceGroups.map(each),
        destinationGroups: rule.destinationGroups.map(each),
      })),
    })),
    routeTables: routeTables.map((table) => ({
      id: each(table.id),
      routes: table.routes.map((route) => ({ ...route, id: each(route.id), prefix: withoutWords(route.prefix) })),
    })),
    // A lock's name may say anything, and what it locks tells which it is.
    locks: locks.map(({ scope, level }) => ({ id: `the lock of ${each(scope)}`, scope: each(scope), level })),
    // A size takes as many NICs in every region.
    sizes: sizes.map((size) => ({ ...size, location: '' })),
    agents,
  };
}

/** An address, a network or a tag that Azure documents; any other word could be somebody’s. */
const withoutWords = (text: string): string =>
  /^[\d.:/a-f*-]+$|^(any|virtualnetwork|azureloadbalancer|internet)$/i.test(text.trim()) ? text : 'ServiceTag';

const balancerWith = (balancer: LoadBalancer, each: EachId): LoadBalancer => ({
  ...balancer,
  id: each(balancer.id),
  frontends: balancer.frontends.map((frontend) => ({
    ...frontend,
    id: each(frontend.id),
    ...defined({ subnetId: frontend.subnetId && each(frontend.subnetId) }),
  })),
  rules: balancer.rules.map((rule) => ({
    ...rule,
    id: each(rule.id),
    frontendId: each(rule.frontendId),
    poolIds: rule.poolIds.map(each),
    ...defined({ probeId: rule.probeId && each(rule.probeId) }),
  })),
  probes: balancer.probes.map((probe) => ({ ...probe, id: each(probe.id) })),
  pools: balancer.pools.map((pool) => ({
    id: each(pool.id),
    ipConfigurationIds: pool.ipConfigurationIds.map(each),
    addresses: pool.addresses.map(({ virtualNetworkId, subnetId, ...address }) => ({
      ...address,
      ...defined({
        virtualNetworkId: virtualNetworkId && each(virtualNetworkId),
        subnetId: subnetId && each(subnetId),
      }),
    })),
  })),
});

const healthWith = (health: FrontendHealth, each: EachId): FrontendHealth => ({
  ...health,
  frontendId: each(health.frontendId),
  backends: backendsWith(health.backends, each),
  ...defined({
    others: health.others?.map((rule) => ({
      ...rule,
      ruleId: each(rule.ruleId),
      backends: backendsWith(rule.backends, each),
    })),
  }),
});

const backendsWith = (backends: readonly BackendHealth[], each: EachId): BackendHealth[] =>
  backends.map(({ ipConfigurationId, ...backend }) => ({
    ...backend,
    ...defined({ ipConfigurationId: ipConfigurationId && each(ipConfigurationId) }),
  }));

/** A report without what a guest named: interfaces, chains of firewalls, files. */
function knowledgeWithout(known: VmKnowledge): VmKnowledge {
  if (!known.look) return known;
  const { errorDetail: _, ...report } = known.look.report;
  const hide = <T extends object>(place: T): T => ({ ...place, where: 'a firewall', rule: 'hidden' });
  const paths = report.paths.map(({ lost, ...path }) =>
    lost === undefined
      ? path
      : { ...path, lost: { ...lost, places: lost.places.map(hide), replyPlaces: lost.replyPlaces.map(hide) } },
  );
  return { ...known, look: { ...known.look, report: { ...report, paths, warnings: [] } } };
}

/** Tags under their default names, those alone that mean something here; no place, and no path of a probe but what it tells. */
function withoutTexts(topology: Topology, scope: Scope): Topology {
  const tagsOf = (tags: Record<string, string>): Record<string, string> => maskedTags(tags, scope);
  return {
    ...topology,
    vms: topology.vms.map((vm): Vm => ({ ...vm, location: '', tags: tagsOf(vm.tags) })),
    nics: topology.nics.map((nic): Nic => ({ ...nic, tags: tagsOf(nic.tags) })),
    loadBalancers: topology.loadBalancers.map((balancer) => ({
      ...balancer,
      tags: tagsOf(balancer.tags),
      probes: balancer.probes.map(({ path, ...probe }) => ({
        ...probe,
        ...defined({ path: path === undefined ? undefined : `/${/mirror_status\.cxw/i.exec(path)?.[0] ?? ''}` }),
      })),
    })),
  };
}

function maskedTags(tags: Record<string, string>, scope: Scope): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(tags)) {
    for (const key of Object.keys(DEFAULT_TAGS) as (keyof typeof DEFAULT_TAGS)[]) {
      if (scope[key].toLowerCase() === name.toLowerCase()) kept[DEFAULT_TAGS[key]] = maskedValue(key, value);
    }
  }
  return kept;
}

function maskedValue(key: keyof typeof DEFAULT_TAGS, value: string): string {
  if (key === 'portTag') return value.replace(/[^\d,; ]/g, '');
  if (key === 'containerTag') return isContainerNetwork(value) ? value : 'hidden';
  return isTrueWord(value) ? 'true' : 'false';
}
