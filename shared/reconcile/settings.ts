/** The settings that the loop obeys: a part of the app's configuration. */
import type { GuestCommand } from '../model/guest.ts';
import type { Scope } from '../model/scope.ts';

export interface LoopSettings {
  scope: Scope;
  /** `audit` never changes a guest. */
  enforcement: 'enforce' | 'audit';
  /** Commands at a time per subscription. */
  maxCommands: number;
  /** Minutes of the day (UTC) between which automatic repairs may change a guest; `from` may be later than `to`. */
  window?: { from: number; to: number };
  /** A look into a guest older than this is renewed by a sweep, milliseconds. */
  proofAgeMs: number;
  /** How long a command may take in all, seconds. */
  commandSeconds: number;
  /** How long Azure may take to start a command and to show its end, beyond what the script may take, seconds. */
  commandSlackSeconds: number;
  /** How long one connect may take in the guest, seconds. */
  connectSeconds: number;
  /** The bell while something is open, seconds. */
  bellSeconds: number;
  /** Without a run, a mirror's health is asked again after this, seconds. */
  watchSeconds: number;
  /** Rule health calls per minute. */
  healthPerMinute: number;
  /** Put on every managed command. */
  commandTags: Record<string, string>;
}

/** How long a run may stay open before what still waits in it is given up, milliseconds. */
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
