/** What the pure core costs: 1,000, 10,000 and 100,000 VMs, each with two paths. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type BenchRow, row } from '../rows.ts';
import { COPY, type CoreFigures } from './coreFigures.ts';

const SIZES = [1000, 10_000, 100_000];
/** The most that may be in use at the end of any step, MB. */
const HEAP_MB = 1536;
const MOST_GROWTH = 13;

/**
 * What a copy of the lists took on the machine that the targets were set on, milliseconds. Told by the code of before: it
 * took 630 ms there for survey and judge, and takes 9 to 12 copies on any machine.
 */
const COPY_MS = 60;

/** For 10,000 VMs, milliseconds. */
const TARGETS: Record<string, number> = {
  'survey + judge': 150,
  'decide, first sweep': 500,
  'decide, nothing due': 300,
  'decide, nothing due, estate in hand': 300,
};

/** Measures the core: processor time as the median of five, the heap as the most that was in use. */
export async function core(): Promise<BenchRow[]> {
  const child = fork(fileURLToPath(new URL('core.child.ts', import.meta.url)), [], {
    // Twice of what may be in use: what is measured is the work, and not a heap that is nearly full.
    execArgv: ['--expose-gc', `--max-old-space-size=${2 * HEAP_MB}`],
  });
  child.send(SIZES);
  const figures = await Promise.race([
    once(child, 'message').then(([answer]) => answer as CoreFigures[]),
    once(child, 'exit').then(([code]) => {
      throw new Error(`The core's process ended with ${code}: perhaps its heap needed more than ${2 * HEAP_MB} MB.`);
    }),
  ]);
  return [...figures.flatMap(rowsOf), ...growthOf(figures)];
}

function rowsOf({ vms, steps, heapMb }: CoreFigures): BenchRow[] {
  const size = `${vms.toLocaleString('en')} VMs`;
  return [
    ...Object.entries(steps).map(([name, ms]) => row(`${size}: ${name}`, ms, 'ms', targetOf(vms, name))),
    ...Object.entries(steps).flatMap(([name, ms]) => {
      const target = targetOf(vms, name);
      return target === undefined ? [] : besideCopy(`${size}: ${name}`, ms, steps, target);
    }),
    row(`${size}: heap in use, the most at the end of any step`, heapMb, 'MB', vms === 100_000 ? HEAP_MB : undefined),
  ];
}

const targetOf = (vms: number, name: string): number | undefined => (vms === 10_000 ? TARGETS[name] : undefined);

/** Milliseconds are of one machine; beside the copy that was made in the same run they are of any. */
const besideCopy = (name: string, ms: number, steps: CoreFigures['steps'], target: number): BenchRow =>
  row(`${name}, beside that copy`, ms / (steps[COPY] ?? 0), 'x', target / COPY_MS);

function growthOf(figures: readonly CoreFigures[]): BenchRow[] {
  const [smaller, larger] = figures.slice(-2);
  if (!smaller || !larger) return [];
  const ofLoop = Object.entries(larger.steps).filter(([name]) => name !== COPY);
  return ofLoop.map(([name, ms]) =>
    row(
      `${name}: from ${smaller.vms.toLocaleString('en')} to ${larger.vms.toLocaleString('en')} VMs`,
      ms / (smaller.steps[name] ?? 0),
      'x',
      MOST_GROWTH,
    ),
  );
}
