/** What is kept of paths over time: how each stood, since when, and the spans before. Times are epoch milliseconds. */
import type { Exposure, ProofKind, Verdict } from './findings.ts';

/** How a path stood. */
export interface PathState {
  exposure: Exposure;
  verdict: Verdict;
  proof: ProofKind;
  /** When it was proved; to the day while nothing else changes. */
  provedAt?: number;
  /** The first finding on it: what kept it so. */
  code?: string;
  /** The run by which it came to stand so, where one was about its VM. */
  runId?: string;
}

/** A time in which nothing changed. */
export interface PathSpan extends PathState {
  from: number;
  to: number;
}

/** Changes of a day beyond those that are kept one by one: how long it stood how, as `active blocked`. */
export interface MixedSpan {
  from: number;
  to: number;
  changes: number;
  ms: Record<string, number>;
}

/** How a path stands now. */
export interface PathNow extends PathState {
  /** Since when nothing of it changed. */
  since: number;
  /** Since when its exposure and verdict are what they are; not there where they were so before that was kept. */
  held?: number;
  /** They were so when the path was first seen: what was before is not known. */
  first?: true;
}

export interface PathHistory {
  frontendId: string;
  vip: string;
  /** How it stands; not there when the VM is no member any more. */
  now?: PathNow;
  /** What ended on the row's day, the earliest first. */
  spans: PathSpan[];
  rest?: MixedSpan;
}

/**
 * A VM's paths: how they stand, and what ended on one day. The row of a day before holds what ended on that day alone, and
 * is never written again.
 */
export interface HistoryRow {
  vmId: string;
  /** In UTC, `2026-01-05`. */
  day: string;
  paths: PathHistory[];
}

export const DAY_MS = 86_400_000;

/** The day of a time, in UTC. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** When a day begins. */
export const startOf = (day: string): number => Date.parse(`${day}T00:00:00Z`);

/** The days from one to another, both included; none where the second is before the first. */
export function daysBetween(first: string, last: string): string[] {
  const days: string[] = [];
  for (let at = startOf(first); at <= startOf(last); at += DAY_MS) days.push(dayOf(at));
  return days;
}

/** The partition of what ended on a day; how paths stand is in that of the subscription itself. */
export const historyPartition = (subscriptionId: string, day: string): string => `${subscriptionId}_${day}`;
