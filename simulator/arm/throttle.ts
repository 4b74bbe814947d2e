/**
 * Azure's limits as token buckets. Sources: "Understand how Azure Resource Manager throttles requests" (per
 * subscription and principal: reads 250 refilled 25/s, writes and deletes 200 refilled 10/s) and "Compute throttling
 * limits" (Run Command per VM, bucket 12 refilled 4/min).
 */
import type { Call } from './actions.ts';
import { ArmError } from './errors.ts';

export interface BucketSize {
  capacity: number;
  perSecond: number;
}

export interface Limits {
  reads: BucketSize;
  writes: BucketSize;
  deletes: BucketSize;
  /** Managed Run Command PUTs per VM. */
  runCommandsPerVm: BucketSize;
}

export const AZURE_LIMITS: Limits = {
  reads: { capacity: 250, perSecond: 25 },
  writes: { capacity: 200, perSecond: 10 },
  deletes: { capacity: 200, perSecond: 10 },
  runCommandsPerVm: { capacity: 12, perSecond: 4 / 60 },
};

interface Bucket {
  tokens: number;
  at: number;
}

/** Azure counts apart what is read, deleted and written. */
function kindOf(method: Call['method']): 'reads' | 'writes' | 'deletes' {
  if (method === 'GET') return 'reads';
  return method === 'DELETE' ? 'deletes' : 'writes';
}

export class Throttle {
  readonly #limits: Limits;
  readonly #now: () => number;
  #buckets = new Map<string, Bucket>();

  constructor(limits: Limits, now: () => number = Date.now) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Counts one call and returns what is left, for the rate limit header; throws ARM's 429 when nothing is. */
  count(call: Call, subscription: string, clientId: string): { header: string; left: number } {
    const kind = kindOf(call.method);
    const { wait, left } = this.#take(`${kind} ${subscription.toLowerCase()} ${clientId}`, this.#limits[kind]);
    if (wait > 0) {
      throw new ArmError(
        429,
        'SubscriptionRequestsThrottled',
        `Number of requests for subscription '${subscription}' and operation '${call.action}' exceeded the backend storage limit. Please try again after '${wait}' seconds.`,
        { headers: { 'Retry-After': String(wait) } },
      );
    }
    return { header: `x-ms-ratelimit-remaining-subscription-${kind}`, left };
  }

  /** Counts a Run Command on a VM; throws Compute's 429. */
  countRunCommand(vmId: string): void {
    const { wait } = this.#take(`run ${vmId.toLowerCase()}`, this.#limits.runCommandsPerVm);
    if (wait === 0) return;
    throw new ArmError(
      429,
      'OperationNotAllowed',
      'The server rejected the request because too many requests have been received for this subscription.',
      {
        headers: { 'Retry-After': String(wait) },
        details: [{ code: 'TooManyRequests', target: 'UpdateVMRunCommand', message: `Retry after ${wait} seconds.` }],
      },
    );
  }

  #take(key: string, size: BucketSize): { wait: number; left: number } {
    const now = this.#now();
    const bucket = this.#buckets.get(key) ?? { tokens: size.capacity, at: now };
    bucket.tokens = Math.min(size.capacity, bucket.tokens + ((now - bucket.at) / 1000) * size.perSecond);
    bucket.at = now;
    this.#buckets.set(key, bucket);
    if (bucket.tokens < 1) return { wait: Math.max(1, Math.ceil((1 - bucket.tokens) / size.perSecond)), left: 0 };
    bucket.tokens -= 1;
    return { wait: 0, left: Math.floor(bucket.tokens) };
  }
}
