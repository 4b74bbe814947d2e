/**
 * A small world for the loop: an estate as lists, guests that are right or wrong, Run Command that takes its time,
 * a queue of bells, and a clock that only moves when told. What it does not model (paging, the SDKs, a real guest)
 * is tested against the ARM simulator and the kernel lab.
 * Long: one small language for tests, read as a whole.
 */

import { AzureError } from '../../shared/errors.ts';
import { idKey, sameId } from '../../shared/model/ids.ts';
import { bellMessage, type ReconcileMessage, signalMessage } from '../../shared/model/messages.ts';
import type { CommandSlot, CommandToSend, CommandView, OutgoingEvent } from '../../shared/model/ports.ts';
import type { OutcomeRow, RunRow, VmRow } from '../../shared/model/rows.ts';
import { runIdOf } from '../../shared/model/runId.ts';
import { DEFAULT_TAGS } from '../../shared/model/scope.ts';
import type { LoopSettings } from '../../shared/model/settings.ts';
import type { ScopeItem, Signal, SignalKind } from '../../shared/model/signal.ts';
import { levelOf } from '../../shared/model/steps.ts';
import { rowKey } from '../../shared/model/store.ts';
import type { AgentView } from '../../shared/model/surroundings.ts';
import type { BackendHealth, LoadBalancer, Nic, Topology, Vm } from '../../shared/model/topology.ts';
import { type LoopPorts, reconcile } from '../../shared/reconcile/loop.ts';
import { listsOf } from './estate.ts';
import { memoryStore } from './memoryStore.ts';

