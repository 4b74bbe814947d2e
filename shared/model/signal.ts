/** What woke the program, and what a run of it covers. */
import type { GuestMode } from './guest.ts';

export const SIGNAL_KINDS = ['failover', 'resourceChange', 'primaryMoved', 'sweep', 'manual'] as const;

export type SignalKind = (typeof SIGNAL_KINDS)[number];

/** What a scope item names. `vip` narrows a failover to one address of its VM; all others are ARM ids. */
export const SCOPE_KINDS = ['subscription', 'resourceGroup', 'vm', 'nic', 'loadBalancer', 'frontend', 'vip'] as const;

export type ScopeKind = (typeof SCOPE_KINDS)[number];

export interface ScopeItem {
  kind: ScopeKind;
  id: string;
}

/** The longest name of a person that is kept, characters. */
export const MOST_NAME = 128;

/** Where an event came from; shown, never trusted. */
export interface EventOrigin {
  source: string;
  id: string;
  /** The event's own time, as it wrote it. */
  time: string;
}

/** A signal as it travels in the queue and is kept on a run. */
export interface Signal {
  subscriptionId: string;
  /** 32 hex digits. */
  runId: string;
  signal: SignalKind;
  scope: ScopeItem[];
  mode: GuestMode;
  dryRun: boolean;
  /** When the app accepted it, epoch milliseconds. */
  observedAt: number;
  event?: EventOrigin;
  /** The run that a person asked to repeat. */
  retryOf?: string;
  /** Who asked for it over HTTP: a person's name, or that it was a function key. Shown, and no right to anything. */
  askedBy?: string;
}
