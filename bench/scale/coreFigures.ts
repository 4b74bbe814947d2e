/** What is told of the pure core, for each size. */
export interface CoreFigures {
  vms: number;
  /** Median of five, milliseconds of processor time. */
  steps: Record<string, number>;
  /** The most that is in use at the end of a step, with all rows of such an estate in hand, MB. */
  heapMb: number;
}

/** The step that is no part of the loop: what a machine takes for plain work on the same lists. */
export const COPY = 'a copy of the lists through JSON, to compare with';
