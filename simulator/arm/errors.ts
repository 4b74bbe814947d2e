/** ARM's error bodies, worded as Azure words them. */

/** Thrown by a handler, becomes the answer: `{"error": {"code", "message"}}` with its status and headers. */
export class ArmError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;
  readonly details: unknown[] | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    extra: { headers?: Record<string, string>; details?: unknown[] } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = extra.headers ?? {};
    this.details = extra.details;
  }

  /** The body as ARM writes it. */
  body(): unknown {
    return {
      error: { code: this.code, message: this.message, ...(this.details ? { details: this.details } : {}) },
    };
  }
}

/** ARM's answer for a resource that is not there. */
export const notFound = (type: string, name: string, group: string): ArmError =>
  new ArmError(
    404,
    'ResourceNotFound',
    `The Resource '${type}/${name}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );

/** Text from Azure/azure-cli#6898 (samples/runcommand_errors.json). */
export const vmNotRunning = (): ArmError =>
  new ArmError(409, 'OperationNotAllowed', 'The operation requires the VM to be running (or set to run).');

/** Text from samples/runcommand_errors.json: somebody's action Run Command (v1) is on the VM. */
export const actionInProgress = (): ArmError =>
  new ArmError(
    409,
    'Conflict',
    'Run command extension execution is in progress. Please wait for completion before invoking a run command.',
  );

/** Text from MicrosoftDocs/azure-docs#117976; its status is not told there, 409 is this simulator's reading. */
export const tooManyRunCommands = (): ArmError =>
  new ArmError(
    409,
    'OperationNotAllowed',
    'The maximum number of managed Run commands (max=25, current=25) has been exceeded. Use fewer Run commands and retry the request. To list Run commands, refer: https://aka.ms/RunCommandManaged#list-all-deployed-runcommand-resources-on-a-vm-1 and then delete a Run command: https://aka.ms/RunCommandManaged#delete-runcommand-resource-from-the-vm-1',
  );

/**
 * Wording of management locks, "Lock your resources" in the Azure Resource Manager documentation: a ReadOnly lock refuses
 * writes as well.
 */
export const scopeLocked = (scope: string, lock: string, operation: 'delete' | 'write'): ArmError =>
  new ArmError(
    409,
    'ScopeLocked',
    `The scope '${scope}' cannot perform ${operation} operation because following scope(s) are locked: '${lock}'. Please remove the lock and try again.`,
  );

/** The compute provider's text for a VM with osProfile.allowExtensionOperations false (microsoftdocs: "Error code OperationNotAllowed"). */
export const extensionsDisallowed = (): ArmError =>
  new ArmError(
    409,
    'OperationNotAllowed',
    'This operation cannot be performed when extension operations are disallowed. To allow, please ensure VM Agent is installed on the VM and the osProfile.allowExtensionOperations property is true.',
  );

/** A policy with the deny effect, "Troubleshoot common errors: RequestDisallowedByPolicy" in the documentation. */
export const disallowedByPolicy = (name: string, scope: string): ArmError => {
  const assignment = `${scope}/providers/Microsoft.Authorization/policyAssignments/no-run-command`;
  return new ArmError(
    403,
    'RequestDisallowedByPolicy',
    `Resource '${name}' was disallowed by policy. Policy identifiers: '[{"policyAssignment":{"name":"No Run Command","id":"${assignment}"}}]'.`,
  );
};

/** ARM's answer to a principal without the right, "Troubleshoot Azure RBAC" in the documentation. */
export const forbidden = (
  principal: { clientId: string; principalId: string },
  action: string,
  scope: string,
): ArmError =>
  new ArmError(
    403,
    'AuthorizationFailed',
    `The client '${principal.clientId}' with object id '${principal.principalId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
