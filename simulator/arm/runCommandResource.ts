/**
 * The Run Command resource: what a PUT may say and how a GET shows it. Shape: sample runcommand_v2_get.json
 * (spec example VirtualMachineRunCommand_Get.json).
 */
import { isDeepStrictEqual } from 'node:util';
import { ArmError } from './errors.ts';
import type { InstanceView } from './guestHandler.ts';

/** What the caller asked for. */
export interface CommandSpec {
  location: string;
  tags?: Record<string, string>;
  script: string;
  timeoutInSeconds: number;
  asyncExecution: boolean;
  treatFailureAsDeploymentFailure: boolean;
}

const DEFAULT_TIMEOUT = 5400;
/** Properties that Azure has and this simulator does not act on. */
const NOT_MODELLED = ['parameters', 'protectedParameters', 'runAsUser', 'outputBlobUri', 'errorBlobUri'];

/** Reads a PUT's body; throws ARM's 400, or 501 for what is not modelled. */
export function readSpec(body: unknown, vmLocation: string): CommandSpec {
  const resource = object(body, 'body');
  const properties = object(resource.properties, 'properties');
  const source = object(properties.source, 'source');
  for (const name of NOT_MODELLED) {
    if (properties[name] !== undefined) throw new ArmError(501, 'NotModelled', `properties.${name} is not modelled.`);
  }
  if (typeof source.script !== 'string') {
    throw new ArmError(501, 'NotModelled', 'Only properties.source.script is modelled, no scriptUri and no commandId.');
  }
  if (typeof resource.location !== 'string') throw invalid('location', 'Required parameter is missing (null).');
  if (plainRegion(resource.location) !== plainRegion(vmLocation)) {
    throw invalid('location', `The location '${resource.location}' is not the location of the virtual machine.`);
  }
  const timeout = properties.timeoutInSeconds ?? DEFAULT_TIMEOUT;
  if (typeof timeout !== 'number' || timeout <= 0) throw invalid('timeoutInSeconds', 'The value is invalid.');
  return {
    location: resource.location,
    ...(resource.tags ? { tags: resource.tags as Record<string, string> } : {}),
    script: source.script,
    timeoutInSeconds: timeout,
    asyncExecution: properties.asyncExecution === true,
    treatFailureAsDeploymentFailure: properties.treatFailureAsDeploymentFailure === true,
  };
}

/** True when a PUT would not run anything: what the handler gets is the same. Tags do not reach it. */
export const sameConfiguration = (a: CommandSpec, b: CommandSpec): boolean =>
  isDeepStrictEqual({ ...a, tags: undefined }, { ...b, tags: undefined });

/** The resource as ARM shows it; `view` for `$expand=instanceView`. */
export function commandResource(
  id: string,
  name: string,
  command: { spec: CommandSpec; provisioningState: string },
  view?: InstanceView,
): Record<string, unknown> {
  const { spec } = command;
  return {
    name,
    id,
    type: 'Microsoft.Compute/virtualMachines/runCommands',
    location: spec.location,
    ...(spec.tags ? { tags: spec.tags } : {}),
    properties: {
      source: { script: spec.script },
      parameters: [],
      asyncExecution: spec.asyncExecution,
      treatFailureAsDeploymentFailure: spec.treatFailureAsDeploymentFailure,
      timeoutInSeconds: spec.timeoutInSeconds,
      provisioningState: command.provisioningState,
      ...(view ? { instanceView: { ...view, statuses: [] } } : {}),
    },
  };
}

const plainRegion = (location: string): string => location.toLowerCase().replaceAll(' ', '');

const invalid = (parameter: string, message: string): ArmError =>
  new ArmError(400, 'InvalidParameter', `${message} (parameter: ${parameter})`);

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(name, 'Required parameter is missing (null).');
  }
  return value as Record<string, unknown>;
}
