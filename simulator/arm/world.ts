/** What the simulated ARM knows: estates with their labs, found by the names in a path, whatever their letter case. */
import { isWithin } from '../../shared/model/ids.ts';
import type { Estate, EstateLoadBalancer, EstateNic, EstateVm } from '../estate/estate.ts';
import { loadBalancerId, memberParts, nicId, poolId, subscriptionsOf, vmId } from '../estate/ids.ts';
import type { GuestLab, PowerLab } from '../guests/lab.ts';
import { notFound } from './errors.ts';

export interface Site {
  estate: Estate;
  /** A lab that can turn VMs off and on follows their power. */
  lab: GuestLab & Partial<Pick<PowerLab, 'setPower'>>;
}

interface SiteIndex {
  vms: Map<string, EstateVm>;
  nics: Map<string, { nic: EstateNic; vm: EstateVm }>;
  loadBalancers: Map<string, EstateLoadBalancer>;
  /** Pool ids by `nic/ip`. */
  poolsOf: Map<string, string[]>;
}

/** True for an id of that subscription: an estate may lie in two. */
export const isIn = (id: string, subscription: string): boolean => isWithin(id, `/subscriptions/${subscription}`);

const lower = (text: string): string => text.toLowerCase();

function indexOf(estate: Estate): SiteIndex {
  const poolsOf = new Map<string, string[]>();
  for (const lb of estate.loadBalancers) {
    for (const pool of lb.pools) {
      for (const member of pool.members) {
        const { nic, ip } = memberParts(member);
        const key = lower(`${nic}/${ip}`);
        poolsOf.set(key, [...(poolsOf.get(key) ?? []), poolId(estate, lb.name, pool.name)]);
      }
    }
  }
  return {
    vms: new Map(estate.vms.map((vm) => [lower(vm.name), vm])),
    nics: new Map(estate.vms.flatMap((vm) => vm.nics.map((nic) => [lower(nic.name), { nic, vm }] as const))),
    loadBalancers: new Map(estate.loadBalancers.map((lb) => [lower(lb.name), lb])),
    poolsOf,
  };
}

/** The sites, with lookups that follow changes of the estates once {@link World.changed} was called. */
export class World {
  readonly sites: Site[];
  #indexes = new Map<Site, SiteIndex>();

  constructor(sites: Site[]) {
    this.sites = sites;
  }

  /** To be called after an estate was changed. */
  changed(): void {
    this.#indexes.clear();
  }

  #index(site: Site): SiteIndex {
    let index = this.#indexes.get(site);
    if (!index) {
      index = indexOf(site.estate);
      this.#indexes.set(site, index);
    }
    return index;
  }

  /** All sites of a subscription; several estates may share one. */
  sitesOf(subscription: string): Site[] {
    return this.sites.filter(({ estate }) => subscriptionsOf(estate).some((own) => lower(own) === lower(subscription)));
  }

  #siteOf(subscription: string, group: string): Site | undefined {
    return this.sitesOf(subscription).find((site) => lower(site.estate.resourceGroup) === lower(group));
  }

  /** The VM of a path; throws ARM's 404. */
  vm(subscription: string, group: string, name: string): { site: Site; vm: EstateVm; id: string } {
    const site = this.#siteOf(subscription, group);
    const vm = site && this.#index(site).vms.get(lower(name));
    if (!vm || !isIn(vmId(site.estate, vm.name), subscription))
      throw notFound('Microsoft.Compute/virtualMachines', name, group);
    return { site, vm, id: vmId(site.estate, vm.name) };
  }

  /** The NIC of a path with its VM; throws ARM's 404. */
  nic(subscription: string, group: string, name: string): { site: Site; nic: EstateNic; vm: EstateVm; id: string } {
    const site = this.#siteOf(subscription, group);
    const found = site && this.#index(site).nics.get(lower(name));
    if (!found || !isIn(nicId(site.estate, found.nic.name), subscription))
      throw notFound('Microsoft.Network/networkInterfaces', name, group);
    return { site, ...found, id: nicId(site.estate, found.nic.name) };
  }

  /** The load balancer of a path; throws ARM's 404. */
  loadBalancer(
    subscription: string,
    group: string,
    name: string,
  ): { site: Site; loadBalancer: EstateLoadBalancer; id: string } {
    const site = this.#siteOf(subscription, group);
    const loadBalancer = site && this.#index(site).loadBalancers.get(lower(name));
    if (!loadBalancer || !isIn(loadBalancerId(site.estate, loadBalancer.name), subscription))
      throw notFound('Microsoft.Network/loadBalancers', name, group);
    return { site, loadBalancer, id: loadBalancerId(site.estate, loadBalancer.name) };
  }

  /** Ids of the pools that hold a NIC's ip configuration. */
  poolsOf(site: Site, nic: string, ip: string): string[] {
    return this.#index(site).poolsOf.get(lower(`${nic}/${ip}`)) ?? [];
  }
}
