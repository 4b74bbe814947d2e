/** Starts the process that loads an app, under any Node, with or without a compile cache. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as esbuild from 'esbuild';
import { SUBSCRIPTION, vmId } from '../estate.ts';
import type { ChildAnswer, ChildTask } from './task.ts';

const run = promisify(execFile);
const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
/** As JavaScript: what Node needs to read TypeScript would count as the app's memory. */
let child: Promise<string> | undefined;

async function builtChild(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hairpin-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, 'child.mjs');
  await esbuild.build({
    entryPoints: [CHILD],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
  });
  return outfile;
}

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9/devstoreaccount1';

/** The app's environment; nothing of it is called by a load. */
export const SETTINGS: Record<string, string> = {
  AzureWebJobsStorage: `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=AAAA;QueueEndpoint=${NOWHERE};TableEndpoint=${NOWHERE}`,
  HAIRPIN_SUBSCRIPTIONS: SUBSCRIPTION,
  HAIRPIN_SWEEP_SCHEDULE: '0 7 * * * *',
  HAIRPIN_WATCH_SCHEDULE: '30 * * * * *',
};

/**
 * The heap that V8 allows itself in an instance of 2,048 MB, which Flex Consumption gives the app: Node's own limit in a
 * control group of that size. With the memory of a larger machine it takes more before it collects anything.
 */
export const INSTANCE_HEAP = '--max-heap-size=1120';

/** A mirror's notice, in Event Grid's own schema. */
export const FAILOVER = {
  id: 'event',
  topic: `/subscriptions/${SUBSCRIPTION}/resourceGroups/healthshare/providers/Microsoft.EventGrid/topics/mirrors`,
  subject: vmId(0),
  eventType: 'IlbHairpinGuard.MirrorFailover',
  eventTime: '2026-01-05T10:00:00Z',
  dataVersion: '1',
  metadataVersion: '1',
  data: { vmId: vmId(0) },
};

export interface RunOptions {
  /** Default: the Node that runs this. */
  node?: string;
  /** Folder of a compile cache; without it there is none. */
  cache?: string;
  env?: Record<string, string>;
  nodeArgs?: string[];
}

/** Runs the task in a process of its own. Throws what it printed when it fails. */
export async function runChild(task: ChildTask, options: RunOptions = {}): Promise<ChildAnswer> {
  const { node = process.execPath, cache, env = {}, nodeArgs = [] } = options;
  const { PATH = '', HOME = '' } = process.env;
  child ??= builtChild();
  const { stdout } = await run(node, [...nodeArgs, await child, JSON.stringify(task)], {
    env: { PATH, HOME, ...SETTINGS, ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }), ...env },
    maxBuffer: 64 * 2 ** 20,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as ChildAnswer;
}

/** Gives work a folder that is removed afterwards. */
export async function inTemporary<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'hairpin-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
