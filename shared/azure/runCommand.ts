/**
 * Managed Run Command under two fixed names. A PUT whose script differs runs; one that is equal does not, so every
 * script carries its command id in a line that is read back from what Azure holds.
 */
import type { VirtualMachineRunCommand } from '@azure/arm-compute';
import { AzureError, InputError } from '../errors.ts';
import { commandIdIn } from '../model/commandId.ts';
import { parseResourceId } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { CommandSlot, CommandView, ExecutionState, GuestCommands } from '../model/ports.ts';
import { VM_TYPE } from '../model/resourceTypes.ts';
import { CALL_SECONDS } from '../model/settings.ts';
import type { AzureClients } from './clients.ts';
import { callAzure } from './errors.ts';

export const COMMANDS_ACTION = 'Microsoft.Compute/virtualMachines/runCommands';

/** The name of a slot's resource. */
export const commandName = (slot: CommandSlot): string => `ilbHairpinGuard-${slot}`;

/** Managed Run Command. Throws InputError for an id that is no VM’s, without a call. */
export function createGuestCommands(clients: AzureClients): GuestCommands {
  const vmOf = async (vmId: string) => {
    const { subscriptionId, resourceGroup, vm } = vmParts(vmId);
    const { virtualMachineRunCommands: commands } = await clients.compute(subscriptionId);
    return { commands, resourceGroup, vm };
  };

  return {
    async look(vmId, slot) {
      const { commands, resourceGroup, vm } = await vmOf(vmId);
      try {
        return await callAzure(`${COMMANDS_ACTION}/read`, CALL_SECONDS, async (abortSignal) => {
          const options = { expand: 'instanceView', abortSignal };
          return mapCommand(slot, await commands.getByVirtualMachine(resourceGroup, vm, commandName(slot), options));
        });
      } catch (error) {
        if (error instanceof AzureError && error.status === 404) return undefined;
        throw error;
      }
    },

    async send({ vmId, location, slot, script, timeoutSeconds, tags }) {
      const { commands, resourceGroup, vm } = await vmOf(vmId);
      const command = { location, tags, source: { script }, asyncExecution: true, timeoutInSeconds: timeoutSeconds };
      await callAzure(`${COMMANDS_ACTION}/write`, CALL_SECONDS, (abortSignal) =>
        commands.createOrUpdate(resourceGroup, vm, commandName(slot), command, { abortSignal }).submitted(),
      );
    },

    async cancel(vmId, slot) {
      const { commands, resourceGroup, vm } = await vmOf(vmId);
      await callAzure(`${COMMANDS_ACTION}/delete`, CALL_SECONDS, (abortSignal) =>
        commands.delete(resourceGroup, vm, commandName(slot), { abortSignal }).submitted(),
      );
    },
  };
}

const STATES: ReadonlySet<string> = new Set<ExecutionState>([
  'Unknown',
  'Pending',
  'Running',
  'Succeeded',
  'Failed',
  'TimedOut',
  'Canceled',
]);

/** Where an execution is; `Unknown` for words that this program does not know. */
export const stateOf = (word: string | undefined): ExecutionState =>
  STATES.has(word ?? '') ? (word as ExecutionState) : 'Unknown';

/** A managed command as this program sees it. */
export function mapCommand(slot: CommandSlot, command: VirtualMachineRunCommand): CommandView {
  const { instanceView: view } = command;
  return {
    slot,
    ...defined({ commandId: commandIdIn(command.source?.script) }),
    state: stateOf(view?.executionState),
    provisioningState: command.provisioningState ?? '',
    ...defined({ exitCode: view?.exitCode }),
    output: view?.output ?? '',
    error: view?.error ?? '',
    message: view?.executionMessage ?? '',
    ...defined({ startTime: timeText(view?.startTime) }),
  };
}

/** A time that is only compared for equality; the SDK makes a Date of it, invalid where Azure wrote none. */
const timeText = (time: Date | undefined): string | undefined =>
  time instanceof Date && !Number.isNaN(time.getTime()) ? time.toISOString() : undefined;

/** The parts of a VM's id. Throws InputError for an id that is no VM's. */
export function vmParts(vmId: string): { subscriptionId: string; resourceGroup: string; vm: string } {
  const id = parseResourceId(vmId);
  const [vm] = id?.names ?? [];
  if (id?.type !== VM_TYPE || !vm)
    throw new InputError('INPUT_INVALID', 'vmId', vmId, 'expected the id of a virtual machine');
  return { subscriptionId: id.subscriptionId, resourceGroup: id.resourceGroup, vm };
}
