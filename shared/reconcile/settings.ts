/** What follows from the loop's settings, and the budgets that are no settings. */
import type { GuestCommand } from '../model/guest.ts';
import type { LoopSettings } from '../model/settings.ts';

/** How long a run may stay open, from when it was planned, before what is still open in it is given up, milliseconds. */
export const RUN_BUDGET_MS = 2 * 3_600_000;
/** How long a run waits for the agent of a VM that changed, and how long between two looks, milliseconds. */
export const AGENT_BUDGET_MS = 15 * 60_000;
export const AGENT_PAUSE_MS = 30_000;
/** How long a run may wait for a first reading of the estate, milliseconds. */
export const TOPOLOGY_BUDGET_MS = 10 * 60_000;

/** What the guest's script is allowed, seconds. */
export const guestLimits = (settings: LoopSettings): GuestCommand['limits'] => ({
  connectSeconds: settings.connectSeconds,
  totalSeconds: settings.commandSeconds,
});

/** True when automatic repairs may change guests at this time. */
export function inWindow(settings: LoopSettings, now: number): boolean {
  if (!settings.window) return true;
  const { from, to } = settings.window;
  const minute = Math.floor((now % 86_400_000) / 60_000);
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}