export const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
/** A second one, for what lies elsewhere. */
export const OTHER = '00000000-0000-0000-0000-000000000001';
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/healthshare/providers`;
export const vmId = (name: string) => `${GROUP}/Microsoft.Compute/virtualMachines/${name}`;
export const nicId = (name: string) => `${GROUP}/Microsoft.Network/networkInterfaces/${name}`;
const lbId = `${GROUP}/Microsoft.Network/loadBalancers/lb`;
export const frontendId = (name: string) => `${lbId}/frontendIPConfigurations/${name}`;
/** VMs, NICs and load balancers with all before their names. */
const PLACES = new RegExp(
  `/subscriptions/${SUBSCRIPTION}(/resourceGroups/healthshare/providers/Microsoft\\.(?:Compute/virtualMachines|Network/(?:networkInterfaces|loadBalancers))/)([^/"]+)`,
  'g',
);
const vnet = `${GROUP}/Microsoft.Network/virtualNetworks/vnet`;

export const SETTINGS: LoopSettings = {
  scope: { subscriptionIds: [SUBSCRIPTION], within: [], ...DEFAULT_TAGS },
  enforcement: 'enforce',
  maxCommands: 10,
  proofAgeMs: 24 * 3_600_000,
  commandSeconds: 60,
  commandSlackSeconds: 180,
  connectSeconds: 3,
  bellSeconds: 5,
  watchSeconds: 50,
  healthPerMinute: 100,
  runAgeMs: 90 * 86_400_000,
  tellsEvents: false,
  commandTags: {},
};

/** How a guest answers. `right`: state as planned. `broken`: every apply leaves connects failing. `silent`: no report. */
export type GuestState = 'wrong' | 'right' | 'broken' | 'silent' | 'refusing';

export interface Execution {
  slot: CommandSlot;
  vm: string;
  commandId: string;
  mode: string;
  vips: string[];
  startedAt: number;
  endsAt: number;
  view: CommandView;
  /** How the guest was when the command ended by itself. */
  found?: GuestState;
}

export interface WorldMirror {
  name: string;
  vip: string;
  members: string[];
  primary: string | undefined;
}

export class World {
  readonly subscriptionId = SUBSCRIPTION;
  /** The time that guests and queues go by, epoch milliseconds. */
  now = Date.UTC(2026, 0, 5, 10, 0, 0);
  /** How far the app's clock is ahead of it. */
  aheadMs = 0;
  /** Signals made so far: each has an id of its own. */
  signals = 0;
  readonly store = memoryStore();
  /** Where VMs, with their NICs, and the load balancer `lb` lie, when not in the first subscription. */
  readonly homes = new Map<string, string>();
  /** Subscriptions whose lists fail. */
  readonly unreadable = new Set<string>();
  readonly vms: string[];
  readonly mirrors: WorldMirror[];
  readonly settings: LoopSettings;
  readonly guests = new Map<string, GuestState>();
  /** VMs without a secondary NIC. */
  readonly oneNic = new Set<string>();
  readonly stopped = new Set<string>();
  readonly tags = new Map<string, Record<string, string>>();
  readonly executions: Execution[] = [];
  /** Ids of the commands that Azure was asked for, taken or refused. */
  readonly asked = new Set<string>();
  readonly queue: { at: number; message: ReconcileMessage }[] = [];
  readonly log: { at: number; level: string; step: string; fields: Record<string, unknown> }[] = [];
  /** Thrown by the next sends to a VM. */
  readonly sendFaults = new Map<string, AzureError[]>();
  readonly agents = new Map<string, AgentView>();
  /** Events that the topic took, one list for each request. */
  readonly published: OutgoingEvent[][] = [];
  /** Thrown by the topic's next answers. */
  readonly topicFaults: AzureError[] = [];
  commandMs = 20_000;
  /** Whether a service in the guests keeps what is there. */
  healing = true;
  topologyReads = 0;
  healthReads = 0;
  topologyFault: AzureError | undefined;
  #holders = 0;
  /** Most commands that ran at once in one subscription, and pairs of VMs of one mirror that were changed at once. */
  mostAtOnce = 0;
  readonly overlaps: string[] = [];

  constructor(vms: string[], mirrors: WorldMirror[], settings: Partial<LoopSettings> = {}) {
    this.vms = vms;
    this.mirrors = mirrors;
    this.settings = { ...SETTINGS, ...settings };
    for (const vm of vms) this.guests.set(vm, 'wrong');
  }

  /** The subscriptions that the app cares for. */
  get subscriptionIds(): string[] {
    return this.settings.scope.subscriptionIds;
  }

  homeOf(name: string): string {
    return this.homes.get(name) ?? SUBSCRIPTION;
  }

  /** An id, or text with ids in it, as it is where things lie in several subscriptions. */
  placed(text: string): string {
    if (this.homes.size === 0) return text;
    return text.replace(PLACES, (id, path: string, name: string) => {
      const home = this.homes.get(name.replace(/-[01]$/, ''));
      return home === undefined ? id : `/subscriptions/${home}${path}${name}`;
    });
  }

  vmId(name: string): string {
    return this.placed(vmId(name));
  }

  frontendId(name: string): string {
    return this.placed(frontendId(name));
  }

  /** The lists of one subscription. */
  lists(subscriptionId: string): Topology {
    const whole = this.topology();
    if (this.homes.size === 0) return whole;
    return listsOf(this.#place(JSON.stringify(whole)), subscriptionId);
  }

  /** Most readings see what the one before has seen. */
  #placed: { text: string; topology: Topology } | undefined;
  #place(text: string): Topology {
    if (this.#placed?.text !== text) this.#placed = { text, topology: JSON.parse(this.placed(text)) as Topology };
    return this.#placed.topology;
  }

  topology(): Topology {
    const vms: Vm[] = this.vms.map((name) => ({
      id: vmId(name),
      location: 'westeurope',
      os: 'linux',
      power: this.stopped.has(name) ? 'deallocated' : 'running',
      nicIds: [nicId(`${name}-0`), ...(this.oneNic.has(name) ? [] : [nicId(`${name}-1`)])],
      tags: this.tags.get(name) ?? {},
    }));
    const nics: Nic[] = this.vms.flatMap((name, i) =>
      [0, 1]
        .filter((n) => n === 0 || !this.oneNic.has(name))
        .map((n) => ({
          id: nicId(`${name}-${n}`),
          vmId: vmId(name),
          mac: macOf(i, n),
          primary: n === 0,
          ipForwarding: false,
          tags: {},
          ipConfigurations: [
            {
              id: `${nicId(`${name}-${n}`)}/ipConfigurations/ip`,
              address: addressOf(i, n),
              version: 'IPv4' as const,
              primary: true,
              subnetId: `${vnet}/subnets/hs`,
              poolIds:
                n === 0
                  ? this.mirrors
                      .filter((m) => m.members.includes(name))
                      .map((m) => `${lbId}/backendAddressPools/${m.name}`)
                  : [],
            },
          ],
        })),
    );
    const lb: LoadBalancer = {
      id: lbId,
      sku: 'Standard',
      tags: {},
      frontends: this.mirrors.map((m) => ({
        id: frontendId(m.name),
        address: m.vip,
        subnetId: `${vnet}/subnets/hs`,
        version: 'IPv4',
      })),
      rules: this.mirrors.map((m) => ({
        id: `${lbId}/loadBalancingRules/${m.name}`,
        frontendId: frontendId(m.name),
        poolIds: [`${lbId}/backendAddressPools/${m.name}`],
        probeId: `${lbId}/probes/${m.name}`,
        protocol: 'tcp',
        frontendPort: 1972,
        backendPort: 1972,
        floatingIp: false,
      })),
      probes: this.mirrors.map((m) => ({
        id: `${lbId}/probes/${m.name}`,
        protocol: 'http',
        port: 52773,
        path: `/${m.name}/csp/bin/mirror_status.cxw`,
        intervalSeconds: 5,
        threshold: 2,
      })),
      pools: this.mirrors.map((m) => ({
        id: `${lbId}/backendAddressPools/${m.name}`,
        addresses: [],
        ipConfigurationIds: m.members.map((name) => `${nicId(`${name}-0`)}/ipConfigurations/ip`),
      })),
    };
    return { subscriptionId: SUBSCRIPTION, vms, nics, loadBalancers: [lb], notes: [] };
  }

  health(ruleId: string): BackendHealth[] {
    const mirror = this.mirrors.find((m) => sameId(ruleId, this.placed(`${lbId}/loadBalancingRules/${m.name}`)));
    return (mirror?.members ?? []).map((name) => ({
      address: addressOf(this.vms.indexOf(name), 0),
      up: mirror?.primary === name && !this.stopped.has(name),
      reason: mirror?.primary === name ? 'Up_Probe_Success' : 'Down_Probe_HttpStatusCodeError',
    }));
  }

  look(vm: string, slot: CommandSlot): CommandView | undefined {
    const name = nameOf(vm);
    const execution = this.executions.findLast((item) => item.vm === name && item.slot === slot);
    if (!execution) return undefined;
    this.#finish(execution);
    return { ...execution.view };
  }

  send(command: CommandToSend): void {
    const vm = nameOf(command.vmId);
    const commandId = /^# ilb-hairpin-guard command ([0-9a-f]{32})$/m.exec(command.script)?.[1] ?? '';
    this.asked.add(commandId);
    const fault = this.sendFaults.get(vm)?.shift();
    if (fault) throw fault;
    const before = this.executions.findLast((item) => item.vm === vm && item.slot === command.slot);
    if (before?.commandId === commandId) return; // an equal PUT does not run again
    const mode = /^MODE=(\w+)$/m.exec(command.script)?.[1] ?? '';
    const vips = (/^VIP=\((.*)\)$/m.exec(command.script)?.[1] ?? '').split(' ').filter(Boolean);
    const endsAt = this.now + this.commandMs;
    const view: CommandView = {
      slot: command.slot,
      commandId,
      state: 'Running',
      provisioningState: 'Succeeded',
      output: '',
      error: '',
      message: '',
      startTime: new Date(this.now).toISOString(),
    };
    const execution: Execution = { slot: command.slot, vm, commandId, mode, vips, startedAt: this.now, endsAt, view };
    for (const other of this.executions) {
      // A guest has a clock of its own: what ended has ended, also when the app's clock was set back.
      if (other.view.state !== 'Running') continue;
      if (other.endsAt > this.now && other.vm === vm) this.overlaps.push(`${vm} twice`);
      if (other.endsAt <= this.now || other.mode === 'check' || mode === 'check') continue;
      if (this.mirrors.some((m) => m.members.includes(vm) && m.members.includes(other.vm)))
        this.overlaps.push(`${vm}+${other.vm}`);
    }
    this.executions.push(execution);
    const active = this.executions.filter((item) => item.endsAt > this.now && this.homeOf(item.vm) === this.homeOf(vm));
    this.mostAtOnce = Math.max(this.mostAtOnce, active.length);
  }

  #finish(execution: Execution): void {
    if (execution.endsAt > this.now || execution.view.state !== 'Running') return;
    const state = this.guests.get(execution.vm) ?? 'wrong';
    execution.found = state;
    const mute = state === 'silent' || state === 'refusing';
    execution.view.state = mute ? 'Failed' : 'Succeeded';
    execution.view.exitCode = { silent: 137, refusing: 1, wrong: 0, right: 0, broken: 0 }[state];
    if (state === 'refusing') execution.view.error = '    + FullyQualifiedErrorId : UnauthorizedAccess\r\n';
    if (!mute) execution.view.output = `noise\n${this.#report(execution, state)}\n`;
    if (execution.mode === 'apply' && state === 'wrong') this.guests.set(execution.vm, 'right');
    if (execution.mode === 'remove' && state === 'right') this.guests.set(execution.vm, 'wrong');
  }

  #report({ commandId, mode, vips, vm }: Execution, state: GuestState): string {
    const paths = vips.map((vip, i) => {
      const mirror = this.mirrors.find((m) => m.vip === vip);
      const mine = mirror?.primary === vm;
      const before = state === 'wrong' ? 'RYLK' : '';
      const after = mode === 'apply' ? '' : before;
      const healthy = mirror?.primary !== undefined && state !== 'broken';
      const works = (drift: string) => healthy && (drift === '' || !mine);
      const connect = (drift: string) => (works(drift) ? 'o12' : 't3000');
      const proof = mine ? 's' : 'r';
      return `${i};${before};${after};${connect(before)};${connect(after)};${works(after) ? proof : 'n'};`;
    });
    const changed = (mode === 'apply' && state === 'wrong') || (mode === 'remove' && state === 'right') ? 4 : 0;
    const p = mode === 'remove' ? paths.map((_, i) => `${i};;;n;n;n;`) : paths;
    return `ILB-HAIRPIN-GUARD ${commandId} ${JSON.stringify({ v: 1, os: 'linux', mode, chg: changed, p, w: [], ...(this.healing ? { k: 1 } : {}) })}`;
  }

  signal(signal: SignalKind, scope: ScopeItem[], more: Partial<Signal> = {}): Signal {
    this.signals += 1;
    const runId = runIdOf(signal, JSON.stringify(scope), String(this.now), String(this.signals));
    return {
      subscriptionId: SUBSCRIPTION,
      runId,
      signal,
      scope,
      mode: 'apply',
      dryRun: false,
      observedAt: this.now + this.aheadMs,
      ...more,
    };
  }

  /** Puts a signal on the queue; returns its run id. */
  post(signal: Signal): string {
    this.queue.push({ at: this.now, message: signalMessage(signal) });
    return signal.runId;
  }

  sweep(subscriptionId = SUBSCRIPTION): string {
    const scope: ScopeItem[] = [{ kind: 'subscription', id: `/subscriptions/${subscriptionId}` }];
    return this.post(this.signal('sweep', scope, { subscriptionId }));
  }

  failover(mirrorName: string, to: string): string {
    const mirror = this.mirrors.find((m) => m.name === mirrorName);
    if (mirror) mirror.primary = to;
    return this.post(
      this.signal(
        'failover',
        [
          { kind: 'vm', id: this.vmId(to) },
          { kind: 'vip', id: mirror?.vip ?? '' },
        ],
        { subscriptionId: this.homeOf(to) },
      ),
    );
  }

  manual(mode: Signal['mode'], vm: string, more: Partial<Signal> = {}): string {
    const scope: ScopeItem[] = [{ kind: 'vm', id: this.vmId(vm) }];
    return this.post(this.signal('manual', scope, { mode, subscriptionId: this.homeOf(vm), ...more }));
  }

  bell(): void {
    for (const id of this.subscriptionIds) this.queue.push({ at: this.now, message: bellMessage(id) });
  }

  /** Handles the queue until it is empty or the time is up; the clock jumps to each message. */
  async run(forMs = 3_600_000): Promise<void> {
    const until = this.now + forMs;
    for (;;) {
      this.queue.sort((a, b) => a.at - b.at);
      const next = this.queue[0];
      if (!next || next.at > until) break;
      this.queue.shift();
      this.now = Math.max(this.now, next.at);
      await this.handle(next.message);
    }
  }

  async handle(message: ReconcileMessage): Promise<void> {
    await reconcile(message, this.ports(), this.settings);
  }

  /** What one invocation of the loop works with. */
  ports(): LoopPorts {
    this.#holders += 1;
    return {
      store: this.store,
      topology: {
        read: async (subscriptionId) => {
          this.topologyReads += 1;
          if (this.topologyFault) throw this.topologyFault;
          if (this.unreadable.has(subscriptionId)) throw refusal(403);
          return this.lists(subscriptionId);
        },
      },
      health: {
        read: async (ruleId) => {
          this.healthReads += 1;
          return this.health(ruleId);
        },
      },
      commands: {
        look: async (vm, slot) => this.look(vm, slot),
        send: async (command) => this.send(command),
        cancel: async (vm, slot) => this.cancel(vm, slot),
      },
      agents: { read: async (vm) => this.agents.get(nameOf(vm)) ?? { status: 'Ready', version: '2.11.1.4' } },
      clock: { now: () => this.now + this.aheadMs },
      topic: {
        publish: async (events) => {
          const fault = this.topicFaults.shift();
          if (fault) throw fault;
          this.published.push(structuredClone([...events]));
        },
      },
      bell: {
        ring: async (subscriptionId, delaySeconds) => {
          this.queue.push({ at: this.now + delaySeconds * 1000, message: bellMessage(subscriptionId) });
        },
      },
      log: (step, fields) =>
        void this.log.push({ at: this.now, level: levelOf({ step, fields }), step, fields: { ...fields } }),
      holder: `holder-${this.#holders}`,
    };
  }

  cancel(vm: string, slot: CommandSlot): void {
    const execution = this.executions.findLast((item) => item.vm === nameOf(vm) && item.slot === slot);
    if (execution && execution.endsAt > this.now) {
      execution.endsAt = this.now;
      execution.view.state = 'Canceled';
    }
  }

  async runRow(runId: string, subscriptionId = SUBSCRIPTION): Promise<RunRow> {
    const found = await this.store.runs.get(subscriptionId, runId);
    if (!found) throw new Error(`no run ${runId}`);
    return found.row as RunRow;
  }

  async outcome(runId: string, vm: string): Promise<OutcomeRow | undefined> {
    return (await this.store.outcomes.get(runId, rowKey(this.vmId(vm))))?.row as OutcomeRow | undefined;
  }

  async vmRow(vm: string): Promise<VmRow | undefined> {
    return (await this.store.vms.get(this.homeOf(vm), rowKey(this.vmId(vm))))?.row as VmRow | undefined;
  }

  /** The commands that were run, in order: `apply hs-a`. */
  sent(): string[] {
    return this.executions.map((item) => `${item.mode} ${item.vm}`);
  }
}

