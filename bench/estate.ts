/**
 * An estate of any size for benchmarks: VMs in pairs, two frontends for each pair, so that a VM has two paths. A load
 * balancer has 200 frontends, each with one rule and its own probe; Azure allows 600.
 */
import type { GuestReport } from '../shared/model/guest.ts';
import { DEFAULT_TAGS } from '../shared/model/scope.ts';
import type { LoopSettings } from '../shared/model/settings.ts';
import type { BackendHealth, LoadBalancer, Nic, Topology, Vm } from '../shared/model/topology.ts';

export const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
/** When benchmarks take place, epoch milliseconds. */
export const NOW = Date.UTC(2026, 0, 5, 10);
export const HOUR_MS = 3_600_000;

const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/healthshare/providers`;
const NETWORK = `${GROUP}/Microsoft.Network`;
const SUBNET = `${NETWORK}/virtualNetworks/vnet/subnets/hs`;
const FRONTENDS_PER_PAIR = 2;
const PAIRS_PER_LOAD_BALANCER = 100;

/** The app's settings as they are without any of a user's own, for one subscription. */
export const SETTINGS: LoopSettings = {
  scope: { subscriptionIds: [SUBSCRIPTION], within: [], ...DEFAULT_TAGS },
  enforcement: 'enforce',
  maxCommands: 10,
  proofAgeMs: 24 * HOUR_MS,
  commandSeconds: 300,
  commandSlackSeconds: 180,
  connectSeconds: 3,
  bellSeconds: 5,
  watchSeconds: 50,
  healthPerMinute: 30,
  runAgeMs: 90 * 24 * HOUR_MS,
  tellsEvents: false,
  commandTags: {},
};

/** The id of a VM, 0 and up; VMs 2n and 2n + 1 are a pair. */
export const vmId = (vm: number): string => `${GROUP}/Microsoft.Compute/virtualMachines/vm${vm}`;

const nicId = (vm: number, nic: 0 | 1): string => `${NETWORK}/networkInterfaces/vm${vm}-${nic}`;
const ipId = (vm: number, nic: 0 | 1): string => `${nicId(vm, nic)}/ipConfigurations/ip`;
const lbId = (pair: number): string => `${NETWORK}/loadBalancers/lb${Math.floor(pair / PAIRS_PER_LOAD_BALANCER)}`;
const poolId = (pair: number): string => `${lbId(pair)}/backendAddressPools/p${pair}`;

/** The id of one of a pair's frontends, or of the rule or probe that goes with it. */
const partId = (kind: string, pair: number, n: number): string => `${lbId(pair)}/${kind}/f${pair}-${n}`;
/** The id of a frontend; `n` is 0 or 1. */
export const frontendId = (pair: number, n: number): string => partId('frontendIPConfigurations', pair, n);
/** The id of the rule that is asked for its health. */
export const ruleId = (pair: number, n: number): string => partId('loadBalancingRules', pair, n);

const quad = (first: number, number: number): string =>
  `${first}.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
const addressOf = (vm: number, nic: 0 | 1): string => quad(10, 2 * vm + nic + 256);
const macOf = (vm: number, nic: 0 | 1): string =>
  `00:0d:${(2 * vm + nic)
    .toString(16)
    .padStart(8, '0')
    .replace(/..(?!$)/g, '$&:')}`;
/** The VIP of a frontend: private, and no address of a VM. */
export const vipOf = (pair: number, n: number): string => quad(10, 0x80_00_00 + FRONTENDS_PER_PAIR * pair + n + 256);

/** The numbers 0 to count - 1. */
export const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const both = <T>(make: (n: 0 | 1) => T): T[] => [make(0), make(1)];

/** The lists of Azure of so many VMs, an even number. */
export function pairs(vms: number): Topology {
  return {
    subscriptionId: SUBSCRIPTION,
    vms: numbers(vms).map(vmOf),
    nics: numbers(vms).flatMap((vm) => both((nic) => nicOf(vm, nic))),
    loadBalancers: numbers(Math.ceil(vms / 2 / PAIRS_PER_LOAD_BALANCER)).map((n) => {
      const first = n * PAIRS_PER_LOAD_BALANCER;
      return loadBalancer(numbers(Math.min(PAIRS_PER_LOAD_BALANCER, vms / 2 - first)).map((i) => first + i));
    }),
    notes: [],
  };
}

const vmOf = (vm: number): Vm => ({
  id: vmId(vm),
  location: 'westeurope',
  os: 'linux',
  power: 'running',
  nicIds: both((nic) => nicId(vm, nic)),
  tags: { application: 'healthshare' },
});

const nicOf = (vm: number, nic: 0 | 1): Nic => ({
  id: nicId(vm, nic),
  vmId: vmId(vm),
  mac: macOf(vm, nic),
  primary: nic === 0,
  ipForwarding: false,
  tags: { application: 'healthshare' },
  ipConfigurations: [
    {
      id: ipId(vm, nic),
      address: addressOf(vm, nic),
      version: 'IPv4',
      primary: true,
      subnetId: SUBNET,
      poolIds: nic === 0 ? [poolId(vm >> 1)] : [],
    },
  ],
});

function loadBalancer(ofPairs: number[]): LoadBalancer {
  const parts = ofPairs.flatMap((pair) => both((n) => ({ pair, n })));
  return {
    id: lbId(ofPairs[0] ?? 0),
    sku: 'Standard',
    tags: {},
    frontends: parts.map(({ pair, n }) => ({
      id: frontendId(pair, n),
      address: vipOf(pair, n),
      subnetId: SUBNET,
      version: 'IPv4',
    })),
    rules: parts.map(({ pair, n }) => ({
      id: ruleId(pair, n),
      frontendId: frontendId(pair, n),
      poolIds: [poolId(pair)],
      probeId: partId('probes', pair, n),
      protocol: 'tcp',
      frontendPort: 1972,
      backendPort: 1972 + n,
      floatingIp: false,
    })),
    probes: parts.map(({ pair, n }) => ({
      id: partId('probes', pair, n),
      protocol: 'http',
      port: 52773 + n,
      path: '/csp/bin/mirror_status.cxw',
      intervalSeconds: 5,
      threshold: 2,
    })),
    pools: ofPairs.map((pair) => ({
      id: poolId(pair),
      ipConfigurationIds: both((n) => ipId(2 * pair + n, 0)),
      addresses: [],
    })),
  };
}

/** The health of a pair's frontend while one of its VMs is primary. */
export const healthWith = (primary: number): BackendHealth[] =>
  both((n) => {
    const vm = primary - (primary % 2) + n;
    return {
      address: addressOf(vm, 0),
      ipConfigurationId: ipId(vm, 0),
      up: vm === primary,
      reason: vm === primary ? 'Up_Probe_Success' : 'Down_Probe_HttpStatusCodeError',
    };
  });

/** What a guest in which all is right says of its VIPs. */
export const goodReport = (commandId: string, vips: readonly string[]): GuestReport => ({
  schema: 1,
  commandId,
  os: 'linux',
  mode: 'apply',
  changed: 0,
  warnings: [],
  paths: vips.map((vip) => ({
    vip,
    before: [],
    after: [],
    connectBefore: { outcome: 'ok', ms: 2 },
    connectAfter: { outcome: 'ok', ms: 2 },
    proof: 'remote',
  })),
});
