/** The rows of a benchmark's table, and how they are measured and printed. */
import { performance } from 'node:perf_hooks';

/** One measured value. */
export interface BenchRow {
  name: string;
  value: number;
  /** `ms`, `MB`, `x`, `calls`, ...: what the value counts. */
  unit: string;
  /** The value must not be above this. */
  target?: number;
  ok: boolean;
}

/** A row: without a target nothing is asked of it. */
export function row(name: string, value: number, unit: string, target?: number): BenchRow {
  const rounded = Math.round(value * 100) / 100;
  return {
    name,
    value: rounded,
    unit,
    ...(target === undefined ? {} : { target }),
    ok: !(rounded > (target ?? Infinity)),
  };
}

/** The middle one of an odd number of values, the upper one of the two of an even number; NaN of none. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Processor time of this process so far, all its threads, milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Runs work so many times; the median of what it took by the clock, milliseconds, and the last answer. */
export async function medianTime<T>(times: number, work: () => Promise<T>): Promise<{ ms: number; answer: T }> {
  const took: number[] = [];
  let answer: T | undefined;
  for (let i = 0; i < times; i += 1) {
    const began = performance.now();
    answer = await work();
    took.push(performance.now() - began);
  }
  return { ms: median(took), answer: answer as T };
}

/** A line of the table. */
export function lineOf({ name, value, unit, target, ok }: BenchRow): string {
  const shown = `${value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 0 })} ${unit}`;
  const asked = target === undefined ? '' : `   ${ok ? 'ok' : 'MISSED'}, at most ${target.toLocaleString('en')}`;
  return `  ${name.padEnd(86)} ${shown.padStart(12)}${asked}`;
}
