/** A lab of modelled guests, for machines where namespaces cannot be had: needs bash and coreutils, no right at all. */
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../storage/temporary.ts';
import { unsettled } from '../health.ts';
import type { LabOptions, PowerLab } from '../lab.ts';
import { type Layout, layoutOf } from '../layout.ts';
import { findGuest, linuxGuest, otherMembers } from '../members.ts';
import { Prober } from '../probes.ts';
import { abortable } from '../run.ts';
import { ModelFabric } from './fabric.ts';
import { killProcesses, RunningGuest } from './modelGuest.ts';
import { ModelNetwork } from './network.ts';
import { openProgramPort, type ProgramPort } from './programs.ts';
import type { ModelGuest } from './sockets.ts';
import { checkReach, programUser, type User } from './user.ts';

const SETTLE_MS = 120_000;

/**
 * Starts a lab of modelled guests with the estate's running VMs. Rejects when the estate contradicts itself. Scripts and
 * programs run on this machine as an ordinary user; only ip, ss, sysctl and connects are the model's.
 */
export async function startModelLab({ estate, log = () => {} }: LabOptions): Promise<PowerLab> {
  const layout = layoutOf(estate);
  const user = programUser();
  const folder = await temporaryFolder('lab');
  if (user) {
    chmodSync(folder, 0o711); // the user passes through to its guest's own folder
    checkReach(folder, user);
  }
  const lab = new ModelLab(layout, folder, user);
  await lab.open();
  log(`modelled lab: ${estate.vms.length} VMs`);
  return lab;
}

class ModelLab implements PowerLab {
  readonly kind = 'model';
  readonly #layout: Layout;
  readonly #folder: string;
  readonly #user: User | undefined;
  readonly #prober: Prober;
  readonly #fabric: ModelFabric;
  readonly #network: ModelNetwork;
  readonly #running = new Map<string, RunningGuest>();
  /** The network's view of the same guests. */
  readonly #guests = new Map<string, ModelGuest>();
  #programs: ProgramPort | undefined;

  constructor(layout: Layout, folder: string, user: User | undefined) {
    this.#layout = layout;
    this.#folder = folder;
    this.#user = user;
    const stateOf = (key: string) => this.#prober.state(key);
    this.#fabric = new ModelFabric(layout, stateOf);
    this.#network = new ModelNetwork(this.#fabric, this.#guests);
    this.#prober = new Prober(
      layout.probes,
      async (target) => this.#network.probe(target),
      async () => {},
    );
  }

  async open(): Promise<void> {
    this.#programs = await openProgramPort((key) => [...this.#running.values()].find((it) => it.key === key));
    await this.#build();
  }

  async #build(): Promise<void> {
    this.#fabric.lies = {};
    this.#fabric.forget();
    this.#fabric.resetCounters();
    for (const guest of this.#layout.guests) if (guest.running) this.#turnOn(guest.vm, true);
    await this.#prober.start(() => unsettled(this.#layout, (key) => this.#prober.state(key)), SETTLE_MS);
  }

  #turnOn(vm: string, withPrimaries: boolean): void {
    const guest = findGuest(this.#layout, vm);
    const instances = guest.instances.map((it) => ({ ...it, primary: it.primary && withPrimaries }));
    const options = { folder: this.#folder, port: this.#programs?.port ?? 0, user: this.#user };
    const running = new RunningGuest({ ...guest, instances }, this.#layout, this.#network, options);
    this.#running.set(vm, running);
    this.#guests.set(vm, running.guest);
  }

  #turnOff(vms: string[]): void {
    killProcesses(vms.flatMap((vm) => this.#running.get(vm)?.key ?? []));
    for (const vm of vms) {
      this.#running.delete(vm);
      this.#guests.delete(vm);
      rmSync(join(this.#folder, vm), { recursive: true, force: true, maxRetries: 5 });
    }
  }

  #guest(vm: string): RunningGuest {
    const guest = this.#running.get(linuxGuest(this.#layout, vm).vm);
    if (!guest) throw new Error(`VM is ${JSON.stringify(vm)}: it is not running`);
    return guest;
  }

  runScript: PowerLab['runScript'] = async (vm, script, timeoutSeconds, signal) => {
    const guest = this.#guest(vm);
    return abortable(
      signal,
      (name) => guest.runScript(script, timeoutSeconds, name),
      (name) => guest.cancelScript(name),
    );
  };

  exec: PowerLab['exec'] = async (vm, argv) => this.#guest(vm).exec(argv);
  connect: PowerLab['connect'] = async (vm, target) => this.#guest(vm).tryConnect(target);

  setPrimary: PowerLab['setPrimary'] = async (mirror, vm) => {
    const others = otherMembers(this.#layout, (it) => this.#running.has(it), mirror, vm);
    for (const other of others) this.#guests.get(other)?.instances.setPrimary(mirror, false);
    if (vm !== undefined) this.#guests.get(vm)?.instances.setPrimary(mirror, true);
  };

  setPower: PowerLab['setPower'] = async (vm, power) => {
    findGuest(this.#layout, vm);
    if (this.#running.has(vm) === (power === 'on')) return;
    if (power === 'on') this.#turnOn(vm, false);
    else this.#turnOff([vm]);
  };

  health: PowerLab['health'] = async (loadBalancer, rule) => this.#fabric.health(loadBalancer, rule);
  counters: PowerLab['counters'] = async () => this.#fabric.counters();
  resetCounters: PowerLab['resetCounters'] = async () => this.#fabric.resetCounters();

  lie: PowerLab['lie'] = async (lies) => {
    this.#fabric.lies = lies;
  };

  reset: PowerLab['reset'] = async () => {
    this.#prober.stop();
    this.#turnOff([...this.#running.keys()]);
    await this.#build();
  };

  stop: PowerLab['stop'] = async () => {
    this.#prober.stop();
    this.#turnOff([...this.#running.keys()]);
    await this.#programs?.close();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  };
}
