/** One clock for all processes of the lab, and for systemd's monotonic timestamps. */
import { within } from '../../simulator/until.ts';

/** Milliseconds of CLOCK_MONOTONIC. */
export const now = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until something is so. Resolves to false when the time is up. */
export async function until(isSo: () => boolean | Promise<boolean>, timeoutMs: number, stepMs = 50): Promise<boolean> {
  return (await within(isSo, timeoutMs, stepMs)) ?? false;
}
