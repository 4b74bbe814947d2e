/**
 * Azure as a script in memory: lists of an estate in pairs, rule health that shows each pair's first VM as primary for
 * both frontends, and commands that end well after a set time.
 */
import { commandIdIn } from '../../shared/model/commandId.ts';
import { type IdKey, idKey } from '../../shared/model/ids.ts';
import type { CommandToSend, CommandView } from '../../shared/model/ports.ts';
import type { BackendHealth } from '../../shared/model/topology.ts';
import type { LoopPorts } from '../../shared/reconcile/loop.ts';
import { healthWith, numbers, pairs, ruleId } from '../estate.ts';

interface Execution {
  command: CommandToSend;
  startedAt: number;
  canceled?: true;
}

/** What a guest that is as planned answers to a script. */
function reportOf(script: string): string {
  const commandId = commandIdIn(script) ?? '';
  const mode = /^MODE=(\w+)$/m.exec(script)?.[1] ?? '';
  const vips = (/^VIP=\((.*)\)$/m.exec(script)?.[1] ?? '').split(' ').filter(Boolean);
  const p = vips.map((_, i) => `${i};;;o2;o2;r;`);
  return `ILB-HAIRPIN-GUARD ${commandId} ${JSON.stringify({ v: 1, os: 'linux', mode, chg: 0, p, w: [], k: 1 })}\n`;
}

export class ScriptedAzure {
  readonly #now: () => number;
  readonly #commandMs: number;
  readonly #vms: number;
  readonly #health: ReadonlyMap<IdKey, BackendHealth[]>;
  /** The last execution of each VM. */
  readonly #executions = new Map<IdKey, Execution>();
  /** When commands were sent, epoch milliseconds. */
  readonly sentAt: number[] = [];
  /** What is shown of a VM's command that nobody sent here. */
  readonly shown = new Map<IdKey, CommandView>();

  constructor(vms: number, commandMs: number, now: () => number) {
    this.#vms = vms;
    this.#commandMs = commandMs;
    this.#now = now;
    this.#health = new Map(numbers(vms).map((i) => [idKey(ruleId(i >> 1, i % 2)), healthWith(i - (i % 2))]));
  }

  /** What a pass asks of Azure. */
  ports(): Pick<LoopPorts, 'topology' | 'health' | 'commands' | 'agents' | 'topic'> {
    return {
      topology: { read: async () => pairs(this.#vms) },
      health: { read: async (rule) => this.#health.get(idKey(rule)) ?? [] },
      topic: { publish: () => Promise.reject(new Error('nothing is to be published')) },
      agents: { read: async () => ({ status: 'Ready', version: '2.11.1.4' }) },
      commands: {
        look: async (vm) => this.shown.get(idKey(vm)) ?? this.#look(idKey(vm)),
        send: async (command) => this.#send(command),
        cancel: async (vm) => {
          const execution = this.#executions.get(idKey(vm));
          if (execution) execution.canceled = true;
        },
      },
    };
  }

  #send(command: CommandToSend): void {
    const key = idKey(command.vmId);
    if (this.#executions.get(key)?.command.script === command.script) return; // an equal PUT does not run again
    this.#executions.set(key, { command, startedAt: this.#now() });
    this.sentAt.push(this.#now());
  }

  #look(key: IdKey): CommandView | undefined {
    const execution = this.#executions.get(key);
    if (!execution) return undefined;
    const { command, startedAt, canceled } = execution;
    const isOver = this.#now() - startedAt >= this.#commandMs;
    const commandId = commandIdIn(command.script);
    return {
      slot: command.slot,
      ...(commandId === undefined ? {} : { commandId }),
      state: stateOf(isOver, canceled),
      provisioningState: 'Succeeded',
      output: isOver ? reportOf(command.script) : '',
      error: '',
      message: '',
      startTime: new Date(startedAt).toISOString(),
    };
  }
}

function stateOf(isOver: boolean, canceled: true | undefined): CommandView['state'] {
  if (canceled) return 'Canceled';
  return isOver ? 'Succeeded' : 'Running';
}
