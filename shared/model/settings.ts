/** The settings that the loop obeys: a part of the app's configuration, as plain data. */
import type { Scope } from './scope.ts';

/** One call to Azure, retries included, ends within this: what it could still do is over then. */
export const CALL_SECONDS = 30;

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
  /** An ended run is kept this long after it was accepted, milliseconds. */
  runAgeMs: number;
  /** Whether events are published; never called for otherwise. */
  tellsEvents: boolean;
  /** Put on every managed command. */
  commandTags: Record<string, string>;
}
