/** What the parent and the processes that it kills say to each other. */
import type { LoopSettings } from '../../../shared/model/settings.ts';

/** Where a process ends: at the n-th call of a method in a run, counted from 1 over all of the run's processes. */
export interface Kill {
  method: string;
  nth: number;
  when: 'before' | 'after';
}

/** Calls by method. */
export type Counts = Record<string, number>;

/** One message of a queue to work on. */
export interface Order {
  queue: 'reconcile' | 'poison';
  message: string;
  settings: LoopSettings;
  connectionString: string;
  armEndpoint: string;
  /** How far this run's clock is ahead of the machine's. */
  aheadMs: number;
  counts: Counts;
  kill?: Kill;
}

export interface Answer {
  counts: Counts;
  /** The invocation threw. */
  error?: string;
  /** Every method of the loop's interfaces; empty before its first message. */
  methods: string[];
}
