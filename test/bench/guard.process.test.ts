/** What benchmarks measure and does not jitter: modules that are loaded, and calls to Azure by the size of an estate. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { FAILOVER, inTemporary, runChild } from '../../bench/app/run.ts';
import { buildReader, readSweep } from '../../bench/sweep/run.ts';
import { startArm } from '../../simulator/arm/arm.ts';
import { pairsEstate } from '../../simulator/chaos/pairs.ts';
import { scriptedLab } from '../../simulator/chaos/scriptedLab.ts';
import { buildApp } from '../../simulator/deployedApp.ts';

test.serial('events load the start’s files and nothing of Azure’s SDKs', async (t) => {
  const { outFolder, files, startFiles } = await buildApp();
  t.teardown(() => rm(outFolder, { recursive: true, force: true }));
  const main = join(outFolder, 'index.js');
  const { files: loaded, functions } = await runChild({ main, listFiles: true, event: FAILOVER, memoryAfter: [2] });
  t.is(functions, (await runChild({ main })).functions);
  t.deepEqual(loaded.toSorted(), startFiles.toSorted());
  const packages = new Set(loaded.flatMap((file) => Object.keys(files[file] ?? {})));
  t.deepEqual(
    [...packages].toSorted(),
    ['@azure/functions', '@azure/functions-extensions-base', 'cookie', 'own', 'zod'],
    'what the Functions host gives, and the schemas',
  );
});

const PAGE = 100;

for (const vms of [1000, 10_000]) {
  test.serial(`the lists of ${vms} VMs are read with a call for each page`, async (t) => {
    const estate = pairsEstate(vms / 2);
    const arm = await startArm({ sites: [{ estate, lab: scriptedLab(estate, 0) }], pageSize: PAGE, throttle: false });
    t.teardown(() => arm.close());
    const lists = [vms, vms, 2 * vms, estate.loadBalancers.length];
    const pages = lists.reduce((sum, items) => sum + Math.ceil(items / PAGE), 0);
    const { vms: read, ways } = await inTemporary(async (folder) =>
      readSweep(await buildReader(folder), arm, estate, 0),
    );
    t.is(read, vms);
    t.is(ways, vms, 'a VIP for each pair');
    t.is(arm.calls.length, pages);
  });
}
