/**
 * Changes of the simulated estates at run time, as somebody at the portal would make them. Each one emits the event
 * that Azure emits for it. Guests follow in their power, where the lab can turn them off and on, and in nothing else.
 */
import { subscriptionOf } from '../../shared/model/scope.ts';
import type { EstateNic, EstateVm } from '../estate/estate.ts';
import { loadBalancerId, memberParts, nicId, vmId } from '../estate/ids.ts';
import { type HealthEvent, healthEvent, type ResourceEvent, resourceEvent } from './events.ts';
import type { RunCommands } from './runCommands.ts';
import type { Principal } from './tokens.ts';
import type { Site, World } from './world.ts';

/** How a change of power is called in ARM. */
export const POWER_ACTIONS = { running: 'start', stopped: 'powerOff', deallocated: 'deallocate' } as const;

export class Changes {
  readonly #world: World;
  readonly #commands: RunCommands;
  readonly #emit: (event: ResourceEvent) => void;
  readonly #emitHealth: (event: HealthEvent) => void;

  constructor(
    world: World,
    commands: RunCommands,
    emit: (event: ResourceEvent) => void,
    emitHealth: (event: HealthEvent) => void,
  ) {
    this.#world = world;
    this.#commands = commands;
    this.#emit = emit;
    this.#emitHealth = emitHealth;
  }

  /** Starts, stops or deallocates a VM; resolves when it is done. */
  async setPower(vmName: string, power: EstateVm['power'], principal?: Principal): Promise<void> {
    const { site, vm } = this.#vm(vmName);
    await this.applyPower(site, vm, power);
    const action = `Microsoft.Compute/virtualMachines/${POWER_ACTIONS[power]}/action`;
    this.#tell(action, vmId(site.estate, vm.name), principal);
  }

  /**
   * Azure heals its platform: the VM goes on another host, and starts there anew. No operation tells of it, nothing but
   * its health.
   */
  async heal(vmName: string): Promise<void> {
    const { site, vm } = this.#vm(vmName);
    const id = vmId(site.estate, vm.name);
    const subscriptionId = subscriptionOf(id);
    await this.applyPower(site, vm, 'stopped');
    this.#emitHealth(healthEvent(subscriptionId, id, 'Unavailable'));
    await this.applyPower(site, vm, 'running');
    this.#emitHealth(healthEvent(subscriptionId, id, 'Available'));
  }

  /** Changes the power alone, without an event: for calls whose operation emits it. */
  async applyPower(site: Site, vm: EstateVm, power: EstateVm['power']): Promise<void> {
    if (power !== 'running') {
      vm.power = power;
      this.#commands.powerLost({ site, vm, id: vmId(site.estate, vm.name) });
    }
    await site.lab.setPower?.(vm.name, power === 'running' ? 'on' : 'off');
    vm.power = power;
  }

  /** What the VM's agent says of itself. */
  setAgent(vmName: string, agent: NonNullable<EstateVm['agent']>): void {
    this.#vm(vmName).vm.agent = agent;
  }

  /** Sets the VM's osProfile.allowExtensionOperations. */
  allowExtensions(vmName: string, allowed: boolean): void {
    const { vm } = this.#vm(vmName);
    if (allowed) delete vm.extensionsDisallowed;
    else vm.extensionsDisallowed = true;
  }

  /** Attaches a NIC to a VM. */
  addNic(vmName: string, nic: EstateNic): void {
    const { site, vm } = this.#vm(vmName);
    vm.nics.push(nic);
    this.#wroteNic(site, vm, nic.name);
  }

  /** Puts another NIC in the place of one: same order, other name, MAC or addresses. Pools follow the new name. */
  replaceNic(vmName: string, nicName: string, change: Partial<EstateNic>): void {
    const { site, vm } = this.#vm(vmName);
    const i = vm.nics.findIndex((nic) => nic.name === nicName);
    const old = vm.nics[i];
    if (!old) throw new Error(`VM ${vmName} has no NIC ${nicName}`);
    const nic = { ...old, ...change };
    vm.nics[i] = nic;
    for (const pool of site.estate.loadBalancers.flatMap((lb) => lb.pools)) {
      pool.members = pool.members.map((member) =>
        memberParts(member).nic === nicName ? `${vmName}/${nic.name}/${memberParts(member).ip}` : member,
      );
    }
    if (nic.name !== nicName) {
      this.#tell('Microsoft.Network/networkInterfaces/delete', nicId(site.estate, nicName));
    }
    this.#wroteNic(site, vm, nic.name);
  }

