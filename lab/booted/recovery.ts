/** From looks and connects to the time that a recovery took. Pure. */
import type { Connect } from './inside.ts';
import type { Sample } from './sampler.ts';

export interface Recovery {
  /** Milliseconds from the disturbance until all was whole and stayed so; undefined: it is not whole. */
  recoveredMs?: number;
  /** Of these, since the network manager (or whoever disturbed) had given the addresses back; as long when they never went. */
  ownMs?: number;
  /** Looks, and those in which no `lookup local` was there. */
  looks: number;
  withoutLocal: number;
  connects: number;
  failed: number;
  /** Connects that the server saw come from another address than the via address. */
  strange: number;
}

export interface Expected {
  /** What `ours` of a look is when all is whole. */
  ours: string;
  /** The address that the server must see. */
  via: string;
}

/**
 * The state is whole when rules and routes equal the expected ones, and a connect to each VIP that began later works.
 * Samples and connects in any order; those before `begin` count for nothing.
 */
export function recoveryOf(begin: number, samples: Sample[], connects: Connect[], { ours, via }: Expected): Recovery {
  const seen = samples.filter((sample) => sample.at >= begin).sort((a, b) => a.at - b.at);
  const tried = connects.filter((connect) => connect.at >= begin).sort((a, b) => a.at - b.at);
  const isGood = (connect: Connect) => connect.ok && connect.peer === via;
  const counts = {
    looks: seen.length,
    withoutLocal: seen.filter((sample) => !sample.local).length,
    connects: tried.length,
    failed: tried.filter((connect) => !connect.ok).length,
    strange: tried.filter((connect) => connect.ok && !isGood(connect)).length,
  };
  const whole = firstAfterLast(seen, (sample) => sample.ours === ours && sample.local);
  const vips = [...new Set(tried.map((connect) => connect.vip))];
  const connected = vips.map((vip) =>
    firstAfterLast(
      tried.filter((connect) => connect.vip === vip),
      isGood,
    ),
  );
  const ends = [whole, ...connected];
  if (vips.length === 0 || ends.includes(undefined)) return counts;
  // What was never disturbed took no time: the first good look or connect is no end of anything.
  const end = Math.max(begin, ...ends.map((it) => (it?.after ? it.at : begin)));
  const addresses = firstAfterLast(seen, (sample) => sample.addresses);
  const returned = addresses?.after ? Math.min(addresses.at, end) : begin;
  return { ...counts, recoveredMs: Math.round(end - begin), ownMs: Math.round(end - returned) };
}

/** The first of the good ones at the end of a list, and whether a bad one stands before it. */
function firstAfterLast<T extends { at: number }>(
  list: T[],
  isGood: (item: T) => boolean,
): { at: number; after: boolean } | undefined {
  const last = list.findLastIndex((item) => !isGood(item));
  const first = list[last + 1];
  return first && { at: first.at, after: last >= 0 };
}
