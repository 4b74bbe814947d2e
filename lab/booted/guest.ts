/** A guest of the booted lab: a machine with two NICs on the fabric, and what is looked at while it is disturbed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderScript } from '../../shared/guest/render.ts';
import { parseReport } from '../../shared/guest/report.ts';
import type { GuestCommand, GuestMode, GuestReport } from '../../shared/model/guest.ts';
import { ip, run } from '../../simulator/guests/kernel/commands.ts';
import { type Remote, remote } from '../../simulator/guests/rpc.ts';
import { now, sleep, until } from './clock.ts';
import { Dhcp } from './dhcp.ts';
import { type Place, plug } from './fabric.ts';
import type { Inside } from './inside.ts';
import type { Machine, ShellResult } from './machine.ts';
import { Management } from './management.ts';
import type { Addresses, GuestSpec } from './managers/spec.ts';
import { PORT } from './ports.ts';
import { Sampler } from './sampler.ts';

/** All of these are long enough for a machine that has far more to do than it can. */
const CHECK_MS = 120_000;
/** TCP waits longer and longer between two tries while a NIC is away. */
const ECHO_MS = 60_000;
/** The service's own time to put right what the last case left. */
const HEAL_MS = 3000;
/** Until a service that was started has looked. */
const SETTLE_MS = 500;
/** For a command's connects and for all of it: only a VIP that does not answer takes so long. */
const LIMITS = { connectSeconds: 10, totalSeconds: 300 };

export class Guest {
  readonly spec: GuestSpec;
  readonly place: Place;
  readonly sampler: Sampler;
  readonly dhcp: Dhcp | undefined;
  readonly machine: Machine;
  /** What `ours` of a look is when the fix is in place. */
  whole = '';
  /** What the guest was before the first apply. */
  before = '';
  #process: ChildProcess | undefined;
  #inside: Remote<Inside> | undefined;
  #management: Management | undefined;

  constructor(spec: GuestSpec, place: Place, machine: Machine) {
    this.spec = spec;
    this.place = place;
    this.machine = machine;
    this.sampler = new Sampler([place.addresses.backend.ip, place.addresses.via.ip]);
    this.dhcp = spec.dhcp ? new Dhcp(place, machine.root) : undefined;
  }

  get addresses(): Addresses {
    return this.place.addresses;
  }

  /** What lives in its network. */
  get inside(): Remote<Inside> {
    if (!this.#inside) throw new Error(`${this.place.name} is off`);
    return this.#inside;
  }

  /** Boots it, with the NICs of the given numbers; looks and connects begin before its first process does. */
  async boot(nics: number[] = [0, 1]): Promise<void> {
    const { name, addresses, layout } = this.place;
    await ip([`netns add ${name}`]);
    await ip(['link set lo up'], name);
    // As Red Hat boots, the stricter one. NICs take it over from `default`.
    const strict = 'for device in all default; do echo 1 >/proc/sys/net/ipv4/conf/$device/rp_filter; done';
    await run(['ip', 'netns', 'exec', name, '/bin/bash', '-c', strict]);
    for (const number of nics) await this.plug(number);
    const program = [process.execPath, join(import.meta.dirname, 'inside.ts')];
    const child = spawn('ip', ['netns', 'exec', layout.vm, ...program], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced', // keeps undefined
    });
    this.#process = child;
    this.#inside = remote<Inside>(child, () => new Error(`what lives in ${name} ended`));
    await this.#inside.boot(name, addresses.vips);
    this.sampler.start(name);
    await this.machine.boot();
    if (nics.length === 2) await this.hasAddresses();
    this.#management = new Management(addresses.backend.ip);
  }

  /** Resolves when all its addresses are there, and have been for a moment. */
  async hasAddresses(): Promise<void> {
    await sleep(300); // a manager that was told to restart takes them away first
    if (await this.isConfigured()) return;
    const { stdout } = await this.machine.shell('ip -br addr; systemctl --failed; journalctl -b -n 30 --no-pager');
    throw new Error(`${this.place.name} lacks an address:\n${stdout}${this.dhcp?.said() ?? ''}`);
  }