const addressOf = (vm: number, nic: number): string => {
  const at = 10 + vm * 10 + nic;
  return `10.0.${1 + (at >> 8)}.${at & 255}`;
};

const macOf = (vm: number, nic: number): string => {
  const [high, low] = [(vm + 16) >> 8, (vm + 16) & 255].map((byte) => byte.toString(16).padStart(2, '0'));
  return `00:0d:3a:${high}:${low}:0${nic}`;
};
const nameOf = (id: string): string => idKey(id).split('/').at(-1) ?? '';

/** The article's estate: two mirrors on two VMs, both primaries on hs-a. */
export const articleWorld = (settings: Partial<LoopSettings> = {}): World =>
  new World(
    ['hs-a', 'hs-b'],
    [
      { name: 'ucr', vip: '10.0.1.100', members: ['hs-a', 'hs-b'], primary: 'hs-a' },
      { name: 'pi', vip: '10.0.1.101', members: ['hs-a', 'hs-b'], primary: 'hs-a' },
    ],
    settings,
  );

/** A refusal as the adapters throw it. */
export const refusal = (status: number, retryAfterSeconds?: number): AzureError =>
  new AzureError({
    status,
    azureCode: 'Test',
    action: 'Microsoft.Compute/virtualMachines/runCommands/write',
    message: `answered ${status}`,
    retryAfterSeconds,
  });
