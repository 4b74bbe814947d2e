/** What follows from the loop's settings, and the budgets that are no settings. */
import type { GuestCommand } from '../model/guest.ts';
import type { CommandRow, RunRow } from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';

/** How long a run may stay open, from when it was planned, before what is still open in it is given up, milliseconds. */
const RUN_BUDGET_MS = 2 * 3_600_000;
/** How long a run waits for the agent of a VM that changed, and how long between two looks, milliseconds. */
export const AGENT_BUDGET_MS = 15 * 60_000;
export const AGENT_PAUSE_MS = 30_000;
/** How long a run may wait for a first reading of the estate, milliseconds. */
export const ESTATE_BUDGET_MS = 10 * 60_000;

/** True for a run that took longer than it may. A signal that waited for the app is as good as new. */
export const isOverdue = (run: RunRow, now: number): boolean =>
  now - (run.startedAt ?? run.observedAt) >= RUN_BUDGET_MS;

/** What the guest's script is allowed, seconds. */
export const guestLimits = (settings: LoopSettings): GuestCommand['limits'] => ({
  connectSeconds: settings.connectSeconds,
  totalSeconds: settings.commandSeconds,
});

/** The public networks that a plan may name. */
export const guestNetworks = ({ scope }: LoopSettings): Pick<GuestCommand, 'networks'> =>
  scope.networks?.length ? { networks: [...scope.networks] } : {};

/** What a command may take from the PUT to its report, milliseconds. */
export const commandMs = (settings: LoopSettings): number =>
  1000 * (settings.commandSeconds + settings.commandSlackSeconds);

/**
 * True for a command that outlasted its deadline, was cancelled, and did not end in as much time again: it may stay for
 * ever, and nobody waits for it any more.
 */
export const isStuck = ({ phase, cancelled }: CommandRow, settings: LoopSettings, now: number): boolean =>
  phase === 'cancelling' && cancelled !== undefined && now - cancelled.at >= commandMs(settings);

/** True when automatic repairs may change guests at this time. */
export function inWindow(settings: LoopSettings, now: number): boolean {
  if (!settings.window) return true;
  const { from, to } = settings.window;
  const minute = Math.floor((now % 86_400_000) / 60_000);
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}