  isConfigured(): Promise<boolean> {
    return until(() => this.sampler.last()?.addresses ?? false, CHECK_MS);
  }

  /** Resolves to true when a look from now on finds all of the fix, to false when none does in that time. */
  isWhole(timeoutMs: number): Promise<boolean> {
    this.sampler.take();
    return until(() => this.sampler.last()?.ours === this.whole, timeoutMs);
  }

  /** Whether the management connection still answers. */
  async answers(): Promise<boolean> {
    const management = this.#management;
    if (!management) return false;
    const word = `at ${now()}\n`;
    management.say(word);
    return until(() => management.hasHeard(word), ECHO_MS);
  }

  /** Attaches a NIC. */
  async plug(number: number): Promise<void> {
    const nic = this.place.layout.nics[number];
    if (!nic) throw new Error(`no NIC ${number}`);
    await plug(this.place, nic);
    await this.dhcp?.restart();
  }

  /** Shuts it down. Nothing of it stays but its files. */
  async off(): Promise<void> {
    await this.machine.poweroff();
    await this.#clear();
  }

  /** Ends it, whatever state it is in, and throws away its files. */
  async destroy(): Promise<void> {
    await this.machine.destroy();
    await this.#clear();
  }

  /** Takes away what it has on the fabric, and what of it runs outside its machine. */
  async #clear(): Promise<void> {
    this.#management?.end();
    await this.sampler.stop();
    this.#process?.kill('SIGKILL');
    this.#inside = undefined;
    this.#management = undefined;
    this.dhcp?.stop();
    const { name, layout } = this.place;
    for (const nic of layout.nics) await ip([`link delete ${nic.link}`]).catch(() => {}); // one that was not there
    if (existsSync(`/run/netns/${name}`)) await ip([`netns delete ${name}`]);
  }

  shell(text: string): Promise<ShellResult> {
    return this.machine.shell(text);
  }

  /** Runs shell text inside; throws with what it said when it fails. */
  async tell(text: string): Promise<string> {
    const { exitCode, stdout, stderr } = await this.machine.shell(`set -e; ${text}`);
    if (exitCode !== 0) throw new Error(`${text} ended with ${exitCode}: ${stdout}${stderr}`);
    return stdout;
  }

  /**
   * Puts the fix in place where it is not; a guest that a case left unusable is booted again. The service starts anew:
   * it takes many disturbances within a minute for another agent's, and slows down.
   */
  async ready(): Promise<void> {
    if (this.whole !== '' && !((await this.isConfigured()) && (await this.answers()))) {
      await this.off();
      await this.boot();
    }
    if (this.whole === '' || !(await this.isWhole(HEAL_MS))) {
      await this.guard('apply');
      await this.remember();
    }
    await this.tell('systemctl restart ilb-hairpin-guard');
    await sleep(SETTLE_MS);
  }

  /** Takes what is in place now for what must be there. */
  async remember(): Promise<void> {
    this.sampler.take();
    if (!(await until(() => this.sampler.last() !== undefined, CHECK_MS)))
      throw new Error(`${this.place.name} could not be looked at within ${CHECK_MS} ms`);
    this.whole = this.sampler.last()?.ours ?? '';
  }

  /** Runs the script in it as Run Command does, and reads its report. `change` may alter the addresses of the plan. */
  async guard(mode: GuestMode, { backend, via, vips } = this.addresses): Promise<GuestReport> {
    const command: GuestCommand = {
      commandId: '0'.repeat(32),
      mode,
      plan: { frontends: vips.map((vip) => ({ vip, port: PORT, backends: [backend], via })) },
      limits: LIMITS,
    };
    const folder = '/var/lib/waagent/run-command-handler/download/0';
    await mkdir(join(this.machine.root, folder), { recursive: true });
    await writeFile(join(this.machine.root, folder, 'script.sh'), renderScript('linux', command), { mode: 0o500 });
    const { stdout, stderr } = await this.machine.shell(`cd ${folder}; exec /bin/bash -c ./script.sh`);
    try {
      return parseReport(stdout, command);
    } catch (error) {
      throw new Error(`${(error as Error).message}: ${stdout}${stderr}`);
    }
  }
}
