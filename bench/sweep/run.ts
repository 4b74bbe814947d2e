/** The process of read.ts, bundled as the app is and given the heap of an instance. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as esbuild from 'esbuild';
import { BUNDLING } from '../../build.ts';
import type { Arm } from '../../simulator/arm/arm.ts';
import type { Estate } from '../../simulator/estate/estate.ts';
import { loadBalancerId } from '../../simulator/estate/ids.ts';
import { INSTANCE_HEAP } from '../app/run.ts';
import type { SweepFigures } from './read.ts';

const run = promisify(execFile);
const READ = fileURLToPath(new URL('read.ts', import.meta.url));
const SIDE_BY_SIDE = 10;

/** Bundles it into a folder. Resolves to its file. */
export async function buildReader(folder: string): Promise<string> {
  await esbuild.build({ ...BUNDLING, entryPoints: { read: READ }, outdir: folder, outExtension: { '.js': '.mjs' } });
  return join(folder, 'read.mjs');
}

/** Reads an estate in a new process, and asks rule health so many questions. */
export async function readSweep(program: string, arm: Arm, estate: Estate, questions: number): Promise<SweepFigures> {
  const rules = estate.loadBalancers
    .flatMap(({ name, rules: all }) =>
      all.map((rule) => `${loadBalancerId(estate, name)}/loadBalancingRules/${rule.name}`),
    )
    .slice(0, questions);
  const order = { endpoint: arm.endpoint, subscriptionId: estate.subscriptionId, rules, sideBySide: SIDE_BY_SIDE };
  const { stdout } = await run(process.execPath, [INSTANCE_HEAP, program, JSON.stringify(order)], {
    env: { ...process.env, ...arm.env },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as SweepFigures;
}