  /** Detaches and deletes a NIC; pools lose it. */
  removeNic(vmName: string, nicName: string): void {
    const { site, vm } = this.#vm(vmName);
    vm.nics = vm.nics.filter((nic) => nic.name !== nicName);
    for (const pool of site.estate.loadBalancers.flatMap((lb) => lb.pools)) {
      pool.members = pool.members.filter((member) => memberParts(member).nic !== nicName);
    }
    this.#world.changed();
    this.#tell('Microsoft.Network/networkInterfaces/delete', nicId(site.estate, nicName));
    this.#tell('Microsoft.Compute/virtualMachines/write', vmId(site.estate, vm.name));
  }

  /** Adds `vm/nic/ip` to a pool. In Azure that is a write of the NIC. */
  addMember(loadBalancer: string, pool: string, member: string): void {
    this.#members(loadBalancer, pool, member, (members) => [...members, member]);
  }

  /** Takes `vm/nic/ip` out of a pool. */
  removeMember(loadBalancer: string, pool: string, member: string): void {
    this.#members(loadBalancer, pool, member, (members) => members.filter((other) => other !== member));
  }

  /** Sets the tags of a VM. */
  tagVm(vmName: string, tags: Record<string, string>): void {
    const { site, vm } = this.#vm(vmName);
    vm.tags = tags;
    this.#tell('Microsoft.Compute/virtualMachines/write', vmId(site.estate, vm.name));
  }

  /** Changes anything of a load balancer. */
  writeLoadBalancer(name: string, change: (lb: Site['estate']['loadBalancers'][number]) => void): void {
    const { site, lb } = this.#loadBalancer(name);
    change(lb);
    this.#world.changed();
    this.#tell('Microsoft.Network/loadBalancers/write', loadBalancerId(site.estate, lb.name));
  }

  /** Deletes a VM; its NICs go with it. */
  async deleteVm(vmName: string): Promise<void> {
    const { site, vm } = this.#vm(vmName);
    await this.applyPower(site, vm, 'deallocated');
    for (const nic of [...vm.nics]) this.removeNic(vmName, nic.name);
    site.estate.vms = site.estate.vms.filter((other) => other !== vm);
    this.#world.changed();
    this.#tell('Microsoft.Compute/virtualMachines/delete', vmId(site.estate, vmName));
  }

  #members(loadBalancer: string, poolName: string, member: string, change: (members: string[]) => string[]): void {
    const { site, lb } = this.#loadBalancer(loadBalancer);
    const pool = lb.pools.find((candidate) => candidate.name === poolName);
    if (!pool) throw new Error(`load balancer ${loadBalancer} has no pool ${poolName}`);
    pool.members = change(pool.members);
    this.#world.changed();
    this.#tell('Microsoft.Network/networkInterfaces/write', nicId(site.estate, memberParts(member).nic));
  }

  #wroteNic(site: Site, vm: EstateVm, nic: string): void {
    this.#world.changed();
    this.#tell('Microsoft.Network/networkInterfaces/write', nicId(site.estate, nic));
    this.#tell('Microsoft.Compute/virtualMachines/write', vmId(site.estate, vm.name));
  }

  #tell(operationName: string, resourceId: string, principal?: Principal): void {
    const subscriptionId = subscriptionOf(resourceId);
    this.#emit(resourceEvent({ operationName, resourceId, subscriptionId, ...(principal ? { principal } : {}) }));
  }

  #vm(name: string): { site: Site; vm: EstateVm } {
    for (const site of this.#world.sites) {
      const vm = site.estate.vms.find((candidate) => candidate.name === name);
      if (vm) return { site, vm };
    }
    throw new Error(`no estate has a VM ${name}`);
  }

  #loadBalancer(name: string): { site: Site; lb: Site['estate']['loadBalancers'][number] } {
    for (const site of this.#world.sites) {
      const lb = site.estate.loadBalancers.find((candidate) => candidate.name === name);
      if (lb) return { site, lb };
    }
    throw new Error(`no estate has a load balancer ${name}`);
  }
}
