/**
 * Estates in a few lines. Names are short: `vm('a', {a1: '10.0.1.10'})` is a VM with one NIC, `ilb('ucr',
 * '10.0.1.100', ['a1', 'b1'])` a mirror's load balancer, frontend and VIP in front of those NICs.
 * Long: one small language for tests, read as a whole.
 */

import type { EstateReading } from '../../shared/model/estateReading.ts';
import type { FindingCode } from '../../shared/model/findings.ts';
import type { GuestPlan } from '../../shared/model/guest.ts';
import { type IdKey, idKey, shortName } from '../../shared/model/ids.ts';
import type { Evaluation, Path, VmKnowledge } from '../../shared/model/path.ts';
import { DEFAULT_TAGS, type Scope, subscriptionOf } from '../../shared/model/scope.ts';
import { NO_SURROUNDINGS } from '../../shared/model/surroundings.ts';
import type {
  BackendHealth,
  FrontendIp,
  HealthMap,
  IpConfiguration,
  LoadBalancer,
  Nic,
  Pool,
  Probe,
  Rule,
  Topology,
  Vm,
} from '../../shared/model/topology.ts';
import { evaluate } from './evaluate.ts';

export const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg`;
export const NOW = Date.UTC(2026, 0, 1);

export const vmId = (name: string): string => `${GROUP}/providers/Microsoft.Compute/virtualMachines/${name}`;
export const nicId = (name: string): string => `${GROUP}/providers/Microsoft.Network/networkInterfaces/${name}`;
/** `a1` is the first ip configuration of that NIC, `a1/2` its second. */
export const ipId = (name: string): string => {
  const [nic, number = '1'] = name.split('/');
  return `${nicId(nic ?? '')}/ipConfigurations/ip${number}`;
};
export const lbId = (name: string): string => `${GROUP}/providers/Microsoft.Network/loadBalancers/${name}`;
export const frontendId = (name: string): string => `${lbId(name)}/frontendIPConfigurations/${name}`;
export const poolId = (name: string): string => `${lbId(name)}/backendAddressPools/${name}`;
export const networkId = (name = 'vnet'): string => `${GROUP}/providers/Microsoft.Network/virtualNetworks/${name}`;
/** `vnet/subnet`. */
export const subnetId = (path = 'vnet/default'): string => {
  const [network, subnet] = path.split('/');
  return `${networkId(network)}/subnets/${subnet}`;
};

/** Load balancers count wherever they are: a test that names VMs in `within` is about VMs. */
export const SCOPE: Scope = {
  subscriptionIds: [SUBSCRIPTION],
  within: [],
  outsideLoadBalancers: true,
  ...DEFAULT_TAGS,
};
export const OPT_OUT = { [DEFAULT_TAGS.optOutTag]: 'true' };
export const VIA = { [DEFAULT_TAGS.viaTag]: 'true' };
export const PORT = (ports: string): Record<string, string> => ({ [DEFAULT_TAGS.portTag]: ports });

type Part = Partial<Pick<Topology, 'vms' | 'nics' | 'loadBalancers'>>;

/** Puts parts together. */
export const estate = (...parts: Part[]): Topology => ({
  subscriptionId: SUBSCRIPTION,
  vms: parts.flatMap((part) => part.vms ?? []),
  nics: parts.flatMap((part) => part.nics ?? []),
  loadBalancers: parts.flatMap((part) => part.loadBalancers ?? []),
  notes: [],
});

interface NicSpec extends Partial<Omit<Nic, 'id' | 'vmId' | 'ipConfigurations'>> {
  /** First address, and further ones; undefined: Azure has none to tell. */
  at?: string | (string | undefined)[] | undefined;
  subnet?: string;
  /** Pools that its first ip configuration names itself. */
  pools?: string[];
  ip?: Partial<IpConfiguration>;
}

/** A running Linux VM with NICs by name: the first is the primary one. */
export function vm(name: string, nics: Record<string, string | NicSpec>, fields: Partial<Vm> = {}): Part {
  const made = Object.entries(nics).map(([nic, spec], i) => ({
    vmId: vmId(name),
    ...nicOf(nic, i === 0, typeof spec === 'string' ? { at: spec } : spec),
  }));
  const own: Vm = { id: vmId(name), location: 'westeurope', os: 'linux', power: 'running', nicIds: [], tags: {} };
  return { vms: [{ ...own, nicIds: made.map(({ id }) => id), ...fields }], nics: made };
}

/** A NIC on no VM. */
export function nicOf(name: string, primary: boolean, { at, subnet, pools = [], ip, ...fields }: NicSpec): Nic {
  const addresses = Array.isArray(at) ? at : [at];
  return {
    id: nicId(name),
    mac: macOf(name),
    primary,
    ipForwarding: false,
    tags: {},
    ipConfigurations: addresses.map((address, i) => ({
      id: ipId(`${name}/${i + 1}`),
      ...(address === undefined ? {} : { address }),
      version: address?.includes(':') ? 'IPv6' : 'IPv4',
      primary: i === 0,
      subnetId: subnetId(subnet),
      poolIds: i === 0 ? pools.map(poolId) : [],
      ...(i === 0 ? ip : {}),
    })),
    ...fields,
  };
}

/** A MAC made from a name: the same name, the same MAC. */
export const macOf = (name: string): string =>
  `00:0d:3a:${[...Buffer.from(name.padStart(3, '0')).subarray(-3)].map((b) => b.toString(16).padStart(2, '0')).join(':')}`;

export const MIRROR_PROBE = {
  protocol: 'http',
  port: 52773,
  path: '/csp/mirror_status.cxw',
  intervalSeconds: 5,
  threshold: 2,
} as const;

interface RuleSpec extends Partial<Omit<Rule, 'id' | 'poolIds' | 'probeId'>> {
  /** Pool names; the load balancer's own by default. */
  pools?: string[];
  /** `none`: no probe. */
  probe?: 'mirror' | 'tcp' | 'none';
}

export interface IlbSpec extends Partial<Pick<LoadBalancer, 'sku' | 'tags'>> {
  rules?: RuleSpec[];
  frontend?: Partial<FrontendIp>;
  pool?: Partial<Pool>;
  /** Further pools by name. */
  pools?: Record<string, Partial<Pool>>;
}

/** A Standard internal load balancer of a mirror: one rule on 1972 with the mirror's probe, unless told otherwise. */
export function ilb(name: string, vip: string | undefined, members: string[], spec: IlbSpec = {}): Part {
  const { rules = [{}], frontend, pool, pools = {}, ...fields } = spec;
  const probes: Probe[] = [
    { id: `${lbId(name)}/probes/mirror`, ...MIRROR_PROBE },
    { id: `${lbId(name)}/probes/tcp`, protocol: 'tcp', port: 1972, intervalSeconds: 5, threshold: 2 },
  ];
  const own: LoadBalancer = {
    id: lbId(name),
    sku: 'Standard',
    tags: {},
    frontends: [
      { id: frontendId(name), version: 'IPv4', subnetId: subnetId(), ...(vip ? { address: vip } : {}), ...frontend },
    ],
    probes,
    pools: [
      { id: poolId(name), ipConfigurationIds: members.map(ipId), addresses: [], ...pool },
      ...Object.entries(pools).map(([other, more]) => ({
        id: `${lbId(name)}/backendAddressPools/${other}`,
        ipConfigurationIds: [],
        addresses: [],
        ...more,
      })),
    ],
    rules: rules.map((rule, i) => ruleOf(name, i, rule)),
  };
  return { loadBalancers: [{ ...own, ...fields }] };
}

function ruleOf(lb: string, i: number, { pools = [lb], probe = 'mirror', ...fields }: RuleSpec): Rule {
  const port = fields.frontendPort ?? (fields.protocol === 'all' ? 0 : 1972);
  return {
    id: `${lbId(lb)}/loadBalancingRules/rule${i}`,
    frontendId: frontendId(lb),
    poolIds: pools.map((pool) => `${lbId(lb)}/backendAddressPools/${pool}`),
    ...(probe === 'none' ? {} : { probeId: `${lbId(lb)}/probes/${probe}` }),
    protocol: 'tcp',
    frontendPort: port,
    backendPort: port,
    floatingIp: false,
    ...fields,
  };
}

/** The pair of nearly all cases: VMs a and b with a pool NIC (a1, b1) and a free NIC (a2, b2). */
export const pair = (): Part[] => [
  vm('a', { a1: '10.0.1.10', a2: '10.0.1.11' }),
  vm('b', { b1: '10.0.1.20', b2: '10.0.1.21' }),
];

/** The pair behind one mirror's VIP. */
export const mirror = (spec: IlbSpec = {}): Topology => estate(...pair(), ilb('ucr', '10.0.1.100', ['a1', 'b1'], spec));

/** Health as rule health gives it: by frontend name, the NICs that are up (others of the pool are down). */
export function healthOf(topology: Topology, up: Record<string, string[]>, at = NOW): HealthMap {
  return new Map(
    Object.entries(up).map(([name, nics]) => {
      const lb = topology.loadBalancers.find(({ id }) => id === lbId(name));
      const ids = new Set(nics.map((nic) => idKey(ipId(nic))));
      const all = new Set([...(lb?.pools[0]?.ipConfigurationIds ?? []).map(idKey), ...ids]);
      const backends = topology.nics
        .flatMap((nic) => nic.ipConfigurations)
        .filter(({ id }) => all.has(idKey(id)))
        .map(({ id, address = '' }): BackendHealth => backend(address, ids.has(idKey(id)), id));
      return [idKey(frontendId(name)), { frontendId: frontendId(name), state: 'known' as const, backends, at }];
    }),
  );
}

/** One backend's word. Azure writes the type of the ip configuration in capitals here. */
export const backend = (address: string, up: boolean, ipConfigurationId?: string, reason?: string): BackendHealth => ({
  address,
  ...(ipConfigurationId
    ? { ipConfigurationId: ipConfigurationId.replace('ipConfigurations', 'IpConfigurations') }
    : {}),
  up,
  reason: reason ?? (up ? 'Up_Probe_Success' : 'Down_Probe_HttpStatusCodeError'),
});

export interface Given {
  health?: HealthMap;
  knowledge?: ReadonlyMap<IdKey, VmKnowledge>;
  scope?: Partial<Scope>;
  now?: number;
}

/** Evaluates, with ways to ask for parts of the result by short names. */
export function look(topology: Topology, { health, knowledge, scope, now }: Given = {}): Looked {
  return new Looked(
    evaluate({
      topology,
      health: health ?? new Map(),
      knowledge: knowledge ?? new Map(),
      scope: { ...SCOPE, ...scope },
      now: now ?? NOW,
    }),
  );
}

class Looked {
  readonly evaluation: Evaluation;

  constructor(evaluation: Evaluation) {
    this.evaluation = evaluation;
  }

  /** The one path of a VM towards a frontend. */
  path(vmName: string, name = 'ucr'): Path {
    const found = this.evaluation.paths.filter(
      (path) => shortName(path.vmId) === vmName && shortName(path.frontendId) === name,
    );
    const [only] = found;
    if (!only || found.length > 1) throw new Error(`${found.length} paths from ${vmName} to ${name}`);
    return only;
  }

  /** Paths as `a>ucr`. */
  get paths(): string[] {
    return this.evaluation.paths.map((path) => `${shortName(path.vmId)}>${shortName(path.frontendId)}`);
  }

  codes(vmName: string, name = 'ucr'): FindingCode[] {
    return this.path(vmName, name).findings.map(({ code }) => code);
  }

  /** What is listed, as `a OPTED_OUT`. */
  get listed(): string[] {
    return this.evaluation.listed.map(({ id, finding }) => `${shortName(id)} ${finding.code}`);
  }

  plan(vmName: string): GuestPlan | undefined {
    return this.evaluation.plans.get(idKey(vmId(vmName)))?.plan;
  }

  view(name = 'ucr'): Evaluation['frontends'][number] {
    const found = this.evaluation.frontends.find(({ id }) => id === frontendId(name));
    if (!found) throw new Error(`no frontend ${name}`);
    return found;
  }
}

/** What was observed of an estate in which nobody was asked anything but the lists. */
export const observedOf = (topology: Topology, fields: Partial<EstateReading> = {}): EstateReading => ({
  at: NOW,
  subscriptions: [{ id: SUBSCRIPTION, name: 'Production' }],
  topology,
  health: new Map(),
  knowledge: new Map(),
  heard: new Map(),
  surroundings: NO_SURROUNDINGS,
  unread: [],
  ...fields,
});

/** The lists of one subscription, of lists of several. */
export function listsOf(
  { vms, nics, loadBalancers }: Omit<Topology, 'subscriptionId'>,
  subscriptionId: string,
): Topology {
  const isThere = ({ id }: { id: string }) => subscriptionOf(id) === subscriptionId;
  return {
    subscriptionId,
    vms: vms.filter(isThere),
    nics: nics.filter(isThere),
    loadBalancers: loadBalancers.filter(isThere),
    notes: [],
  };
}
