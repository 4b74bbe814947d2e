/**
 * How long the app takes to load: what is deployed, all functions registered, beside the same app unbundled and as one
 * file, under each Node that Azure has, with a compile cache that is warm and without one. Processes alternate.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeVersions } from './app/nodes.ts';
import { timeByPackage } from './app/profile.ts';
import { inTemporary, runChild } from './app/run.ts';
import { deployed, oneFile, unbundled } from './app/variants.ts';
import { type BenchRow, median, row, rowOf } from './rows.ts';

const ROUNDS = 15;
/** Of the others: what they take is no close race. */
const OTHER_ROUNDS = 5;
const PROFILES = 8;
const TARGET = { warm: 15, cold: 25 };
const DATA =
  'the files of the zip that is deployed, in new processes with what the Functions worker has loaded by then';

export const bench = (): Promise<BenchRow[]> => inTemporary(measure);

async function measure(folder: string): Promise<BenchRow[]> {
  const nodes = await nodeVersions();
  const built = await deployed();
  try {
    const variants = [
      { name: 'deployed', main: join(built.outFolder, 'index.js'), rounds: ROUNDS },
      { name: 'one file', main: await oneFile(join(folder, 'one')), rounds: OTHER_ROUNDS },
      { name: 'unbundled', main: await unbundled(join(folder, 'unbundled')), rounds: OTHER_ROUNDS },
    ];
    const times = new Map<string, number[]>();
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const node of nodes) {
        for (const { name, main, rounds } of variants) {
          for (const cache of ['cold', 'warm'] as const) {
            if (round > rounds) continue;
            const options = cache === 'warm' ? { cache: join(folder, 'cache', node.name) } : {};
            const { loadMs, functions } = await runChild({ main }, { node: node.command, ...options });
            if (functions < 10) throw new Error(`${name} registered ${functions} functions`);
            // The first round fills the cache.
            if (round === 0) continue;
            const key = `${node.name} ${name} ${cache}`;
            times.set(key, [...(times.get(key) ?? []), loadMs]);
          }
        }
      }
    }
    const rows: BenchRow[] = [];
    for (const node of nodes) {
      for (const cache of ['warm', 'cold'] as const) {
        const of = (name: string): number[] => times.get(`${node.name} ${name} ${cache}`) ?? [];
        const label = `${node.name}, compile cache ${cache}`;
        rows.push(
          rowOf(`${label}: the app as it is deployed`, of('deployed'), 'ms', TARGET[cache], { compared: DATA }),
        );
        for (const { name } of variants.slice(1)) {
          const compared = `the same app ${name === 'unbundled' ? 'unbundled, with node_modules' : 'as one file, CommonJS'}, in the same run`;
          rows.push(rowOf(`${label}: ${name}`, of(name), 'ms', undefined, { compared }));
          const ratio = median(of(name)) / median(of('deployed'));
          rows.push(row(`${label}: ${name}, as many times the deployed`, ratio, 'x', undefined, { compared }));
        }
      }
    }
    return [...rows, ...sizes(built), ...(await shares(folder, built.outFolder))];
  } finally {
    await rm(built.outFolder, { recursive: true, force: true });
  }
}

/** Bytes that are loaded at the start, by package. */
function sizes({ startFiles, files, startBytes }: Awaited<ReturnType<typeof deployed>>): BenchRow[] {
  const bytes = new Map<string, number>();
  for (const file of startFiles) {
    for (const [name, size] of Object.entries(files[file] ?? {})) bytes.set(name, (bytes.get(name) ?? 0) + size);
  }
  const compared = 'esbuild’s own count of the files that load at the start';
  return [
    row('bytes that load at the start', startBytes / 1024, 'KiB', 360, { compared }),
    row('files that load at the start', startFiles.length, 'files', 3, { compared }),
    ...[...bytes]
      .sort(([, a], [, b]) => b - a)
      .map(([name, size]) => row(`of them ${name}`, size / 1024, 'KiB', undefined, { compared })),
  ];
}

/** Processor time of the load by package, compile cache warm. */
async function shares(folder: string, appFolder: string): Promise<BenchRow[]> {
  const profiles = join(folder, 'profiles');
  await mkdir(profiles);
  const nodeArgs = ['--cpu-prof', '--cpu-prof-interval', '50', '--cpu-prof-dir', profiles];
  const main = join(appFolder, 'index.js');
  await runChild({ main }, { cache: join(folder, 'cache/profiled') });
  for (let i = 0; i < PROFILES; i += 1) {
    await runChild({ main }, { cache: join(folder, 'cache/profiled'), nodeArgs });
  }
  const times = await timeByPackage(profiles, appFolder);
  const all = [...times.values()].reduce((sum, ms) => sum + ms, 0);
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .map(([name, ms]) =>
      row(`share of the load’s time: ${name}`, (100 * ms) / all, '%', undefined, {
        compared: `${PROFILES} CPU profiles, compile cache warm; what profiling adds is in all of them`,
      }),
    );
}
