/**
 * A simulated estate: VMs with NICs, load balancers, and a mirror per frontend. One description feeds both sides:
 * arm/ shows it as ARM resources, guests/ builds it as network stacks.
 */

export interface EstateIp {
  name: string;
  address: string;
  /** Names of the application security groups that it is in. */
  applicationGroups?: string[];
}

export interface EstateNic {
  name: string;
  /** ARM's form: `00-0D-3A-00-00-01`. */
  mac: string;
  ips: EstateIp[];
  tags?: Record<string, string>;
  ipForwarding?: boolean;
  /** Name of its own network security group. */
  securityGroup?: string;
}

/** A rule of a network security group; what is left out is any. */
export interface EstateSecurityRule {
  name: string;
  priority: number;
  direction: 'Inbound' | 'Outbound';
  access: 'Allow' | 'Deny';
  protocol?: 'Tcp' | 'Udp' | 'Icmp' | '*';
  /** An address, a network or a service tag. */
  source?: string;
  destination?: string;
  /** Ports of the destination: `1972`, `1972-1980`. */
  port?: string;
  /** Names of application security groups, in place of addresses. */
  sourceGroups?: string[];
  destinationGroups?: string[];
}

export interface EstateSecurityGroup {
  name: string;
  rules: EstateSecurityRule[];
}

export interface EstateRoute {
  name: string;
  prefix: string;
  hop: 'VnetLocal' | 'VirtualNetworkGateway' | 'Internet' | 'VirtualAppliance' | 'None';
  hopAddress?: string;
}

export interface EstateRouteTable {
  name: string;
  routes: EstateRoute[];
}

export interface EstateVm {
  name: string;
  os: 'linux' | 'windows';
  /** The NICs in the guest's order: eth0, eth1, ... */
  nics: EstateNic[];
  power: 'running' | 'deallocated' | 'stopped';
  /** The flexible scale set that it is in. */
  scaleSet?: string;
  tags?: Record<string, string>;
  agent?: { status: string; version: string };
  /** Its osProfile.allowExtensionOperations is false. */
  extensionsDisallowed?: true;
  /** It was made with provisionVMAgent false. */
  madeWithoutAgent?: true;
  /** Default Standard_E8s_v5, which takes four NICs. */
  size?: string;
  /** rp_filter that the guest starts with. */
  rpFilter?: 0 | 1 | 2;
}

export interface EstateRule {
  name: string;
  /** Name of the frontend, pool and probe of the same load balancer. */
  frontend: string;
  pool: string;
  probe?: string;
  protocol: 'Tcp' | 'Udp' | 'All';
  frontendPort: number;
  backendPort: number;
  floatingIp?: boolean;
}

export interface EstateProbe {
  name: string;
  protocol: 'Http' | 'Tcp';
  port: number;
  path?: string;
  intervalSeconds: number;
  threshold: number;
  /** With no healthy backend all get connections, or (as Azure has it) none. */
  noHealthyBackendsBehavior?: 'AllProbedUp' | 'AllProbedDown';
}

export interface EstatePool {
  name: string;
  /** NIC-based members as `vm/nic/ip`, the names above. */
  members: string[];
  /** Address-based members. */
  addresses?: string[];
  /** Members, named as above, that get connections (`Up`) or none (`Down`) whatever their probe says. */
  adminStates?: Record<string, 'Up' | 'Down'>;
}

export interface EstateLoadBalancer {
  name: string;
  frontends: { name: string; address: string; version?: 'IPv4' | 'IPv6' }[];
  rules: EstateRule[];
  probes: EstateProbe[];
  pools: EstatePool[];
  tags?: Record<string, string>;
}

/** A mirror: one instance on each member, one of them primary. Its ports are those of the frontend's rule and probe. */
export interface EstateMirror {
  name: string;
  loadBalancer: string;
  frontend: string;
  /** VM names. */
  members: string[];
  /** VM name, or none while the mirror is down. */
  primary?: string;
}

export interface Estate {
  subscriptionId: string;
  resourceGroup: string;
  location: string;
  virtualNetwork: string;
  /** Of the virtual network; the subnet's own prefix by default. */
  addressSpace?: string[];
  /** The address space of a network that it is peered with. */
  peered?: string[];
  /** The subnet, with names of its network security group and its route table. */
  subnet: { name: string; prefix: string; securityGroup?: string; routeTable?: string };
  securityGroups?: EstateSecurityGroup[];
  routeTables?: EstateRouteTable[];
  vms: EstateVm[];
  loadBalancers: EstateLoadBalancer[];
  mirrors: EstateMirror[];
  /**
   * What lies in another subscription, in a group of the same name: VMs with their NICs, and load balancers, by name. The
   * network is one, as "Cross-subscription load balancer overview" asks
   * (learn.microsoft.com/azure/load-balancer/cross-subscription-overview).
   */
  elsewhere?: { subscriptionId: string; vms: string[]; loadBalancers: string[] };
}
