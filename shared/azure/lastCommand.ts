/** What the last command of this program on a VM came to, from the Run Command resources that Azure keeps. */
import type { VirtualMachineRunCommand } from '@azure/arm-compute';
import { AzureError } from '../errors.ts';
import { commandIdIn } from '../model/commandId.ts';
import { defined } from '../model/optional.ts';
import type { LastCommand, LastCommandReader } from '../model/ports.ts';
import { CALL_SECONDS } from '../model/settings.ts';
import type { AzureClients } from './clients.ts';
import { callAzure } from './errors.ts';
import { COMMANDS_ACTION, commandName, stateOf, vmParts } from './runCommand.ts';

/** A reader of the later of the two commands. The second name is used only after the first: most VMs take one call. */
export function createLastCommandReader(clients: AzureClients): LastCommandReader {
  return {
    async read(vmId) {
      const { subscriptionId, resourceGroup, vm } = vmParts(vmId);
      const { virtualMachineRunCommands: commands } = await clients.compute(subscriptionId);
      const get = async (name: string): Promise<VirtualMachineRunCommand | undefined> => {
        try {
          return await callAzure(`${COMMANDS_ACTION}/read`, CALL_SECONDS, (abortSignal) =>
            commands.getByVirtualMachine(resourceGroup, vm, name, { expand: 'instanceView', abortSignal }),
          );
        } catch (error) {
          if (error instanceof AzureError && error.status === 404) return undefined;
          throw error;
        }
      };
      const first = await get(commandName('A'));
      if (!first) return undefined;
      const second = await get(commandName('B'));
      const later = second && startOf(second) >= startOf(first) ? second : first;
      return mapLast(later);
    },
  };
}

/** A command that has not begun is later than any that has. */
const startOf = ({ instanceView }: VirtualMachineRunCommand): number => millis(instanceView?.startTime) ?? Infinity;

const millis = (time: Date | undefined): number | undefined => {
  const value = time instanceof Date ? time.getTime() : Number.NaN;
  return Number.isNaN(value) ? undefined : value;
};

/** Undefined for a command with our name and a script that is not ours. */
function mapLast({ source, instanceView }: VirtualMachineRunCommand): LastCommand | undefined {
  const script = source?.script;
  if (script === undefined || commandIdIn(script) === undefined) return undefined;
  return {
    script,
    state: stateOf(instanceView?.executionState),
    output: instanceView?.output ?? '',
    ...defined({ endedAt: millis(instanceView?.endTime) }),
  };
}
