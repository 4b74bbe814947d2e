/** What the process that loads an app is asked, and what it answers. */
import type { ReconcileMessage } from '../../shared/model/messages.ts';

export interface ChildTask {
  /** The file to load. */
  main: string;
  /** Tell which files were loaded. It slows the load down. */
  listFiles?: true;
  /** An event for mirrorFailover; each is given an id of its own. */
  event?: Record<string, unknown>;
  /** After how many events to look at the memory, ascending. */
  memoryAfter?: number[];
  /** A message for reconcile, after the events. */
  message?: ReconcileMessage;
}

export interface ChildAnswer {
  loadMs: number;
  /** Processor time of the load, all threads. */
  loadCpuMs: number;
  /** Functions that are registered. */
  functions: number;
  /** The first and the second event, milliseconds. */
  eventMs: number[];
  /** After a full collection: resident, in use on the heap, and what V8 keeps for new objects, used or not. */
  memory: { events: number; rssMb: number; heapMb: number; youngMb: number }[];
  /** When the first request to each host left, milliseconds after reconcile was called. */
  firstRequests: Record<string, number>;
  /** Names of the files that were loaded. */
  files: string[];
}
