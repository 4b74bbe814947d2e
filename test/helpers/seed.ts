/** How many random histories are played, and from which seed: HAIRPIN_HISTORIES and HAIRPIN_SEED say it again. */
import type { ExecutionContext } from 'ava';
import type { Parameters } from 'fast-check';

const SEED = Number(process.env.HAIRPIN_SEED ?? Math.floor(Math.random() * 2 ** 31));
export const HISTORIES = Number(process.env.HAIRPIN_HISTORIES ?? 1000);

/** Of fast-check, for so many runs. */
export const parameters = <T>(numRuns: number): Parameters<T> => ({
  numRuns,
  seed: SEED,
  includeErrorInReport: true,
});

/** Says how to play the same again. */
export const tell = (t: ExecutionContext, count: number): void =>
  t.log(`${count} histories, HAIRPIN_SEED=${SEED} HAIRPIN_HISTORIES=${count}`);
