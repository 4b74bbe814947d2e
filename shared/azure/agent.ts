/** The VM agent, from the VM's instance view. */

import { AzureError, InputError } from '../errors.ts';
import { parseResourceId } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { AgentReader } from '../model/ports.ts';
import { VM_TYPE } from '../model/resourceTypes.ts';
import { CALL_SECONDS } from '../model/settings.ts';
import type { AgentView } from '../model/surroundings.ts';
import type { AzureClients } from './clients.ts';
import { callAzure } from './errors.ts';
import { COMPUTE_VERSION, get, jsonOf, urlOf, vmNames } from './get.ts';
import { listIn, objectIn, objectOf, textIn } from './guards.ts';

const ACTION = 'Microsoft.Compute/virtualMachines/instanceView/read';

/** A reader of a VM’s agent. Throws InputError for an id that is no VM’s, without a call. */
export function createAgentReader(clients: AzureClients): AgentReader {
  return {
    async read(vmId) {
      const id = parseResourceId(vmId);
      const [vm] = id?.names ?? [];
      if (id?.type !== VM_TYPE || !vm) {
        throw new InputError('INPUT_INVALID', 'vmId', vmId, 'expected the id of a virtual machine');
      }
      const compute = await clients.compute(id.subscriptionId);
      const url = urlOf(clients.endpoint, [...vmNames(id, vm), 'instanceView'], `api-version=${COMPUTE_VERSION}`);
      try {
        return await callAzure(ACTION, CALL_SECONDS, async (abortSignal) =>
          mapAgent(jsonOf(await get(compute, url, abortSignal))),
        );
      } catch (error) {
        if (error instanceof AzureError && error.status === 404) return undefined;
        throw error;
      }
    },
  };
}

/** Status and version of the agent; both are missing while a VM is off. */
export function mapAgent(view: unknown): AgentView {
  const agent = objectIn(objectOf(view), 'vmAgent');
  return defined({
    status: textIn(objectOf(listIn(agent, 'statuses')[0]), 'displayStatus') || undefined,
    version: textIn(agent, 'vmAgentVersion') || undefined,
  });
}
