/** Results of benchmarks as files under bench/results: what docs/performance.md is made from. */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import type { BenchRow } from './rows.ts';

export const RESULTS = join(import.meta.dirname, 'results');

/** One run of a benchmark. */
export interface BenchResult {
  name: string;
  /** The day, UTC. */
  date: string;
  machine: { cpu: string; cores: number; memoryGb: number };
  versions: { app: string; node: string; os: string };
  /** Seconds that the benchmark took. */
  seconds: number;
  /** Processes that wanted a processor when it began, per core: above 0.5 the times are those of a busy machine. */
  busy: number;
  rows: BenchRow[];
}

/** What a result tells of where it was measured. No name and no path of the machine. */
export async function whereMeasured(): Promise<Pick<BenchResult, 'date' | 'machine' | 'versions' | 'busy'>> {
  const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../package.json'), 'utf8'));
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
      cores: os.cpus().length,
      memoryGb: Math.round(os.totalmem() / 2 ** 30),
    },
    versions: { app: version, node: process.versions.node, os: `${os.type()} ${os.release().split('-')[0]}` },
    busy: Math.round(((os.loadavg()[0] ?? 0) / os.cpus().length) * 10) / 10,
  };
}

/** Writes a result to bench/results/NAME.json. */
export async function keepResult(result: BenchResult): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  const file = join(RESULTS, `${result.name}.json`);
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
  // As the formatter would have it, so that a new result is no finding.
  execFileSync(process.execPath, [biome(), 'format', '--write', file], { stdio: 'ignore' });
}

const biome = (): string => join(import.meta.dirname, '../node_modules/@biomejs/biome/bin/biome');
