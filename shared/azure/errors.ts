/** Whatever an SDK throws, as AzureError. No SDK is imported: errors are told by their shape. */
import { AzureError, clip, GuardError, messageOf } from '../errors.ts';
import { defined } from '../model/optional.ts';
import { RequestTimeoutError, retryAfterSeconds } from './pipeline.ts';

interface Answered {
  status?: number;
  bodyAsText?: string | null;
  headers?: { get(name: string): string | undefined };
}

/** The parts of RestError (and of this app's LongWaitError) that are looked at. */
interface SdkError {
  name?: string;
  code?: string;
  message?: string;
  statusCode?: number;
  response?: Answered;
}

/**
 * Runs one call to Azure under a time limit. The signal ends the call's requests; throws AzureError for all that
 * goes wrong, with status 0 where there was no answer.
 * `given` ends them too.
 * @param action The RBAC action, `Microsoft.Compute/virtualMachines/runCommands/write`.
 */
export async function callAzure<T>(
  action: string,
  seconds: number,
  work: (signal: AbortSignal) => Promise<T>,
  given?: AbortSignal,
): Promise<T> {
  const limit = AbortSignal.timeout(seconds * 1000);
  try {
    return await work(given ? AbortSignal.any([limit, given]) : limit);
  } catch (error) {
    if (given?.aborted) throw timedOut(action, 'was not waited for any longer', error);
    if (limit.aborted) throw timedOut(action, `no answer within ${seconds} s`, error);
    throw toAzureError(action, error);
  }
}

/** The AzureError of anything thrown by a call; an error of this program stays as it is. */
export function toAzureError(action: string, error: unknown): GuardError {
  if (error instanceof GuardError) return error;
  const { name, code, statusCode, response } = (typeof error === 'object' && error !== null ? error : {}) as SdkError;
  if (error instanceof RequestTimeoutError) return timedOut(action, error.message, error);
  if (
    name === 'CredentialUnavailableError' ||
    name === 'AuthenticationError' ||
    name === 'AggregateAuthenticationError'
  ) {
    return new AzureError({ status: 401, azureCode: name, action, message: clip(messageOf(error), 500), cause: error });
  }
  const said = readBody(response?.bodyAsText);
  return new AzureError({
    status: statusCode ?? response?.status ?? 0,
    azureCode: said?.code ?? code ?? name ?? 'Unknown',
    action,
    message: clip(said?.message ?? messageOf(error), 500),
    retryAfterSeconds: retryAfterSeconds(response?.headers?.get('retry-after')),
    cause: error,
  });
}

const timedOut = (action: string, message: string, cause: unknown): AzureError =>
  new AzureError({ status: 0, azureCode: 'Timeout', action, message, cause });

const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Code and message of ARM's error body. */
function readBody(text: string | null | undefined): { code?: string; message?: string } | undefined {
  if (!text) return undefined;
  try {
    const { error } = JSON.parse(text) as { error?: { code?: unknown; message?: unknown } };
    return defined({ code: asText(error?.code), message: asText(error?.message) });
  } catch {
    // A proxy's page instead of ARM's JSON: the status says enough.
    return undefined;
  }
}
