/**
 * What the first event and the first repair find: the app was loaded just before, its functions never ran. And the memory
 * that a process holds after many events.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { signalMessage } from '../shared/model/messages.ts';
import { runIdOf } from '../shared/model/runId.ts';
import { startArm } from '../simulator/arm/arm.ts';
import { scriptedLab } from '../simulator/chaos/scriptedLab.ts';
import { appSettings } from '../simulator/deployedApp.ts';
import { vmId } from '../simulator/estate/ids.ts';
import { articleEstate } from '../simulator/estate/twoVms.ts';
import { startAzurite } from '../simulator/storage/azurite.ts';
import { FAILOVER, INSTANCE_HEAP, inTemporary, runChild } from './app/run.ts';
import type { ChildAnswer } from './app/task.ts';
import { deployed } from './app/variants.ts';
import { type BenchRow, rowOf } from './rows.ts';

const ROUNDS = 15;
const REPAIRS = 9;
const EVENTS = [1000, 10_000, 20_000];

export const bench = (): Promise<BenchRow[]> => inTemporary(measure);

async function measure(folder: string): Promise<BenchRow[]> {
  const { outFolder } = await deployed();
  try {
    const main = join(outFolder, 'index.js');
    const cache = join(folder, 'cache');
    return [...(await firstEvent(main, cache)), ...(await memory(main, cache)), ...(await firstRepair(main, cache))];
  } finally {
    await rm(outFolder, { recursive: true, force: true });
  }
}

async function firstEvent(main: string, cache: string): Promise<BenchRow[]> {
  const first: number[] = [];
  const second: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const { eventMs } = await runChild({ main, event: FAILOVER, memoryAfter: [2] }, { cache });
    if (round === 0) continue;
    first.push(eventMs[0] ?? Number.NaN);
    second.push(eventMs[1] ?? Number.NaN);
  }
  const compared = 'mirrorFailover, from the worker’s call to its answer, in a process that just loaded the app';
  return [
    rowOf('the first event after a load', first, 'ms', 3, { compared }),
    rowOf('the second event', second, 'ms', undefined, { compared }),
  ];
}

async function memory(main: string, cache: string): Promise<BenchRow[]> {
  const runs: ChildAnswer[] = [];
  for (let round = 0; round < 3; round += 1) {
    const nodeArgs = ['--expose-gc', INSTANCE_HEAP];
    runs.push(await runChild({ main, event: FAILOVER, memoryAfter: EVENTS }, { cache, nodeArgs }));
  }
  const of = (index: number, kind: 'rssMb' | 'heapMb' | 'youngMb'): number[] =>
    runs.map(({ memory: at }) => at[index]?.[kind] ?? Number.NaN);
  const difference = (kind: 'rssMb' | 'heapMb'): number[] =>
    of(2, kind).map((after, i) => after - (of(1, kind)[i] ?? Number.NaN));
  const compared =
    'one process with the heap of an instance of 2,048 MB, mirror failover events as fast as they go; after a full collection';
  const [few, many, more] = EVENTS.map((events) => `${events.toLocaleString('en')} events`);
  return [
    rowOf(`resident memory after ${few}`, of(0, 'rssMb'), 'MB', 120, { compared }),
    rowOf(`resident memory after ${many}`, of(1, 'rssMb'), 'MB', 120, { compared }),
    rowOf('of it V8’s room for new objects', of(1, 'youngMb'), 'MB', undefined, { compared }),
    rowOf(`heap in use after ${many}`, of(1, 'heapMb'), 'MB', undefined, { compared }),
    rowOf(`heap in use, grown from ${many} to ${more}`, difference('heapMb'), 'MB', 1, { compared }),
    rowOf(`resident memory, grown from ${many} to ${more}`, difference('rssMb'), 'MB', 10, { compared }),
  ];
}

/** A resource change that has everything still to load, over the simulated ARM and a storage that knows nothing yet. */
async function firstRepair(main: string, cache: string): Promise<BenchRow[]> {
  const estate = articleEstate();
  const arm = await startArm({ sites: [{ estate, lab: scriptedLab(estate, 50) }], commandMs: 100, healthMs: 50 });
  const first: number[] = [];
  const toArm: number[] = [];
  try {
    for (let round = 0; round <= REPAIRS; round += 1) {
      const azurite = await startAzurite();
      try {
        const message = signalMessage({
          subscriptionId: estate.subscriptionId,
          runId: runIdOf('bench', String(round)),
          signal: 'resourceChange',
          scope: [{ kind: 'vm', id: vmId(estate, 'vm-a') }],
          mode: 'apply',
          dryRun: false,
          observedAt: Date.now(),
        });
        const { firstRequests } = await runChild({ main, message }, { cache, env: appSettings(arm, azurite, estate) });
        // The first round fills the cache.
        if (round === 0) continue;
        first.push(Math.min(...Object.values(firstRequests)));
        toArm.push(firstRequests[new URL(arm.endpoint).host] ?? Number.NaN);
      } finally {
        await azurite.stop();
      }
    }
  } finally {
    await arm.close();
  }
  return [
    rowOf('the first repair after a load, until its first request leaves', first, 'ms', 80, {
      compared: 'reconcile with a signal, over Azurite; compile cache warm; the request records the signal',
    }),
    rowOf('the same, until the first request to Azure Resource Manager leaves', toArm, 'ms', undefined, {
      compared: 'the same calls; what storage and identity are asked before is answered by processes of this machine',
    }),
  ];
}
