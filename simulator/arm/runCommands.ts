/**
 * Managed Run Command, Azure's side of it: resources under a VM, what reaches the VM and when, and what a GET shows
 * meanwhile. Sources: "Run scripts in your VM by using managed Run Commands" (run-command-managed.md), samples
 * runcommand_v2_get.json and runcommand_errors.json, MicrosoftDocs/azure-compute-docs#178 (delete and re-create),
 * Azure/azure-sdk-for-net#47307 (an equal PUT does not run again); the VM's side is guestHandler.ts.
 * Long: the states of one resource, with their sources.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { subscriptionOf } from '../../shared/model/scope.ts';
import type { EstateVm } from '../estate/estate.ts';
import { ArmError, actionInProgress, extensionsDisallowed, tooManyRunCommands, vmNotRunning } from './errors.ts';
import { type Faults, spoilOutput } from './faults.ts';
import { GuestHandler, type InstanceView } from './guestHandler.ts';
import type { Answer, Operation, Operations } from './operations.ts';
import { type CommandSpec, commandResource, readSpec, sameConfiguration } from './runCommandResource.ts';
import type { Site } from './world.ts';

export interface CommandTiming {
  /** From the PUT to the report in ARM, besides the script's own time: 20 s and more in Azure. */
  commandMs: number;
  /** How long after a PUT the previous execution's view is shown; undefined: until the new one is reported. */
  staleMs?: number;
}

interface Command {
  name: string;
  spec: CommandSpec;
  provisioningState: 'Creating' | 'Updating' | 'Succeeded' | 'Failed' | 'Deleting';
  sequence: number;
  view: InstanceView;
}

interface Machine {
  site: Site;
  vm: EstateVm;
  handler: GuestHandler;
  commands: Map<string, Command>;
  /** Set while somebody's action Run Command (v1) runs. */
  occupied: number;
}

/** A VM as its path names it. */
export interface VmTarget {
  site: Site;
  vm: EstateVm;
  id: string;
}

const MOST_PER_VM = 25;
const PENDING: InstanceView = { executionState: 'Pending', executionMessage: '', exitCode: 0, output: '', error: '' };
/** The share of commandMs that passes before the handler starts; the rest passes before its report shows. */
const DELIVERY_SHARE = 0.6;

export class RunCommands {
  readonly #timing: CommandTiming;
  readonly #operations: Operations;
  readonly #faults: Faults;
  readonly #closed = new AbortController();
  #machines = new Map<string, Machine>();

  constructor(timing: CommandTiming, operations: Operations, faults: Faults) {
    this.#timing = timing;
    this.#operations = operations;
    this.#faults = faults;
  }

  /** PUT. `done` is called with the outcome once the operation ended. */
  put(at: VmTarget, name: string, body: unknown, apiVersion: string, done: (failed: boolean) => void): Answer {
    const machine = this.#machine(at);
    const spec = readSpec(body, at.site.estate.location);
    const existing = machine.commands.get(name.toLowerCase());
    if (at.vm.extensionsDisallowed) throw extensionsDisallowed();
    if (at.vm.power !== 'running') throw vmNotRunning();
    if (machine.occupied > 0) throw actionInProgress();
    if (existing?.provisioningState === 'Deleting') throw busy(at.vm.name);
    if (!existing && machine.commands.size >= MOST_PER_VM) throw tooManyRunCommands();

    const operation = this.#operations.start('Microsoft.Compute', subscriptionOf(at.id), spec.location);
    const headers = this.#operations.headers(operation, apiVersion);
    if (existing && sameConfiguration(existing.spec, spec)) {
      existing.spec = spec;
      this.#operations.succeed(operation);
      done(false);
      return { status: 200, headers, body: commandResource(commandId(at, existing.name), existing.name, existing) };
    }
    const command: Command = existing ?? { name, spec, provisioningState: 'Creating', sequence: -1, view: PENDING };
    command.spec = spec;
    command.provisioningState = existing ? 'Updating' : 'Creating';
    command.sequence += 1;
    machine.commands.set(name.toLowerCase(), command);
    void this.#execute(machine, command, operation, done);
    return {
      status: existing ? 200 : 201,
      headers,
      body: commandResource(commandId(at, command.name), command.name, command),
    };
  }

