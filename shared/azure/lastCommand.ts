/** What the last command of this program on a VM came to, from the Run Command resources that Azure keeps. */
import { AzureError } from '../errors.ts';
import { commandIdIn, commandName } from '../model/commandId.ts';
import { defined } from '../model/optional.ts';
import type { CommandSlot, LastCommand, LastCommandReader } from '../model/ports.ts';
import { CALL_SECONDS } from '../model/settings.ts';
import type { AzureClients } from './clients.ts';
import { callAzure } from './errors.ts';
import { COMPUTE_VERSION, get, jsonOf, urlOf, vmNames } from './get.ts';
import { type Json, objectIn, objectOf, textIn } from './guards.ts';
import { COMMANDS_ACTION, stateOf, vmParts } from './runCommand.ts';

/** A reader of the later of the two commands. The second name is used only after the first: most VMs take one call. */
export function createLastCommandReader(clients: AzureClients): LastCommandReader {
  return {
    async read(vmId) {
      const at = vmParts(vmId);
      const compute = await clients.compute(at.subscriptionId);
      const look = async (slot: CommandSlot): Promise<Json | undefined> => {
        const names = [...vmNames(at, at.vm), 'runCommands', commandName(slot)];
        const url = urlOf(clients.endpoint, names, `api-version=${COMPUTE_VERSION}&$expand=instanceView`);
        try {
          return await callAzure(`${COMMANDS_ACTION}/read`, CALL_SECONDS, async (abortSignal) =>
            objectIn(objectOf(jsonOf(await get(compute, url, abortSignal))), 'properties'),
          );
        } catch (error) {
          if (error instanceof AzureError && error.status === 404) return undefined;
          throw error;
        }
      };
      const first = await look('A');
      if (!first) return undefined;
      const second = await look('B');
      return mapLast(second && startOf(second) >= startOf(first) ? second : first);
    },
  };
}

const viewOf = (properties: Json): Json | undefined => objectIn(properties, 'instanceView');

/** A command that has not begun is later than any that has. */
const startOf = (properties: Json): number => millis(textIn(viewOf(properties), 'startTime')) ?? Infinity;

function millis(time: string | undefined): number | undefined {
  const value = Date.parse(time ?? '');
  return Number.isNaN(value) ? undefined : value;
}

/** Undefined for a command with our name and a script that is not ours. */
function mapLast(properties: Json): LastCommand | undefined {
  const script = textIn(objectIn(properties, 'source'), 'script');
  if (script === undefined || commandIdIn(script) === undefined) return undefined;
  const view = viewOf(properties);
  return {
    script,
    state: stateOf(textIn(view, 'executionState')),
    output: textIn(view, 'output') ?? '',
    ...defined({ endedAt: millis(textIn(view, 'endTime')) }),
  };
}
