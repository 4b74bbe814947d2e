/**
 * Managed Run Command under two fixed names. A PUT whose script differs runs; one that is equal does not, so every
 * script carries its command id in a line that is read back from what Azure holds.
 */
import { AzureError, InputError } from '../errors.ts';
import { commandIdIn, commandName } from '../model/commandId.ts';
import { parseResourceId } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { CommandSlot, CommandView, ExecutionState, GuestCommands } from '../model/ports.ts';
import { VM_TYPE } from '../model/resourceTypes.ts';
import { CALL_SECONDS } from '../model/settings.ts';
import type { AzureClients } from './clients.ts';
import { callAzure } from './errors.ts';
import { COMPUTE_VERSION, get, jsonOf, urlOf, vmNames } from './get.ts';
import { type Json, listIn, numberIn, objectIn, objectOf, textIn } from './guards.ts';

export const COMMANDS_ACTION = 'Microsoft.Compute/virtualMachines/runCommands';

/** Managed Run Command. Throws InputError for an id that is no VM’s, without a call. */
export function createGuestCommands(clients: AzureClients): GuestCommands {
  const vmOf = async (vmId: string) => {
    const { subscriptionId, resourceGroup, vm } = vmParts(vmId);
    const compute = await clients.compute(subscriptionId);
    return { compute, commands: compute.virtualMachineRunCommands, subscriptionId, resourceGroup, vm };
  };

  return {
    async look(vmId, slot) {
      const at = await vmOf(vmId);
      const names = [...vmNames(at, at.vm), 'runCommands', commandName(slot)];
      const url = urlOf(clients.endpoint, names, `api-version=${COMPUTE_VERSION}&$expand=instanceView`);
      try {
        return await callAzure(`${COMMANDS_ACTION}/read`, CALL_SECONDS, async (abortSignal) =>
          mapCommand(slot, jsonOf(await get(at.compute, url, abortSignal))),
        );
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

/** A managed command as this program sees it, from the REST API's JSON. */
export function mapCommand(slot: CommandSlot, command: unknown): CommandView {
  const properties = objectIn(objectOf(command), 'properties');
  const view = objectIn(properties, 'instanceView');
  return {
    slot,
    ...defined({ commandId: commandIdIn(textIn(objectIn(properties, 'source'), 'script')) }),
    state: stateOf(textIn(view, 'executionState')),
    provisioningState: textIn(properties, 'provisioningState') ?? '',
    ...defined({ exitCode: numberIn(view, 'exitCode') }),
    output: textIn(view, 'output') ?? '',
    error: textIn(view, 'error') ?? '',
    message: textIn(view, 'executionMessage') || messageIn(view),
    ...defined({ startTime: timeText(textIn(view, 'startTime')) }),
  };
}

/** What the handler says in the instance view's statuses, an error before anything else. */
function messageIn(view: Json | undefined): string {
  const statuses = listIn(view, 'statuses').map(objectOf);
  const said = statuses.filter((status) => textIn(status, 'message'));
  const worst = said.find((status) => /^error$/i.test(textIn(status, 'level') ?? '')) ?? said.at(-1);
  return textIn(worst, 'message') ?? '';
}

/** A time that is only compared for equality, in one spelling; undefined where Azure wrote none. */
function timeText(text: string | undefined): string | undefined {
  const time = new Date(text ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

/** The parts of a VM's id. Throws InputError for an id that is no VM's. */
export function vmParts(vmId: string): { subscriptionId: string; resourceGroup: string; vm: string } {
  const id = parseResourceId(vmId);
  const [vm] = id?.names ?? [];
  if (id?.type !== VM_TYPE || !vm)
    throw new InputError('INPUT_INVALID', 'vmId', vmId, 'expected the id of a virtual machine');
  return { subscriptionId: id.subscriptionId, resourceGroup: id.resourceGroup, vm };
}
