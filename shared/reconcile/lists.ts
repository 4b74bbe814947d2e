/** The lists of all configured subscriptions, side by side: one that fails, or takes its time, holds up no other. */
import { asAzureError, clip } from '../errors.ts';
import { joinTopologies } from '../evaluate/joinTopologies.ts';
import { isAhead } from '../model/ahead.ts';
import type { UnreadLists } from '../model/lease.ts';
import type { Clock, TopologyReader } from '../model/ports.ts';
import type { Topology } from '../model/topology.ts';

/** So much longer than a subscription's own lists may those of another one take, milliseconds. */
const OTHERS_MS = 20_000;
/** For so long the lists of another subscription are not asked for again once they could not be read, milliseconds. */
const PAUSE_MS = 60_000;

/** One estate, and what could not be read of it. */
export interface Lists {
  topology: Topology;
  unread: UnreadLists[];
}

/**
 * Reads the estate of one subscription's loop. `remembered`: what earlier passes could not read, which is not asked for
 * again at once. Throws AzureError when the subscription's own lists cannot be read.
 */
export async function readLists(
  { topology, clock }: { topology: TopologyReader; clock: Clock },
  subscriptionId: string,
  configured: readonly string[],
  remembered: readonly UnreadLists[] = [],
): Promise<Lists> {
  const others = configured.filter((id) => id !== subscriptionId);
  if (others.length === 0) return { topology: await topology.read(subscriptionId), unread: [] };
  const now = clock.now();
  const enough = new AbortController();
  const read = others.map(async (id): Promise<Topology | UnreadLists> => {
    const known = remembered.find((lists) => lists.subscriptionId === id);
    if (known && isAhead(known.until, now, PAUSE_MS)) return known;
    try {
      return await Promise.race([topology.read(id, enough.signal), aborted(enough.signal)]);
    } catch (error) {
      const why = asAzureError(error, 'read the lists').message;
      return { subscriptionId: id, why: clip(why, 300), until: clock.now() + PAUSE_MS };
    }
  });
  const own = await topology.read(subscriptionId).catch((error: unknown) => {
    enough.abort();
    throw error;
  });
  const timer = setTimeout(() => enough.abort(), OTHERS_MS);
  const found = await Promise.all(read).finally(() => clearTimeout(timer));
  const unread = found.filter((lists) => 'why' in lists);
  return {
    topology: joinTopologies(
      own,
      found.filter((lists) => 'vms' in lists),
      unread,
    ),
    unread,
  };
}

/** Rejects when nobody waits any longer. */
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () =>
      reject(new Error(`no answer ${OTHERS_MS / 1000} s after this subscription’s own`)),
    );
  });
