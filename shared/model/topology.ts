/**
 * What Azure says is there: the input of evaluate. Made by azure/topology.ts from three paged lists, kept as
 * plain data. References between resources are ids as ARM wrote them and may dangle (resources change between
 * two lists); evaluate says so instead of failing.
 */
import type { GuestOs } from './guest.ts';
import type { IdKey } from './ids.ts';

export type Os = GuestOs | 'unknown';

/** Power state as in `PowerState/running`; `unknown` where Azure gave none. */
export type Power = 'running' | 'starting' | 'stopping' | 'stopped' | 'deallocating' | 'deallocated' | 'unknown';

export interface Vm {
  id: string;
  location: string;
  os: Os;
  power: Power;
  /** Ids of its NICs in the VM's order. */
  nicIds: string[];
  tags: Record<string, string>;
  /** Size name as `Standard_E8s_v5`, where given. */
  size?: string;
  /** Set for a VM of a scale set, a flexible one as a rule: its VMs are ordinary ones. */
  scaleSetId?: string;
  /** Its osProfile.allowExtensionOperations is false: Azure refuses every Run Command. */
  extensionsForbidden?: true;
  /** It was made without the VM agent. Somebody may have installed one since. */
  madeWithoutAgent?: true;
}

export interface IpConfiguration {
  id: string;
  /** Private address without prefix length; undefined while Azure has none to tell. */
  address?: string;
  version: 'IPv4' | 'IPv6';
  primary: boolean;
  subnetId?: string;
  /** Backend pools that this configuration names itself. */
  poolIds: string[];
  /** Ids of the application security groups that it is in; not there when it is in none. */
  applicationGroupIds?: string[];
}

export interface Nic {
  id: string;
  vmId?: string;
  /** Lower case with colons, `00:0d:3a:1b:c7:21`; undefined until the NIC was attached once. */
  mac?: string;
  primary: boolean;
  ipForwarding: boolean;
  /** The network security group of the NIC itself; its subnet may have another. */
  securityGroupId?: string;
  tags: Record<string, string>;
  ipConfigurations: IpConfiguration[];
}

export interface FrontendIp {
  id: string;
  /** The VIP. Undefined for a public frontend. */
  address?: string;
  subnetId?: string;
  version: 'IPv4' | 'IPv6';
}

export type RuleProtocol = 'tcp' | 'udp' | 'all' | 'unknown';

export interface Rule {
  id: string;
  frontendId: string;
  poolIds: string[];
  probeId?: string;
  protocol: RuleProtocol;
  /** 0 with protocol `all`: HA ports. */
  frontendPort: number;
  backendPort: number;
  floatingIp: boolean;
}

export interface Probe {
  id: string;
  protocol: 'http' | 'https' | 'tcp' | 'unknown';
  port: number;
  path?: string;
  intervalSeconds: number;
  /** How many answers in a row turn the probe. */
  threshold: number;
}

export interface Pool {
  id: string;
  /** NIC-based members. */
  ipConfigurationIds: string[];
  /** Address-based members. */
  addresses: { address: string; virtualNetworkId?: string; subnetId?: string }[];
}

export interface LoadBalancer {
  id: string;
  /** `Standard`, `Basic`, `Gateway` as ARM writes it. */
  sku: string;
  tags: Record<string, string>;
  frontends: FrontendIp[];
  rules: Rule[];
  probes: Probe[];
  pools: Pool[];
}

/** A configured subscription whose lists could not be read, and why. */
export interface UnreadSubscription {
  /** Lower case. */
  subscriptionId: string;
  why: string;
}

export interface Topology {
  /** Whose lists they are, or whose loop reads them where those of several are one estate. */
  subscriptionId: string;
  vms: Vm[];
  nics: Nic[];
  loadBalancers: LoadBalancer[];
  /** What the reader could not make sense of (unknown enum value, item without id): for the log, by resource. */
  notes: { id: string; text: string }[];
  /** Subscriptions that belong to the estate and are not in it. */
  unread?: readonly UnreadSubscription[];
}

/** One backend's word from rule health. */
export interface BackendHealth {
  address: string;
  ipConfigurationId?: string;
  up: boolean;
  /** `Up_Probe_Success`, `Up_Admin`, `Up_Probe_AllDownIsUp`, ... */
  reason: string;
}

/** What rule health said of one rule. `at`: epoch milliseconds. */
export interface RuleHealth {
  ruleId: string;
  backends: BackendHealth[];
  at: number;
}

/**
 * What is known of a frontend's backends, from rule health of the rule that tells who is primary. Times are epoch
 * milliseconds.
 */
export interface FrontendHealth {
  frontendId: string;
  /** `unknown`: not asked yet, no probed rule, or Azure did not answer in time. */
  state: 'known' | 'unknown';
  backends: BackendHealth[];
  at: number;
  /** Of its rules with other pools or another probe, as far as they were asked. */
  others?: readonly RuleHealth[];
}

/** Health by frontend key. */
export type HealthMap = ReadonlyMap<IdKey, FrontendHealth>;
