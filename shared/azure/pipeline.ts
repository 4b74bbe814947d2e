/**
 * Two policies for the SDKs' pipeline. The SDKs pass an abort signal to a call's first request only, not to further
 * pages and polls (pagingHelpers.js, pollingHelpers.js), and they wait out a Retry-After however long it is.
 */
import type { ComputeManagementClientOptionalParams } from '@azure/arm-compute';

type Policy = NonNullable<ComputeManagementClientOptionalParams['additionalPolicies']>[number]['policy'];
type PipelineResponse = Awaited<ReturnType<Parameters<Policy['sendRequest']>[1]>>;

/** A single request took too long. Not a RestError, so the SDK's retry lets it pass. */
export class RequestTimeoutError extends Error {
  constructor(seconds: number, options: ErrorOptions) {
    super(`a request had no answer within ${seconds} s`, options);
    this.name = 'RequestTimeoutError';
  }
}

/** Azure asked for a longer wait than a call may take. Not a RestError, so the SDK's retry lets it pass. */
export class LongWaitError extends Error {
  readonly response: PipelineResponse;

  constructor(response: PipelineResponse) {
    super(`Azure answered ${response.status} with a long Retry-After`);
    this.name = 'LongWaitError';
    this.response = response;
  }
}

/** An answer of 300 or more to a request that was made without an SDK’s model. Told by its body. */
export class RefusedError extends Error {
  readonly response: PipelineResponse;

  constructor(response: PipelineResponse) {
    super(`Azure answered ${response.status}`);
    this.name = 'RefusedError';
    this.response = response;
  }
}

/** Ends each single request, its body included, after so many seconds with {@link RequestTimeoutError}. */
export function requestLimit(seconds: number): Policy {
  return {
    name: 'requestLimit',
    async sendRequest(request, next) {
      const given = request.abortSignal;
      const limit = AbortSignal.timeout(seconds * 1000);
      request.abortSignal = given ? AbortSignal.any([given as AbortSignal, limit]) : limit;
      try {
        return await next(request);
      } catch (error) {
        throw limit.aborted ? new RequestTimeoutError(seconds, { cause: error }) : error;
      } finally {
        if (given) request.abortSignal = given;
        else delete request.abortSignal;
      }
    },
  };
}

/** Throws {@link LongWaitError} for a 429 or 503 whose Retry-After is longer than so many seconds. */
export function shortWaits(seconds: number): Policy {
  return {
    name: 'shortWaits',
    async sendRequest(request, next) {
      const response = await next(request);
      const wait = retryAfterSeconds(response.headers.get('retry-after'));
      if ((response.status === 429 || response.status === 503) && wait !== undefined && wait > seconds) {
        throw new LongWaitError(response);
      }
      return response;
    },
  };
}

/** Seconds of a Retry-After header, which holds a number or a date; undefined without one that can be read. */
export function retryAfterSeconds(header: string | undefined, now = Date.now()): number | undefined {
  if (!header) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000));
}