  /** GET of one; throws ARM's 404. */
  get(at: VmTarget, name: string, expand: boolean): Answer {
    const command = this.#machine(at).commands.get(name.toLowerCase());
    if (!command) {
      throw new ArmError(
        404,
        'ResourceNotFound',
        `The Resource 'Microsoft.Compute/virtualMachines/${at.vm.name}/runCommands/${name}' under resource group '${at.site.estate.resourceGroup}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
      );
    }
    const view = expand ? command.view : undefined;
    return { status: 200, body: commandResource(commandId(at, command.name), command.name, command, view) };
  }

  list(at: VmTarget, expand: boolean): Answer {
    const value = [...this.#machine(at).commands.values()].map((command) =>
      commandResource(commandId(at, command.name), command.name, command, expand ? command.view : undefined),
    );
    return { status: 200, body: { value } };
  }

  /** DELETE: stops an execution; the resource is gone once the VM heard of it. 204 when there is none. */
  delete(at: VmTarget, name: string, apiVersion: string, done: (failed: boolean) => void): Answer {
    const machine = this.#machine(at);
    const command = machine.commands.get(name.toLowerCase());
    if (!command) return { status: 204 };
    const operation = this.#operations.start('Microsoft.Compute', subscriptionOf(at.id), command.spec.location);
    command.provisioningState = 'Deleting';
    void this.#after(this.#timing.commandMs * DELIVERY_SHARE, () => {
      machine.handler.disable(command.name.toLowerCase());
      machine.commands.delete(name.toLowerCase());
      this.#operations.succeed(operation);
      done(false);
    });
    return { status: 202, headers: this.#operations.headers(operation, apiVersion) };
  }

  /** Marks a VM as taken by somebody's action Run Command (v1) until the returned function is called. */
  occupy(at: VmTarget): () => void {
    const machine = this.#machine(at);
    machine.occupied += 1;
    let held = true;
    return () => {
      if (held) machine.occupied -= 1;
      held = false;
    };
  }

  /** The VM went down: its executions end without a word. */
  powerLost(at: VmTarget): void {
    this.#machine(at).handler.powerLost();
  }

  /** Ends all executions and timers. */
  close(): void {
    this.#closed.abort();
    for (const machine of this.#machines.values()) machine.handler.powerLost();
  }

  #machine(at: VmTarget): Machine {
    const key = at.id.toLowerCase();
    let machine = this.#machines.get(key);
    if (!machine) {
      const handler = new GuestHandler(at.site.lab, at.vm, this.#timing.commandMs < 1000);
      machine = { site: at.site, vm: at.vm, handler, commands: new Map(), occupied: 0 };
      this.#machines.set(key, machine);
    }
    machine.vm = at.vm;
    return machine;
  }

  async #execute(
    machine: Machine,
    command: Command,
    operation: Operation,
    done: (failed: boolean) => void,
  ): Promise<void> {
    const { sequence, spec } = command;
    const current = (): boolean => command.sequence === sequence && command.provisioningState !== 'Deleting';
    const target = { call: 'putRunCommand', method: 'PUT', path: '', vm: machine.vm.name } as const;
    const stale = this.#faults.take('staleMs', target)?.staleMs ?? 0;
    const spoiled = this.#faults.take('output', target);
    let reported = false;
    if (this.#timing.staleMs !== undefined) {
      void this.#after(this.#timing.staleMs, () => {
        if (current() && !reported) command.view = PENDING;
      });
    }

    const settle = (failed: boolean): void => {
      if (!current() || command.provisioningState === 'Succeeded') return;
      command.provisioningState = failed ? 'Failed' : 'Succeeded';
      if (failed)
        this.#operations.fail(
          operation,
          'VMExtensionProvisioningError',
          'VM has reported a failure when processing extension.',
        );
      else this.#operations.succeed(operation);
      done(failed);
    };
    const report = (view: InstanceView): void => {
      const shown = spoiled && view.endTime ? { ...view, output: spoilOutput(spoiled.output, view.output) } : view;
      const onTheWay = this.#timing.commandMs * (1 - DELIVERY_SHARE);
      void this.#after(onTheWay, () => {
        // asyncExecution: provisioning ends as soon as the script starts; else with the script.
        const failed = view.endTime !== undefined && view.executionState !== 'Succeeded';
        if (spec.asyncExecution || view.endTime) settle(spec.treatFailureAsDeploymentFailure && failed);
      });
      void this.#after(onTheWay + stale, () => {
        if (current()) command.view = shown;
        reported = true;
      });
    };

    await this.#after(this.#timing.commandMs * DELIVERY_SHARE, async () => {
      await this.#reachable(machine, current);
      if (!current()) return;
      const goal = {
        name: command.name.toLowerCase(),
        sequence,
        script: spec.script,
        timeoutSeconds: spec.timeoutInSeconds,
      };
      await machine.handler.enable(goal, report);
    });
  }

  /** Resolves once the VM runs and its agent is ready, or the goal is no longer the current one. */
  async #reachable(machine: Machine, current: () => boolean): Promise<void> {
    const ready = (): boolean => machine.vm.power === 'running' && (machine.vm.agent?.status ?? 'Ready') === 'Ready';
    // Not by p-wait-for, whose timers would keep the process alive.
    while (current() && !ready()) await delay(25, undefined, { signal: this.#closed.signal, ref: false });
  }

  /** Does something after a while; nothing once the simulator closed. */
  async #after(ms: number, work: () => void | Promise<void>): Promise<void> {
    try {
      await delay(ms, undefined, { signal: this.#closed.signal, ref: false });
      await work();
    } catch (error) {
      if (!this.#closed.signal.aborted) throw error;
    }
  }
}

/** Text from samples/runcommand_errors.json. */
const busy = (vm: string): ArmError =>
  new ArmError(
    409,
    'OperationNotAllowed',
    `Operation 'CreateOrUpdateRunCommand' is not allowed on VM '${vm}' since another operation is in progress.`,
  );

const commandId = (at: VmTarget, name: string): string => `${at.id}/runCommands/${name}`;
