/**
 * What one pass of the loop costs, by the size of the estate. The core alone first, in processor time; then whole passes
 * over Azurite, in calls and bytes; then a storm of events, by the clock.
 */
import type { BenchRow } from './rows.ts';
import { core } from './scale/core.ts';
import { passes } from './scale/passes.ts';
import { storm } from './scale/storm.ts';

export async function bench(): Promise<BenchRow[]> {
  return [...(await core()), ...(await passes()), ...(await storm())];
}
