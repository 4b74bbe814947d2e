/** Azure's side of the lab: builds the virtual network and its guests, probes, and translates. */
import { bootLines } from '../boot.ts';
import { findRule, healthyBackends, ruleHealth, unsettled } from '../health.ts';
import type { LabLies, PowerLab, ScriptResult } from '../lab.ts';
import type { Layout, LayoutGuest } from '../layout.ts';
import { findGuest, linuxGuest, otherMembers } from '../members.ts';
import { Prober } from '../probes.ts';
import { ip, nft, settings } from './commands.ts';
import { readCounters, resetCounters } from './counters.ts';
import { type Guest, startGuest } from './guest.ts';
import { fabricLines, fabricSettings, linkSettings, plugLines } from './network.ts';
import { probe } from './probe.ts';
import { baseRuleset, translations } from './ruleset.ts';

/** How long guests may take from boot until the probes see what the estate says, on a machine that is busy. */
const SETTLE_MS = 120_000;

/** The lab as the fabric's process offers it. */
export interface FabricLab extends Omit<PowerLab, 'kind' | 'stop' | 'runScript'> {
  /** `name` is the caller's, for `cancelScript`: a signal cannot pass from process to process. */
  runScript(vm: string, script: string, timeoutSeconds: number, name: string): Promise<ScriptResult>;
  cancelScript(vm: string, name: string): Promise<void>;
  /** Runs lines through `ip -batch` on the fabric's side, where each NIC's `link` of the layout is. */
  ip(lines: string[]): Promise<string>;
}

export class Fabric implements FabricLab {
  readonly #layout: Layout;
  readonly #prober: Prober;
  readonly #guests = new Map<string, Guest>();
  #lies: LabLies = {};
  #zone = 1;
  /** Rulesets are loaded one after another. */
  #loading: Promise<unknown> = Promise.resolve();

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#prober = new Prober(layout.probes, probe, () => this.#translate());
  }

  async start(): Promise<void> {
    await settings(fabricSettings);
    await ip(fabricLines(this.#layout));
    await this.#build();
  }

  async reset(): Promise<void> {
    this.#prober.stop();
    await this.#turnOff([...this.#guests.keys()]);
    this.#lies = {};
    await this.#build();
  }

  async #build(): Promise<void> {
    await this.#load(baseRuleset(this.#layout, this.#zone++));
    const running = this.#layout.guests.filter((guest) => guest.running);
    await Promise.all(running.map((guest) => this.#turnOn(guest)));
    const stateOf = (key: string) => this.#prober.state(key);
    await this.#prober.start(() => unsettled(this.#layout, stateOf), SETTLE_MS);
  }

  async #turnOn(guest: LayoutGuest): Promise<void> {
    await ip([`netns add ${guest.vm}`, ...plugLines(guest)]);
    await settings(guest.nics.flatMap((nic) => linkSettings(nic.link)));
    await ip(bootLines(guest, this.#layout), guest.vm);
    this.#guests.set(guest.vm, await startGuest(guest));
  }

  async #turnOff(vms: string[]): Promise<void> {
    await Promise.all(vms.map((vm) => this.#guests.get(vm)?.kill()));
    for (const vm of vms) {
      this.#guests.delete(vm);
      // A NIC that was moved away inside ended with the guest's processes, and its cable with it.
      for (const { link } of findGuest(this.#layout, vm).nics) await unless(ip([`link delete ${link}`]), /Cannot find/);
      await ip([`netns delete ${vm}`]);
    }
  }

  runScript: FabricLab['runScript'] = async (vm, ...script) => this.#linux(vm).runScript(...script);
  cancelScript: FabricLab['cancelScript'] = async (vm, name) => this.#linux(vm).cancelScript(name);
  exec: FabricLab['exec'] = async (vm, argv) => this.#linux(vm).exec(argv);
  connect: FabricLab['connect'] = async (vm, target) => this.#linux(vm).connect(target);

  setPrimary: FabricLab['setPrimary'] = async (mirror, vm) => {
    const others = otherMembers(this.#layout, (it) => this.#guests.has(it), mirror, vm);
    await Promise.all(others.map((it) => this.#process(it).setPrimary(mirror, false)));
    if (vm !== undefined) await this.#process(vm).setPrimary(mirror, true);
  };

  setPower: FabricLab['setPower'] = async (vm, power) => {
    const guest = findGuest(this.#layout, vm);
    if (this.#guests.has(vm) === (power === 'on')) return;
    if (power === 'off') return this.#turnOff([vm]);
    await this.#turnOn({ ...guest, instances: guest.instances.map((it) => ({ ...it, primary: false })) });
  };

  health: FabricLab['health'] = async (loadBalancer, rule) => {
    const found = findRule(this.#layout, loadBalancer, rule);
    await this.#loaded(); // what health shows, the load balancer does already
    return ruleHealth(found, (key) => this.#prober.state(key), this.#lies);
  };

  ip: FabricLab['ip'] = (lines) => ip(lines);

  counters: FabricLab['counters'] = () => readCounters(this.#layout.vips);
  resetCounters: FabricLab['resetCounters'] = () => resetCounters();

  lie: FabricLab['lie'] = async (lies) => {
    this.#lies = lies;
    await this.#translate();
  };

  /** Points every rule at its healthy backends. */
  #translate(): Promise<void> {
    const stateOf = (key: string) => this.#prober.state(key);
    const ruleset = translations(this.#layout, (rule) =>
      this.#lies.noTranslation ? [] : healthyBackends(rule, stateOf),
    );
    return this.#load(ruleset);
  }

  #load(ruleset: string): Promise<void> {
    const done = this.#loading.then(() => nft(ruleset)).then(() => {});
    this.#loading = done.catch(() => {}); // the caller has the error
    return done;
  }

  async #loaded(): Promise<void> {
    let seen: unknown;
    while (seen !== this.#loading) {
      seen = this.#loading;
      await seen;
    }
  }

  #process(vm: string): Guest['process'] {
    const guest = this.#guests.get(findGuest(this.#layout, vm).vm);
    if (!guest) throw new Error(`VM is ${JSON.stringify(vm)}: it is not running`);
    return guest.process;
  }

  #linux(vm: string): Guest['process'] {
    return this.#process(linuxGuest(this.#layout, vm).vm);
  }
}

/** Waits for what may fail with one message: what it would do is done already. */
const unless = (done: Promise<unknown>, already: RegExp): Promise<unknown> =>
  done.catch((error: Error) => {
    if (!already.test(error.message)) throw error;
  });
