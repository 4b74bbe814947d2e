/** The rows of a benchmark's table, and how they are measured and printed. */
import { performance } from 'node:perf_hooks';

/** One measured value. */
export interface BenchRow {
  name: string;
  value: number;
  /** `ms`, `MB`, `x`, `calls`, ...: what the value counts. */
  unit: string;
  /** The value must not be above this; not below it where `isFloor`. */
  target?: number;
  isFloor?: true;
  ok: boolean;
  /** What is compared, and on what data. */
  compared: string;
  /** Of repeated measurements: the tenth part lies below the first, a tenth above the second. */
  spread?: [number, number];
}

/** What a row has besides its value. */
export interface RowMore {
  compared?: string;
  isFloor?: boolean;
  spread?: [number, number];
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

/** A row: without a target nothing is asked of it. A value that is none misses every target. */
export function row(name: string, value: number, unit: string, target?: number, more: RowMore = {}): BenchRow {
  const shown = rounded(value);
  const { isFloor = false, spread, compared = '' } = more;
  return {
    name,
    value: shown,
    unit,
    ...(target === undefined ? {} : { target }),
    ...(isFloor ? { isFloor: true as const } : {}),
    ok: target === undefined || (isFloor ? shown >= target : shown <= target),
    compared,
    ...(spread ? { spread: [rounded(spread[0]), rounded(spread[1])] as [number, number] } : {}),
  };
}

/** A row of repeated measurements: their median, and their spread. */
export const rowOf = (
  name: string,
  values: readonly number[],
  unit: string,
  target?: number,
  more: RowMore = {},
): BenchRow => row(name, median(values), unit, target, { spread: spreadOf(values), ...more });

/** The values below and above which a tenth of all lies; the least and the most of ten or fewer. */
export function spreadOf(values: readonly number[]): [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  const cut = Math.floor(sorted.length / 10) - (sorted.length <= 10 ? 1 : 0);
  const at = Math.max(0, cut);
  return [sorted[at] ?? Number.NaN, sorted[sorted.length - 1 - at] ?? Number.NaN];
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
export function lineOf({ name, value, unit, target, isFloor, ok, spread }: BenchRow): string {
  const from = spread ? `  (${numberOf(spread[0])} to ${numberOf(spread[1])})` : '';
  const asked =
    target === undefined
      ? ''
      : `   ${ok ? 'ok' : 'MISSED'}, at ${isFloor ? 'least' : 'most'} ${target.toLocaleString('en')}`;
  return `  ${name.padEnd(86)} ${`${numberOf(value)} ${unit}`.padStart(12)}${from}${asked}`;
}

/** A value as people read it: two digits after the point below ten, one below a hundred. */
export function numberOf(value: number): string {
  const digits = Math.abs(value) < 10 ? 2 : 1;
  return value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) < 100 ? digits : 0 });
}
